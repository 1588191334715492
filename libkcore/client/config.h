#pragma once
// Settings of the client as plain values, and the names that Kafka and librdkafka give them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "protocol/release.h"

namespace kcore::client {

// Codes as in a batch's attributes.
enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

enum class Partitioner : std::uint8_t {
    murmur2,  // Keys by murmur2 as in Java, no key: sticky.
    sticky,   // One partition until its batch is full, whatever the key.
    random,
    roundrobin,
    crc32,  // Keys by CRC-32 as librdkafka's consistent_random.
};

enum class OffsetReset : std::uint8_t { earliest, latest, none };

struct ProducerConfig {
    std::int16_t acks = -1;
    bool is_idempotent = true;  // Needs acks -1; turned off with other acks.
    std::int64_t batch_size_bytes = 256 << 10;
    std::int64_t linger_ms = 5;
    std::int64_t buffer_memory_bytes = 64 << 20;
    std::int64_t delivery_timeout_ms = 120'000;
    std::int64_t request_timeout_ms = 30'000;
    std::int64_t max_request_size_bytes = 1 << 20;
    std::int64_t max_in_flight = 5;  // Requests per broker.
    Codec codec = Codec::none;
    Partitioner partitioner = Partitioner::murmur2;
};

struct ConsumerConfig {
    std::string group_id;
    std::string group_instance_id;
    std::vector<std::string> assignors = {"range", "roundrobin"};
    OffsetReset offset_reset = OffsetReset::earliest;
    bool is_read_committed = true;
    bool auto_commit = true;
    bool check_crcs = true;
    std::int64_t auto_commit_interval_ms = 5'000;
    std::int64_t session_timeout_ms = 45'000;
    std::int64_t heartbeat_interval_ms = 3'000;
    std::int64_t rebalance_timeout_ms = 300'000;
    std::int64_t fetch_min_bytes = 1;
    std::int64_t fetch_max_bytes = 50 << 20;
    std::int64_t fetch_max_wait_ms = 500;
    std::int64_t max_partition_fetch_bytes = 1 << 20;
    std::string rack;
};

struct Config {
    std::vector<std::string> bootstrap = {"localhost:9092"};  // "host:port"; port 9092 if absent.
    std::string client_id = "kcore";
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t request_timeout_ms = 30'000;
    std::int64_t api_timeout_ms = 10'000;  // One call of Admin, with its retries.
    std::int64_t retry_backoff_ms = 50;
    std::int64_t retry_backoff_max_ms = 1'000;
    std::int64_t metadata_max_age_ms = 300'000;
    bool allow_auto_create = false;
    std::map<std::string, std::string> host_map;  // "host:port" to where it is reached.
    bool force_bootstrap = false;                // Every broker is reached where the bootstrap was.
    std::optional<protocol::Release> speaks_as;  // As its clients do; nothing: as the newest.
    Logger log;                                  // Connections and metadata: info. Requests: debug.
    bool logs_bodies = false;                    // What requests and answers say too.
    ProducerConfig producer;
    ConsumerConfig consumer;
};

// Sets what the property of Kafka's or librdkafka's name stands for.
//   invalid_config     the name is unknown: the nearest known one is named; or the value is wrong
//   unsupported_version  a known property that this version cannot honour with that value
Result<void> set_property(Config& config, std::string_view name, std::string_view value);

struct PropertyInfo {
    std::string name;
    std::string value;  // As configured.
    std::string help;
};
std::vector<PropertyInfo> describe_properties(const Config& config);

}  // namespace kcore::client
