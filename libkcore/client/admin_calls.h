#pragma once
// The calls behind Admin, as coroutines on the client's loop. Not part of the public interface.

#include "client/admin.h"
#include "client/cluster.h"

namespace kcore::client {

template <class T>
using List = io::Async<std::vector<T>>;

List<TopicOutcome> create_topics(Cluster& cluster, std::vector<NewTopic> topics,
                                 bool validate_only);
List<Outcome> delete_topics(Cluster& cluster, std::vector<std::string> names);
io::Async<void> create_partitions(Cluster& cluster, std::string topic, std::int32_t total,
                                  bool validate_only);
List<ResourceConfigs> describe_configs(Cluster& cluster, ResourceType type,
                                       std::vector<std::string> names, bool documentation);
io::Async<void> alter_configs(Cluster& cluster, ResourceType type, std::string name,
                              std::vector<ConfigChange> changes, bool validate_only);

List<OffsetAnswer> list_offsets(Cluster& cluster, std::vector<OffsetQuery> queries,
                                bool is_read_committed);
List<ReplicaSize> replica_sizes(Cluster& cluster, std::optional<std::string> topic);

List<GroupListing> list_groups(Cluster& cluster, std::vector<std::string> states,
                               std::vector<std::string> types);
List<GroupDescription> describe_groups(Cluster& cluster, std::vector<std::string> names);
List<Outcome> delete_groups(Cluster& cluster, std::vector<std::string> names);
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

}  // namespace kcore::client
