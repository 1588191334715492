#pragma once
// What administration is told and answers.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"

namespace kcore::client {

struct NewTopic {
    std::string name;
    std::int32_t partitions = -1;          // -1: the broker's default.
    std::int16_t replication_factor = -1;  // -1: the broker's default.
    std::vector<std::pair<std::string, std::string>> configs;
    // Brokers of each partition, the preferred leader first; counts are left at -1 then.
    std::vector<std::vector<std::int32_t>> assignment = {};
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

struct PartitionOutcome {
    TopicPartition partition;
    std::optional<Error> error;
};

// How far the records of a partition are gone.
struct Trimmed {
    TopicPartition partition;
    std::int64_t low_watermark = -1;
    std::optional<Error> error;
};

// Where the replicas of a partition go; nothing: a move under way is given up.
struct Move {
    TopicPartition partition;
    std::optional<std::vector<std::int32_t>> replicas;
};

// A move under way.
struct Reassignment {
    TopicPartition partition;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> adding;
    std::vector<std::int32_t> removing;
};

// Who wrote to a partition lately, by producer id.
struct ActiveProducer {
    std::int64_t producer_id = -1;
    std::int32_t producer_epoch = -1;
    std::int32_t last_sequence = -1;
    std::int64_t last_timestamp_ms = -1;
    std::int32_t coordinator_epoch = -1;
    std::int64_t transaction_start = -1;  // Offset; -1: no open transaction.
};
struct PartitionProducers {
    TopicPartition partition;
    std::vector<ActiveProducer> producers;
    std::optional<Error> error;
};

// A member of a group, by either.
struct MemberName {
    std::string member_id;
    std::string instance_id;
};

enum class ResourceType : std::int8_t {
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

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

// Of all brokers that answered, and why the others did not.
struct GroupList {
    GroupList() = default;
    std::vector<GroupListing> groups;
    std::vector<Outcome> failed;  // By the name of the broker.
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
    std::int32_t leader_epoch = -1;
};

}  // namespace kcore::client
