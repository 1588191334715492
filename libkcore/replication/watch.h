#pragma once
// What waits on partitions: a long poll for bytes. Nothing is scanned: whoever appends tells those
// who watch, and they wake when they have enough.

#include <atomic>
#include <cstdint>

#include "io/wait.h"

namespace kcore::replication {

// How far the reader of a long poll may read.
enum class ReadsTo : std::uint8_t { high_watermark, log_end };

// One long poll over any number of partitions. Told from any thread under the partition's mutex,
// so the calls only count; the poll itself runs on its own loop.
class Watch {
public:
    // Wakes `poll` when `bytes` more can be read; 0 or less: with the first change.
    Watch(io::Signal::Remote poll, std::int64_t bytes, ReadsTo reads_to = ReadsTo::high_watermark)
        : to(reads_to), poll_(std::move(poll)), missing_(bytes) {}

    const ReadsTo to;

    // So many bytes more can be read.
    void grew(std::int64_t bytes) {
        if (missing_.fetch_sub(bytes, std::memory_order_acq_rel) <= bytes) poll_.notify();
    }

    // Something else changed (leader, log start, failure): look again.
    void changed() { poll_.notify(); }

private:
    io::Signal::Remote poll_;
    std::atomic<std::int64_t> missing_;
};

}  // namespace kcore::replication
