#pragma once
// How many connections there may be, in all and from one address (max.connections,
// max.connections.per.ip and its overrides). Thread-safe.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/config.h"
#include "io/wait.h"

namespace kcore::broker {

class ConnectionQuota {
public:
    explicit ConnectionQuota(ConnectionCaps caps) : caps_(std::move(caps)) {}

    // Those there are stay.
    void set_caps(ConnectionCaps caps) {
        std::vector<io::Signal::Remote> waiting;
        {
            const std::lock_guard lock(mutex_);
            caps_ = std::move(caps);
            waiting = std::exchange(waiting_, {});
        }
        for (const auto& acceptor : waiting) acceptor.notify();
    }

    // New ones a second.
    std::int64_t rate_max() const {
        const std::lock_guard lock(mutex_);
        return caps_.rate_max;
    }

    // Counts a connection from `ip`; false, and nothing counted, when the address has its share.
    bool admit(const std::string& ip) {
        const std::lock_guard lock(mutex_);
        const auto found = by_ip_.find(ip);
        if ((found == by_ip_.end() ? 0 : found->second) >= limit_of(ip)) return false;
        ++by_ip_[ip];
        ++total_;
        return true;
    }

    void release(const std::string& ip) {
        std::vector<io::Signal::Remote> waiting;
        {
            const std::lock_guard lock(mutex_);
            --total_;
            const auto found = by_ip_.find(ip);
            if (--found->second == 0) by_ip_.erase(found);
            waiting = std::exchange(waiting_, {});
        }
        for (const auto& acceptor : waiting) acceptor.notify();
    }

    // True when one more is allowed; else `acceptor` is notified once that may have changed.
    bool has_room(const io::Signal::Remote& acceptor) {
        const std::lock_guard lock(mutex_);
        if (total_ < caps_.max) return true;
        waiting_.push_back(acceptor);
        return false;
    }

    std::int64_t total() const {
        const std::lock_guard lock(mutex_);
        return total_;
    }

private:
    std::int64_t limit_of(const std::string& ip) const {
        const auto found = caps_.per_ip.find(ip);
        return found == caps_.per_ip.end() ? caps_.per_ip_max : found->second;
    }

    mutable std::mutex mutex_;
    ConnectionCaps caps_;
    std::int64_t total_ = 0;
    std::unordered_map<std::string, std::int64_t> by_ip_;
    std::vector<io::Signal::Remote> waiting_;
};

}  // namespace kcore::broker
