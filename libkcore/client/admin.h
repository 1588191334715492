#pragma once
// Administration: topics, configurations, offsets and groups of any Kafka cluster. Each call waits
// until it is done, within default.api.timeout.ms, retrying what may pass.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "client/admin_types.h"
#include "client/client.h"
#include "client/view.h"

namespace kcore::client {

class Admin {
public:
    explicit Admin(Client& client) : client_(client) {}

    // Nothing: all topics. A topic that is not there has its error in the view.
    Result<ViewPtr> metadata(std::optional<std::vector<std::string>> topics);

    Result<std::vector<TopicOutcome>> create_topics(std::vector<NewTopic> topics,
                                                    bool validate_only);
    Result<std::vector<Outcome>> delete_topics(std::vector<std::string> names);
    Result<void> create_partitions(std::string topic, std::int32_t total, bool validate_only);

    // Deletes the records before an offset; kLatest: all of them.
    Result<std::vector<Trimmed>> delete_records(
        std::vector<std::pair<TopicPartition, std::int64_t>> before);
    // Nothing: all partitions. Unclean: replicas that are not in sync may lead.
    Result<std::vector<PartitionOutcome>> elect_leaders(
        bool is_unclean, std::optional<std::vector<TopicPartition>> partitions);
    Result<std::vector<PartitionOutcome>> reassign(std::vector<Move> moves);
    Result<std::vector<Reassignment>> reassignments();
    Result<std::vector<PartitionProducers>> producers(std::vector<TopicPartition> partitions);

    // Those of a broker, or of its loggers, are asked from itself.
    Result<std::vector<ResourceConfigs>> describe_configs(ResourceType type,
                                                          std::vector<std::string> names,
                                                          bool documentation);
    Result<void> alter_configs(ResourceType type, std::string name,
                               std::vector<ConfigChange> changes, bool validate_only);

    // One query a partition. One without a leader has its error; the others are answered.
    Result<std::vector<OffsetAnswer>> offsets(std::vector<OffsetQuery> queries,
                                              bool is_read_committed);
    // Of all brokers that answer.
    Result<std::vector<ReplicaSize>> replica_sizes(std::optional<std::string> topic);

    // Fails when no broker answers.
    Result<GroupList> list_groups(std::vector<std::string> states, std::vector<std::string> types);
    Result<std::vector<GroupDescription>> describe_groups(std::vector<std::string> names);
    Result<std::vector<Outcome>> delete_groups(std::vector<std::string> names);
    Result<std::vector<Outcome>> remove_members(std::string group, std::vector<MemberName> members);
    // All committed offsets of the group.
    Result<std::vector<CommittedOffset>> committed(std::string group);
    // For a group without members.
    Result<std::vector<Outcome>> commit(std::string group, std::vector<CommittedOffset> offsets);
    Result<std::vector<Outcome>> delete_offsets(std::string group,
                                                std::vector<TopicPartition> partitions);

    // Any request as JSON with the names of the protocol's schemas, and its answer. Node -1: any;
    // version -1: the highest that both sides know.
    //   invalid_request      no such API, or the JSON is not one of its requests
    //   unsupported_version  the API, or this version of it, is not known on both sides
    Result<std::string> ask(std::string api, std::string request, std::int32_t node = -1,
                            std::int16_t version = -1);

private:
    template <class T, class Call>
    Result<T> wait(Call call);

    Client& client_;
};

}  // namespace kcore::client
