#pragma once
// What a log and the compaction of it tell each other: plain values.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "log/config.h"
#include "log/flush_work.h"
#include "log/log_types.h"

namespace kcore::log {

// A segment that takes no more appends.
struct CleanSource {
    std::int64_t base_offset = 0;
    std::int64_t end_offset = 0;  // The next one's base.
    std::uint64_t size_bytes = 0;
    friend bool operator==(const CleanSource&, const CleanSource&) = default;
};

// Whole segments that are synced and decided.
struct Cleanable {
    std::int64_t first_dirty = 0;  // Below it every key is known once, at most.
    std::uint64_t clean_bytes = 0;
    std::uint64_t dirty_bytes = 0;
    bool is_overdue = false;            // max.compaction.lag.ms has passed for a dirty record.
    std::vector<CleanSource> segments;  // From the first of the log on.

    double dirty_ratio() const {
        const auto all = static_cast<double>(clean_bytes + dirty_bytes);
        return all == 0 ? 0 : static_cast<double>(dirty_bytes) / all;
    }
};

// What must stay of a producer, so that its state survives a replay.
struct LastOfProducer {
    std::int64_t data_offset = -1;  // Of its last batch; -1: it has none in its epoch.
    std::int16_t epoch = -1;        // Then its last marker stays.
};

struct CompactionInput {
    std::string path;
    ConfigRef config;
    std::shared_ptr<FlushGate> gate;
    Cleanable range;
    std::vector<AbortedTransaction> aborted;  // In the range, by first offset.
    std::map<std::int64_t, LastOfProducer> producers;
};

// One finished output.
struct Replacement {
    std::shared_ptr<FlushGate> gate;
    std::int64_t base_offset = 0;
    std::int64_t end_offset = 0;
    std::uint64_t size_bytes = 0;
};

}  // namespace kcore::log
