#pragma once
// The cap on bytes of requests under way in the whole broker (queued.max.request.bytes): over it,
// sockets are not read. One request may go beyond it, so that the largest always fits. Thread-safe.

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "io/wait.h"

namespace kcore::broker {

class RequestMemory {
public:
    explicit RequestMemory(std::int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

    bool is_limited() const { return limit_bytes_ > 0; }

    // True: taken. False: nothing was; `waiter` is notified once some is given back.
    bool take(std::int64_t bytes, const io::Signal::Remote& waiter) {
        const std::lock_guard lock(mutex_);
        if (used_bytes_ < limit_bytes_) {
            used_bytes_ += bytes;
            return true;
        }
        waiting_.push_back(waiter);
        return false;
    }

    void give(std::int64_t bytes) {
        std::vector<io::Signal::Remote> waiting;
        {
            const std::lock_guard lock(mutex_);
            used_bytes_ -= bytes;
            waiting = std::exchange(waiting_, {});
        }
        for (const auto& waiter : waiting) waiter.notify();
    }

    std::int64_t used_bytes() const {
        const std::lock_guard lock(mutex_);
        return used_bytes_;
    }

private:
    const std::int64_t limit_bytes_;
    mutable std::mutex mutex_;
    std::int64_t used_bytes_ = 0;
    std::vector<io::Signal::Remote> waiting_;
};

}  // namespace kcore::broker
