#pragma once
// kcore.memory.max, kept by refusing work: requests under way get a part of it, and while the
// process comes close to it, new connections, topics and members of groups are refused. Lives on
// the control loop; is_reached() and refusal() from any thread.

#include <asio/awaitable.hpp>
#include <atomic>
#include <cstdint>
#include <functional>

#include "base/logger.h"
#include "base/result.h"
#include "io/env.h"
#include "io/wait.h"

namespace kcore::broker {

// What a process knows of its memory.
struct ProcessMemory {
    std::int64_t limit_bytes = 0;            // Of its surroundings; 0: none.
    std::function<std::int64_t()> resident;  // Null: not known.
    std::function<void()> release;           // Gives what was freed to the system; blocks.
};

class MemoryCeiling {
public:
    // `max_bytes` 0: there is none.
    MemoryCeiling(io::Env& env, std::int64_t max_bytes, ProcessMemory process, Logger logger);
    ~MemoryCeiling();

    void start();
    // Returns when nothing is under way.
    asio::awaitable<void> stop();

    bool is_set() const { return max_bytes_ > 0; }
    // The part of it for requests under way, and for the largest of them.
    std::int64_t request_bytes() const { return max_bytes_ / 4; }

    bool is_reached() const { return is_reached_.load(std::memory_order_relaxed); }
    // policy_violation: it is reached. For what would add to what is kept.
    Result<void> check() const;

private:
    std::int64_t look();  // Gives the milliseconds to the next look.
    asio::awaitable<void> run();

    io::Env& env_;
    const std::int64_t max_bytes_;
    const ProcessMemory process_;
    Logger logger_;
    std::atomic<bool> is_reached_ = false;
    io::Signal wake_;
    io::Signal ended_;
    bool is_running_ = false;
    bool stopping_ = false;
};

}  // namespace kcore::broker
