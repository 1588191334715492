#pragma once
// Works on the moves of replicas between log directories, several at a time, no faster than
// replica.alter.log.dirs.io.max.bytes.per.second. Clockwork on the control loop, steps on the pool.

#include <asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "io/env.h"
#include "io/rate.h"
#include "io/wait.h"
#include "replication/directory_moves.h"

namespace kcore::broker {

class DirectoryMover {
public:
    struct Options {
        std::size_t threads = 1;
        std::function<double()> bytes_per_second;  // Asked on the loop after every step.
        // Where a replica lies from now on.
        std::function<void(const Uuid& topic_id, std::int32_t partition, const Uuid& directory)>
            placed;
        Logger logger;
    };
    DirectoryMover(Options options, io::Env& env, replication::Partitions& partitions,
                   log::LogDirs& dirs);

    replication::DirectoryMoves& moves() { return moves_; }
    // Once the partitions are loaded.
    void start();
    asio::awaitable<void> stop();  // Returns when nothing is under way.

private:
    asio::awaitable<void> run(std::size_t thread);
    asio::awaitable<void> listen();

    io::Env& env_;
    const std::function<double()> bytes_per_second_;
    io::Rate rate_;
    std::vector<std::unique_ptr<io::Signal>> wakes_;  // One per thread.
    io::Signal news_;
    io::Signal::Remote news_remote_;
    std::size_t running_ = 0;
    io::Signal ended_;
    bool stopping_ = false;
    replication::DirectoryMoves moves_;
};

}  // namespace kcore::broker
