#pragma once
// Administration: topics, configurations, offsets and groups of any Kafka cluster. Each call waits
// until it is done, within default.api.timeout.ms, retrying what may pass.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "client/client.h"
#include "client/view.h"

namespace kcore::client {

struct NewTopic {
    std::string name;
    std::int32_t partitions = -1;          // -1: the broker's default.
    std::int16_t replication_factor = -1;  // -1: the broker's default.
    std::vector<std::pair<std::string, std::string>> configs;
};

// What became of one named thing.
struct Outcome {
    std::string name;
    std::optional<Error> error;
};

struct TopicOutcome {
    std::string name;
    Uuid id;
    std::int32_t partitions = -1;
    std::int16_t replication_factor = -1;
    std::optional<Error> error;
};

enum class ResourceType : std::int8_t { topic = 2, broker = 4, group = 32 };

enum class ConfigSource : std::int8_t {
    unknown = 0,
    topic = 1,
    dynamic_broker = 2,
    dynamic_default_broker = 3,
    static_broker = 4,
    default_config = 5,
    dynamic_broker_logger = 6,
    client_metrics = 7,
    group = 8,
};

struct ConfigEntry {
    std::string name;
    std::optional<std::string> value;
    ConfigSource source = ConfigSource::unknown;
    bool is_read_only = false;
    bool is_sensitive = false;
    std::optional<std::string> default_value;  // From the synonyms, where the broker told them.
    std::string documentation;
};

struct ResourceConfigs {
    std::string name;
    std::vector<ConfigEntry> entries;
    std::optional<Error> error;
};

enum class ConfigOperation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct ConfigChange {
    std::string name;
    ConfigOperation operation = ConfigOperation::set;
    std::string value;
};

inline constexpr std::int64_t kLatest = -1;
inline constexpr std::int64_t kEarliest = -2;
inline constexpr std::int64_t kMaxTimestamp = -3;

struct OffsetQuery {
    TopicPartition partition;
    std::int64_t timestamp = kLatest;  // ms, or one of the above.
};

struct OffsetAnswer {
    TopicPartition partition;
    std::int64_t offset = -1;  // -1: no record at or after the timestamp.
    std::int64_t timestamp = -1;
    std::int32_t leader_epoch = -1;
    std::optional<Error> error;
};

struct ReplicaSize {
    std::int32_t broker = -1;
    std::string directory;
    TopicPartition partition;
    std::int64_t size_bytes = 0;
    std::int64_t lag = 0;
    bool is_future = false;
};

struct GroupListing {
    std::string group;
    std::string state;
    std::string type;
    std::string protocol_type;
    std::int32_t coordinator = -1;
};

struct GroupMember {
    std::string member_id;
    std::string instance_id;
    std::string client_id;
    std::string host;
    std::vector<std::string> topics;  // Subscribed.
    std::vector<TopicPartition> assigned;
};

struct GroupDescription {
    std::string group;
    std::string state;
    std::string type;  // "classic" or "consumer"
    std::string protocol_type;
    std::string protocol;
    std::int32_t coordinator = -1;
    std::vector<GroupMember> members;
    std::optional<Error> error;
};

struct CommittedOffset {
    TopicPartition partition;
    std::int64_t offset = -1;
    std::string metadata;
    std::optional<Error> error;
};

class Admin {
public:
    explicit Admin(Client& client) : client_(client) {}

    // Nothing: all topics. A topic that is not there has its error in the view.
    Result<ViewPtr> metadata(std::optional<std::vector<std::string>> topics);

    Result<std::vector<TopicOutcome>> create_topics(std::vector<NewTopic> topics,
                                                    bool validate_only);
    Result<std::vector<Outcome>> delete_topics(std::vector<std::string> names);
    Result<void> create_partitions(std::string topic, std::int32_t total, bool validate_only);

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

    Result<std::vector<GroupListing>> list_groups(std::vector<std::string> states,
                                                  std::vector<std::string> types);
    Result<std::vector<GroupDescription>> describe_groups(std::vector<std::string> names);
    Result<std::vector<Outcome>> delete_groups(std::vector<std::string> names);
    // All committed offsets of the group.
    Result<std::vector<CommittedOffset>> committed(std::string group);
    // For a group without members.
    Result<std::vector<Outcome>> commit(std::string group, std::vector<CommittedOffset> offsets);
    Result<std::vector<Outcome>> delete_offsets(std::string group,
                                                std::vector<TopicPartition> partitions);

private:
    Client& client_;
};

}  // namespace kcore::client
