#pragma once
// Reads closed segments again, all of them once in a while and slowly, and tells of bytes that the
// disk did not keep: before a consumer or a recovery meets them. Nothing is changed; `kbroker log
// repair` does that. Clockwork on the control loop, reading on the pool.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/metrics.h"
#include "io/env.h"
#include "io/rate.h"
#include "io/wait.h"
#include "log/recovery.h"
#include "replication/partitions.h"

namespace kcore::broker {

struct ScrubberSettings {
    double bytes_per_second = 0;   // 0: never.
    std::int64_t interval_ms = 0;  // From the end of one pass to the beginning of the next.
};

class LogScrubber {
public:
    // `settings` is asked on the loop, often.
    LogScrubber(io::Env& env, replication::Partitions& partitions,
                std::function<ScrubberSettings()> settings, Logger logger);

    void start();
    asio::awaitable<void> stop();  // Returns when nothing is under way.

    // From any thread.
    struct Counters {
        Counter passes;
        Counter bytes;
        Counter segments;
        Gauge damaged;  // Segments, as of the last pass and what was found since.
    };
    const Counters& counters() const { return counters_; }

private:
    struct Segment {
        Segment() = default;
        std::string path;  // Of the file.
        log::CleanSource what;
    };
    struct Reading {
        Segment segment;
        std::unique_ptr<io::File> file;
        log::ScanAt at;
    };
    struct Step {
        Step() = default;
        std::uint64_t bytes = 0;
        bool is_done = false;
        bool is_damaged = false;
    };
    using Segments = std::vector<Segment>;

    asio::awaitable<void> run();
    asio::awaitable<void> pass();
    asio::awaitable<void> scrub(replication::PartitionRef partition);
    asio::awaitable<void> scrub_segment(replication::PartitionRef partition, Segment segment);
    void ended(const replication::Partition& partition, const Reading& reading, bool is_damaged);
    asio::awaitable<void> rest(std::uint64_t bytes);
    Segments segments_of(replication::Partition& partition) const;
    Step step(replication::Partition& partition, Reading& reading);
    bool is_still_there(replication::Partition& partition, const Segment& segment) const;
    bool is_on() const { return !stopping_ && settings_().bytes_per_second > 0; }

    io::Env& env_;
    replication::Partitions& partitions_;
    const std::function<ScrubberSettings()> settings_;
    Logger logger_;
    Counters counters_;
    std::set<std::string> damaged_;  // Paths; found by this pass,
    std::set<std::string> known_;    // and those that the one before had found.
    io::Rate rate_;
    io::Signal wake_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
