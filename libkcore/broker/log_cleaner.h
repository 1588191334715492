#pragma once
// Keeps compacted logs clean: always the one with the largest dirty part, of those that are dirty
// enough or overdue. Clockwork and choice on the control loop, the work on the pool in small steps.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "io/env.h"
#include "io/rate.h"
#include "io/wait.h"
#include "log/compaction.h"
#include "replication/partitions.h"

namespace kcore::broker {

struct CleanerSettings {
    std::size_t threads = 1;
    std::size_t map_bytes = 128 << 20;  // Of all threads together; so is the buffer.
    std::size_t buffer_bytes = 512 * 1024;
    double map_load_factor = 0.9;
    double bytes_per_second = 1e300;
    std::int64_t backoff_ms = 15'000;
};

class LogCleaner {
public:
    LogCleaner(io::Env& env, replication::Partitions& partitions, Logger logger);

    // On the loop: begins, or goes on, by these. Threads beyond their number end with their log.
    void apply(const CleanerSettings& settings);
    asio::awaitable<void> stop();  // Returns when nothing is under way.

    struct Totals {
        std::uint64_t cleanings = 0;
        std::uint64_t bytes_read = 0;
        std::uint64_t bytes_written = 0;
        // Partitions whose files are damaged, by the path of their directory.
        std::map<std::string, std::int64_t> uncleanable;
    };
    Totals totals() const;  // From any thread.

private:
    struct Choice {
        Choice(replication::Partitions::Placed p, log::Cleanable r)
            : placed(std::move(p)), range(std::move(r)) {}
        replication::Partitions::Placed placed;
        log::Cleanable range;
    };
    struct Step {
        Step() = default;
        Result<log::Compaction::Step> result = log::Compaction::Step::more;
        std::uint64_t bytes = 0;  // Read and written by it.
    };

    using ChoiceRef = std::shared_ptr<Choice>;

    struct Thread {
        explicit Thread(io::Loop& loop) : wake(loop) {}
        io::Signal wake;
        bool is_running = false;
    };
    struct Damaged {
        Uuid topic_id;
        std::string directory;
    };

    asio::awaitable<void> run(std::size_t number);
    asio::awaitable<bool> clean(ChoiceRef choice, io::Signal* wake);
    std::set<TopicPartition> not_to_choose();
    ChoiceRef choose(const std::set<TopicPartition>& not_these) const;
    std::unique_ptr<log::Compaction> begin(Choice& choice, const CleanerSettings& how) const;
    Step step(log::Compaction& compaction, const Choice& choice) const;
    bool ended(const Choice& choice, const log::Compaction& compaction, const Step& last);

    io::Env& env_;
    replication::Partitions& partitions_;
    Logger logger_;
    CleanerSettings settings_;
    std::set<TopicPartition> busy_;
    mutable std::mutex mutex_;  // Over the next two.
    std::map<TopicPartition, Damaged> uncleanable_;
    Totals totals_;
    io::Rate rate_;
    std::vector<std::unique_ptr<Thread>> threads_;
    std::size_t running_ = 0;
    io::Signal ended_;
    bool stopping_ = false;
};

}  // namespace kcore::broker
