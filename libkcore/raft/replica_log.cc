#include "raft/replica_log.h"

#include <algorithm>

namespace kcore::raft {

OffsetEpoch end_of(const ReplicaLog& log) {
    const auto end = log.end_offset();
    std::int32_t epoch = log.epochs().empty() ? 0 : log.epochs().back().epoch;
    if (const auto snapshot = log.latest_snapshot(); snapshot && snapshot->end_offset == end) {
        epoch = std::max(epoch, snapshot->epoch);
    }
    return {end, epoch};
}

log::EpochEnd end_of_epoch(const ReplicaLog& log, std::int32_t epoch) {
    const auto& entries = log.epochs();
    const auto after =
        std::ranges::find_if(entries, [&](const auto& e) { return e.epoch > epoch; });
    const auto end = after == entries.end() ? log.end_offset() : after->start_offset;
    if (after != entries.begin()) return {std::prev(after)->epoch, end};
    const auto snapshot = log.earliest_snapshot();
    const bool stands_on_it = snapshot && snapshot->end_offset == log.start_offset();
    return {stands_on_it ? snapshot->epoch : 0, log.start_offset()};
}

bool is_behind(const OffsetEpoch& end, const SnapshotId& snapshot) {
    return end < OffsetEpoch{snapshot.end_offset, snapshot.epoch};
}

}  // namespace kcore::raft
