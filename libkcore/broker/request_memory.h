#pragma once
// The cap on bytes of requests under way in the whole broker (queued.max.request.bytes): over it,
// sockets are not read. One connection at a time may go beyond it, so that the largest request
// always fits and those that wait for more cannot all wait for each other. Thread-safe.

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "io/wait.h"

namespace kcore::broker {

class RequestMemory {
public:
    // What one connection has of it; stays where it is while it has any.
    struct Share {
        std::int64_t bytes = 0;
    };

    explicit RequestMemory(std::int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

    bool is_limited() const { return limit_bytes_ > 0; }

    // True: the share has that much more. False: nothing was taken, and `waiter`, when there is
    // one, is notified once some is given back.
    bool take(Share& share, std::int64_t bytes, const io::Signal::Remote* waiter) {
        const std::lock_guard lock(mutex_);
        if (used_bytes_ + bytes > limit_bytes_) {
            if (beyond_ != nullptr && beyond_ != &share) {
                if (waiter != nullptr) waiting_.push_back(*waiter);
                return false;
            }
            beyond_ = &share;
        }
        used_bytes_ += bytes;
        share.bytes += bytes;
        return true;
    }

    void give(Share& share) {
        if (share.bytes == 0) return;
        std::vector<io::Signal::Remote> waiting;
        {
            const std::lock_guard lock(mutex_);
            used_bytes_ -= std::exchange(share.bytes, 0);
            if (beyond_ == &share) beyond_ = nullptr;
            waiting = std::exchange(waiting_, {});
        }
        for (const auto& waiter : waiting) waiter.notify();
    }

    // Somebody waits for some to be given back.
    bool is_wanted() const {
        const std::lock_guard lock(mutex_);
        return !waiting_.empty();
    }
    std::int64_t used_bytes() const {
        const std::lock_guard lock(mutex_);
        return used_bytes_;
    }

private:
    const std::int64_t limit_bytes_;
    mutable std::mutex mutex_;
    std::int64_t used_bytes_ = 0;
    const Share* beyond_ = nullptr;  // Of the one that goes beyond the limit.
    std::vector<io::Signal::Remote> waiting_;
};

}  // namespace kcore::broker
