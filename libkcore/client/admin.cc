#include "client/admin.h"

#include <utility>

#include "client/admin_calls.h"
#include "client/cluster.h"
#include "client/runtime.h"

namespace kcore::client {

namespace {

io::Async<ViewPtr> look(Cluster& cluster, Topics topics) {
    const auto deadline = admin_limit(cluster);
    auto view = co_await cluster.refresh(std::move(topics), deadline);
    co_return view;
}

template <class T>
using Rows = Result<std::vector<T>>;

}  // namespace

template <class T, class Call>
Result<T> Admin::wait(Call call) {
    return client_.runtime().wait<T>(
        [this, call = std::move(call)]() mutable { return call(client_.cluster()); });
}

Result<ViewPtr> Admin::metadata(std::optional<std::vector<std::string>> topics) {
    return wait<ViewPtr>([&](Cluster& cluster) { return look(cluster, std::move(topics)); });
}

Rows<TopicOutcome> Admin::create_topics(std::vector<NewTopic> topics, bool validate_only) {
    return wait<std::vector<TopicOutcome>>([&](Cluster& cluster) {
        return client::create_topics(cluster, std::move(topics), validate_only);
    });
}

Rows<Outcome> Admin::delete_topics(std::vector<std::string> names) {
    return wait<std::vector<Outcome>>(
        [&](Cluster& cluster) { return client::delete_topics(cluster, std::move(names)); });
}

Result<void> Admin::create_partitions(std::string topic, std::int32_t total, bool validate_only) {
    return wait<void>([&](Cluster& cluster) {
        return client::create_partitions(cluster, std::move(topic), total, validate_only);
    });
}

Rows<Trimmed> Admin::delete_records(std::vector<std::pair<TopicPartition, std::int64_t>> before) {
    return wait<std::vector<Trimmed>>(
        [&](Cluster& cluster) { return client::delete_records(cluster, std::move(before)); });
}

Rows<PartitionOutcome> Admin::elect_leaders(bool is_unclean,
                                            std::optional<std::vector<TopicPartition>> partitions) {
    return wait<std::vector<PartitionOutcome>>([&](Cluster& cluster) {
        return client::elect_leaders(cluster, is_unclean, std::move(partitions));
    });
}

Rows<PartitionOutcome> Admin::reassign(std::vector<Move> moves) {
    return wait<std::vector<PartitionOutcome>>(
        [&](Cluster& cluster) { return client::reassign(cluster, std::move(moves)); });
}

Rows<Reassignment> Admin::reassignments() {
    return wait<std::vector<Reassignment>>(
        [&](Cluster& cluster) { return client::list_reassignments(cluster); });
}

Rows<PartitionProducers> Admin::producers(std::vector<TopicPartition> partitions) {
    return wait<std::vector<PartitionProducers>>([&](Cluster& cluster) {
        return client::describe_producers(cluster, std::move(partitions));
    });
}

Rows<ResourceConfigs> Admin::describe_configs(ResourceType type, std::vector<std::string> names,
                                              bool documentation) {
    return wait<std::vector<ResourceConfigs>>([&](Cluster& cluster) {
        return client::describe_configs(cluster, type, std::move(names), documentation);
    });
}

Result<void> Admin::alter_configs(ResourceType type, std::string name,
                                  std::vector<ConfigChange> changes, bool validate_only) {
    return wait<void>([&](Cluster& cluster) {
        return client::alter_configs(cluster, type, std::move(name), std::move(changes),
                                     validate_only);
    });
}

Rows<OffsetAnswer> Admin::offsets(std::vector<OffsetQuery> queries, bool is_read_committed) {
    return wait<std::vector<OffsetAnswer>>([&](Cluster& cluster) {
        return client::list_offsets(cluster, std::move(queries), is_read_committed);
    });
}

Rows<ReplicaSize> Admin::replica_sizes(std::optional<std::string> topic) {
    return wait<std::vector<ReplicaSize>>(
        [&](Cluster& cluster) { return client::replica_sizes(cluster, std::move(topic)); });
}

Result<GroupList> Admin::list_groups(std::vector<std::string> states,
                                     std::vector<std::string> types) {
    return wait<GroupList>([&](Cluster& cluster) {
        return client::list_groups(cluster, std::move(states), std::move(types));
    });
}

Rows<GroupDescription> Admin::describe_groups(std::vector<std::string> names) {
    return wait<std::vector<GroupDescription>>(
        [&](Cluster& cluster) { return client::describe_groups(cluster, std::move(names)); });
}

Rows<Outcome> Admin::delete_groups(std::vector<std::string> names) {
    return wait<std::vector<Outcome>>(
        [&](Cluster& cluster) { return client::delete_groups(cluster, std::move(names)); });
}

Rows<Outcome> Admin::remove_members(std::string group, std::vector<MemberName> members) {
    return wait<std::vector<Outcome>>([&](Cluster& cluster) {
        return client::remove_members(cluster, std::move(group), std::move(members));
    });
}

Rows<CommittedOffset> Admin::committed(std::string group) {
    return wait<std::vector<CommittedOffset>>(
        [&](Cluster& cluster) { return client::fetch_committed(cluster, std::move(group)); });
}

Rows<Outcome> Admin::commit(std::string group, std::vector<CommittedOffset> offsets) {
    return wait<std::vector<Outcome>>([&](Cluster& cluster) {
        return client::commit_offsets(cluster, std::move(group), Committer(), std::move(offsets));
    });
}

Rows<Outcome> Admin::delete_offsets(std::string group, std::vector<TopicPartition> partitions) {
    return wait<std::vector<Outcome>>([&](Cluster& cluster) {
        return client::delete_offsets(cluster, std::move(group), std::move(partitions));
    });
}

Result<std::string> Admin::ask(std::string api, std::string request, std::int32_t node,
                               std::int16_t version) {
    return wait<std::string>([&](Cluster& cluster) {
        return ask_in_json(cluster, std::move(api), std::move(request), node, version);
    });
}

}  // namespace kcore::client
