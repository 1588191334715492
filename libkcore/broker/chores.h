#pragma once
// What a broker does now and then beside serving: idle logs' flushes, retention, checkpoints,
// unlinks, logs that could not be made, closing of files that nobody uses. Runs on the pool; its
// clockwork on the control loop.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "io/env.h"
#include "io/wait.h"
#include "log/file_cache.h"
#include "log/log_dirs.h"
#include "replication/partitions.h"

namespace kcore::broker {

// How often; 0 and less: never.
struct ChoreTimes {
    std::int64_t flush_ms = 1'000;  // At most: flush.ms of any topic makes it more often.
    std::int64_t high_watermarks_ms = 5'000;
    std::int64_t recovery_points_ms = 60'000;
    std::int64_t log_starts_ms = 60'000;
    std::int64_t retention_ms = 300'000;
    std::int64_t first_retention_ms = 30'000;  // From the start to the first look.
    std::int64_t unlinks_ms = 5'000;
    std::int64_t missing_logs_ms = 5'000;
    std::int64_t idle_files_ms = 15'000;  // A file is closed when it was not used for one to two.
};

class Chores {
public:
    // `make_missing` makes, on the pool, the logs that could not be made when they were wanted.
    Chores(io::Env& env, replication::Partitions& partitions, log::LogDirs& dirs,
           log::FileCache& files, const ChoreTimes& times, std::function<void()> make_missing);

    void start() { env_.loop.spawn(run()); }
    asio::awaitable<void> stop();  // Returns when nothing is under way.

private:
    struct Chore {
        std::int64_t every_ms;
        void (Chores::*run)();
        io::Instant next;
    };

    asio::awaitable<void> run();
    io::Instant next_due() const;
    bool work(io::Instant now);
    void add(std::int64_t every_ms, void (Chores::*chore)());
    void flush();
    void write_high_watermarks();
    void write_recovery_points();
    void write_log_starts();
    void delete_old_segments();
    void unlink();
    void make_missing_logs();
    void close_idle_files();

    io::Env& env_;
    replication::Partitions& partitions_;
    log::LogDirs& dirs_;
    log::FileCache& files_;
    const std::int64_t flush_max_ms_;
    const std::function<void()> make_missing_;
    std::vector<Chore> chores_;
    io::Signal wake_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
