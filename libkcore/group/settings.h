#pragma once
// The configuration of group coordinators, as plain values named after their keys.

#include <cstdint>

namespace kcore::group {

struct Settings {
    std::int32_t min_session_timeout_ms = 6'000;
    std::int32_t max_session_timeout_ms = 1'800'000;
    std::int32_t initial_rebalance_delay_ms = 3'000;
    std::int32_t max_size = INT32_MAX;                      // Members of a classic group.
    std::int64_t offsets_retention_ms = 10'080 * 60'000LL;  // offsets.retention.minutes
    std::int64_t offsets_retention_check_interval_ms = 600'000;
    std::int32_t offset_metadata_max_bytes = 4'096;  // In UTF-16 units, as Kafka counts.
    std::int32_t offsets_commit_timeout_ms = 5'000;
};

// How long a member that never had a generation may wait in its first JoinGroup: without one it
// cannot send heartbeats, and a parked request hides that its client is gone.
inline constexpr std::int32_t kNewMemberTimeoutMs = 5 * 60'000;

}  // namespace kcore::group
