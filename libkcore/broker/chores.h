#pragma once
// What a broker does now and then beside serving: idle logs' flushes and retention, checkpoints,
// unlinks. Runs on the pool; its clockwork on the control loop.

#include <asio/awaitable.hpp>

#include "io/env.h"
#include "io/wait.h"
#include "log/log_dirs.h"
#include "replication/partitions.h"

namespace kcore::broker {

class Chores {
public:
    Chores(io::Env& env, replication::Partitions& partitions, log::LogDirs& dirs)
        : env_(env), partitions_(partitions), dirs_(dirs), wake_(env.loop), ended_(env.loop) {}

    void start() { env_.loop.spawn(run()); }
    asio::awaitable<void> stop();  // Returns when nothing is under way.

private:
    asio::awaitable<void> run();
    bool work(bool with_checkpoints);

    io::Env& env_;
    replication::Partitions& partitions_;
    log::LogDirs& dirs_;
    io::Signal wake_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
