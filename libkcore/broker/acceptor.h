#pragma once
// One listener: takes connections and hands them to the workers in turn. Lives on the loop that
// binds it.

#include <asio/awaitable.hpp>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/logger.h"
#include "broker/connection_quota.h"
#include "broker/dispatch.h"
#include "broker/memory_ceiling.h"
#include "broker/request.h"
#include "broker/worker.h"
#include "io/env.h"
#include "security/client_quotas.h"

namespace kcore::broker {

class Acceptor {
public:
    // Everything referred to outlives the connections taken.
    struct Target {
        const Dispatch& apis;
        std::vector<Worker*> workers;
        ConnectionQuota& quota;
        security::ClientQuotas& client_quotas;
        std::int64_t connections_max = INT32_MAX;      // Of this listener alone.
        std::int64_t connection_rate_max = INT32_MAX;  // Likewise; new ones a second.
        const MemoryCeiling* memory = nullptr;         // Null: there is none.
    };

    Acceptor(io::Env& env, std::unique_ptr<io::Listener> listener, ListenerInfo info, Target target,
             Logger logger);
    ~Acceptor();

    const ListenerInfo& info() const { return info_; }

    asio::awaitable<void> run();   // Until stop().
    void close();                  // Nobody is taken any more; run() ends soon.
    asio::awaitable<void> stop();  // The same, and returns when run() has ended.

private:
    void hand_over(std::unique_ptr<io::Stream> stream);
    bool has_room();
    asio::awaitable<void> await_turn();
    bool is_too_fast(const std::string& ip, std::unique_ptr<io::Stream>& stream);
    void close_held();

    io::Env& env_;
    std::unique_ptr<io::Listener> listener_;
    const ListenerInfo info_;
    const Target target_;
    const std::shared_ptr<std::atomic<std::int64_t>> open_;
    Logger logger_;
    std::size_t next_ = 0;
    io::Signal room_;
    io::Signal ended_;
    struct Held {
        io::Instant until;
        std::unique_ptr<io::Stream> stream;
    };
    std::vector<Held> held_;  // Of addresses that connect too often: closed after their wait.
    io::Loop::Timer held_timer_;
    io::Instant not_before_{};
    bool stopping_ = false;
    bool is_running_ = false;
};

}  // namespace kcore::broker
