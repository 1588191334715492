#pragma once
// The calls behind Admin, as coroutines on the client's loop. Not part of the public interface.

#include <algorithm>

#include "client/admin_types.h"
#include "client/cluster.h"

namespace kcore::client {

template <class T>
using List = io::Async<std::vector<T>>;

// Within which a call of Admin ends, with its retries.
io::Deadline admin_limit(Cluster& cluster);
// What brokers are told of it.
std::int32_t broker_limit_ms(Cluster& cluster);
// What an answer says of one thing; nothing when it is well.
std::optional<Error> outcome(std::int16_t wire, const std::optional<std::string>& message = {},
                             std::string_view name = {});
// The group's coordinator is elsewhere or not ready yet.
bool is_moving(Errc code);

// To the controller, again while it moves.
template <class Response, class Request>
io::Async<Response> ask_controller(Cluster& cluster, Request request) {
    const auto deadline = admin_limit(cluster);
    for (int attempt = 1;; ++attempt) {
        auto node = co_await cluster.controller(deadline);
        if (!node) co_return std::unexpected(std::move(node).error());
        auto copy = request;
        auto answer =
            co_await cluster.call<Response>(*node, Lane::calls, std::move(copy), deadline);
        if (answer || answer.error().code != Errc::network_exception) co_return answer;
        const bool again = co_await cluster.pause(attempt, deadline);
        if (!again) co_return answer;
        std::vector<std::string> none;
        auto fresh = co_await cluster.refresh(std::move(none), deadline);
        if (!fresh) co_return std::unexpected(std::move(fresh).error());
    }
}

// To the group's coordinator, again while it moves.
template <class Response, class Request>
io::Async<Response> ask_coordinator_of(Cluster& cluster, std::string group, Request request) {
    const auto deadline = admin_limit(cluster);
    for (int attempt = 1;; ++attempt) {
        auto node = co_await cluster.coordinator(group, deadline);
        if (!node) co_return std::unexpected(std::move(node).error());
        auto copy = request;
        auto answer =
            co_await cluster.call<Response>(*node, Lane::calls, std::move(copy), deadline);
        if (!answer || !is_moving(errc_from_wire(answer->error_code))) co_return answer;
        const bool again = co_await cluster.pause(attempt, deadline);
        if (!again) co_return answer;
    }
}

List<TopicOutcome> create_topics(Cluster& cluster, std::vector<NewTopic> topics,
                                 bool validate_only);
List<Outcome> delete_topics(Cluster& cluster, std::vector<std::string> names);
io::Async<void> create_partitions(Cluster& cluster, std::string topic, std::int32_t total,
                                  bool validate_only);
List<Trimmed> delete_records(Cluster& cluster,
                             std::vector<std::pair<TopicPartition, std::int64_t>> before);
List<PartitionOutcome> elect_leaders(Cluster& cluster, bool is_unclean,
                                     std::optional<std::vector<TopicPartition>> partitions);
List<PartitionOutcome> reassign(Cluster& cluster, std::vector<Move> moves);
List<Reassignment> list_reassignments(Cluster& cluster);
List<PartitionProducers> describe_producers(Cluster& cluster,
                                            std::vector<TopicPartition> partitions);

List<ResourceConfigs> describe_configs(Cluster& cluster, ResourceType type,
                                       std::vector<std::string> names, bool documentation);
io::Async<void> alter_configs(Cluster& cluster, ResourceType type, std::string name,
                              std::vector<ConfigChange> changes, bool validate_only);

List<OffsetAnswer> list_offsets(Cluster& cluster, std::vector<OffsetQuery> queries,
                                bool is_read_committed);
List<ReplicaSize> replica_sizes(Cluster& cluster, std::optional<std::string> topic);

io::Async<GroupList> list_groups(Cluster& cluster, std::vector<std::string> states,
                                 std::vector<std::string> types);
List<GroupDescription> describe_groups(Cluster& cluster, std::vector<std::string> names);
List<Outcome> delete_groups(Cluster& cluster, std::vector<std::string> names);
List<Outcome> remove_members(Cluster& cluster, std::string group, std::vector<MemberName> members);
List<CommittedOffset> fetch_committed(Cluster& cluster, std::string group);

// Who commits: a member of a generation, or (by default) nobody's member.
struct Committer {
    Committer() = default;
    std::string member_id;
    std::int32_t generation = -1;
    std::string instance_id;
};
List<Outcome> commit_offsets(Cluster& cluster, std::string group, Committer committer,
                             std::vector<CommittedOffset> offsets);
List<Outcome> delete_offsets(Cluster& cluster, std::string group,
                             std::vector<TopicPartition> partitions);

io::Async<std::string> ask_in_json(Cluster& cluster, std::string api, std::string request,
                                   std::int32_t node, std::int16_t version);

}  // namespace kcore::client
