#pragma once
// The settings of one partition's log, as plain values. Where they come from (broker defaults,
// topic overrides) is the broker's business; logs with equal settings share one object.

#include <cstdint>
#include <limits>
#include <memory>

namespace kcore::log {

inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

struct LogConfig {
    // Below 1 MiB only by internal.segment.bytes, for tests.
    std::int32_t segment_bytes = 1 << 30;
    std::int64_t segment_ms = 604'800'000;
    std::int64_t segment_jitter_ms = 0;
    std::int32_t segment_index_bytes = 10 << 20;
    std::int32_t index_interval_bytes = 4096;

    std::int64_t flush_messages = kForever;
    std::int64_t flush_ms = kForever;

    std::int64_t retention_bytes = -1;           // -1: unlimited.
    std::int64_t retention_ms = 604'800'000;     // -1: unlimited.
    std::int64_t file_delete_delay_ms = 60'000;  // From the rename to .deleted to the unlink.
    bool is_deleted = true;                      // cleanup.policy has "delete".
    bool is_compacted = false;                   // cleanup.policy has "compact".
    bool preallocate = false;

    std::int64_t delete_retention_ms = 86'400'000;  // Of tombstones and markers, once cleaned.
    std::int64_t min_compaction_lag_ms = 0;
    std::int64_t max_compaction_lag_ms = kForever;
    double min_cleanable_ratio = 0.5;  // Dirty bytes of those that could be cleaned.

    std::int64_t producer_id_expiration_ms = 86'400'000;  // A broker setting.
};

using ConfigRef = std::shared_ptr<const LogConfig>;

}  // namespace kcore::log
