#include "client/admin.h"

#include <utility>

#include "client/admin_calls.h"
#include "client/cluster.h"
#include "client/runtime.h"

namespace kcore::client {

namespace {

io::Deadline limit(Cluster& cluster) {
    return cluster.env().clock.in_ms(cluster.config().api_timeout_ms);
}

io::Async<ViewPtr> look(Cluster& cluster, Topics topics) {
    const auto deadline = limit(cluster);
    auto view = co_await cluster.refresh(std::move(topics), deadline);
    co_return view;
}

}  // namespace

Result<ViewPtr> Admin::metadata(std::optional<std::vector<std::string>> topics) {
    return client_.runtime().wait<ViewPtr>(
        [&] { return look(client_.cluster(), std::move(topics)); });
}

Result<std::vector<TopicOutcome>> Admin::create_topics(std::vector<NewTopic> topics,
                                                       bool validate_only) {
    return client_.runtime().wait<std::vector<TopicOutcome>>(
        [&] { return client::create_topics(client_.cluster(), std::move(topics), validate_only); });
}

Result<std::vector<Outcome>> Admin::delete_topics(std::vector<std::string> names) {
    return client_.runtime().wait<std::vector<Outcome>>(
        [&] { return client::delete_topics(client_.cluster(), std::move(names)); });
}

Result<void> Admin::create_partitions(std::string topic, std::int32_t total, bool validate_only) {
    return client_.runtime().wait<void>([&] {
        return client::create_partitions(client_.cluster(), std::move(topic), total, validate_only);
    });
}

Result<std::vector<ResourceConfigs>> Admin::describe_configs(ResourceType type,
                                                             std::vector<std::string> names,
                                                             bool documentation) {
    return client_.runtime().wait<std::vector<ResourceConfigs>>([&] {
        return client::describe_configs(client_.cluster(), type, std::move(names), documentation);
    });
}

Result<void> Admin::alter_configs(ResourceType type, std::string name,
                                  std::vector<ConfigChange> changes, bool validate_only) {
    return client_.runtime().wait<void>([&] {
        return client::alter_configs(client_.cluster(), type, std::move(name), std::move(changes),
                                     validate_only);
    });
}

Result<std::vector<OffsetAnswer>> Admin::offsets(std::vector<OffsetQuery> queries,
                                                 bool is_read_committed) {
    return client_.runtime().wait<std::vector<OffsetAnswer>>(
        [&] { return list_offsets(client_.cluster(), std::move(queries), is_read_committed); });
}

Result<std::vector<ReplicaSize>> Admin::replica_sizes(std::optional<std::string> topic) {
    return client_.runtime().wait<std::vector<ReplicaSize>>(
        [&] { return client::replica_sizes(client_.cluster(), std::move(topic)); });
}

Result<std::vector<GroupListing>> Admin::list_groups(std::vector<std::string> states,
                                                     std::vector<std::string> types) {
    return client_.runtime().wait<std::vector<GroupListing>>([&] {
        return client::list_groups(client_.cluster(), std::move(states), std::move(types));
    });
}

Result<std::vector<GroupDescription>> Admin::describe_groups(std::vector<std::string> names) {
    return client_.runtime().wait<std::vector<GroupDescription>>(
        [&] { return client::describe_groups(client_.cluster(), std::move(names)); });
}

Result<std::vector<Outcome>> Admin::delete_groups(std::vector<std::string> names) {
    return client_.runtime().wait<std::vector<Outcome>>(
        [&] { return client::delete_groups(client_.cluster(), std::move(names)); });
}

Result<std::vector<CommittedOffset>> Admin::committed(std::string group) {
    return client_.runtime().wait<std::vector<CommittedOffset>>(
        [&] { return fetch_committed(client_.cluster(), std::move(group)); });
}

Result<std::vector<Outcome>> Admin::commit(std::string group,
                                           std::vector<CommittedOffset> offsets) {
    return client_.runtime().wait<std::vector<Outcome>>([&] {
        return commit_offsets(client_.cluster(), std::move(group), Committer(), std::move(offsets));
    });
}

Result<std::vector<Outcome>> Admin::delete_offsets(std::string group,
                                                   std::vector<TopicPartition> partitions) {
    return client_.runtime().wait<std::vector<Outcome>>([&] {
        return client::delete_offsets(client_.cluster(), std::move(group), std::move(partitions));
    });
}

}  // namespace kcore::client
