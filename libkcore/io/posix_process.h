#pragma once
// What a program of several loops needs of its process: a thread per loop, and signals as calls on a
// loop.

#include <functional>
#include <memory>
#include <vector>

#include "io/posix_loop.h"

namespace kcore::io {

std::size_t cpu_count();

// Runs a loop on a thread of its own until destroyed; the loop is stopped then.
class LoopThread {
public:
    explicit LoopThread(PosixLoop& loop);
    ~LoopThread();
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

private:
    struct Thread;
    std::unique_ptr<Thread> thread_;
};

// Calls `on_signal` on the loop for each of the signals; a peer that hangs up raises none (SIGPIPE
// is ignored from here on).
class SignalWatch {
public:
    SignalWatch(PosixLoop& loop, const std::vector<int>& signals,
                std::function<void(int)> on_signal);
    ~SignalWatch();

private:
    struct Asio;
    std::unique_ptr<Asio> asio_;
};

}  // namespace kcore::io
