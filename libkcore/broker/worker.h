#pragma once
// One loop and the connections it serves. Lives on that loop.

#include <asio/awaitable.hpp>
#include <functional>
#include <list>
#include <memory>

#include "broker/buffer_pool.h"
#include "broker/connection.h"
#include "broker/dispatch.h"
#include "broker/request.h"
#include "io/env.h"
#include "record/validate.h"

namespace kcore::broker {

class Worker {
public:
    Worker(io::Env& env, Services& services, ConnectionLimits limits)
        : env_(env), services_(services), limits_(limits), buffers_(env.loop), ended_(env.loop) {}

    io::Env& env() { return env_; }

    // Serves a connection until it ends, then calls `on_end`. `apis` and `listener` outlive it.
    void serve(const Dispatch& apis, const ListenerInfo& listener,
               std::unique_ptr<io::Stream> stream, std::function<void()> on_end);

    // Ends the connections of one listener at once.
    void cut(const ListenerInfo& listener);

    // Lets every connection finish what it is at, cuts those that take too long, and returns when
    // none is left. What comes later is closed at once.
    asio::awaitable<void> stop(io::Deadline deadline);

private:
    // In the order they came, so that they end in one that is the same each time.
    using Connections = std::list<Connection*>;

    asio::awaitable<void> run(std::unique_ptr<Connection> connection, Connections::iterator place,
                              std::function<void()> on_end);

    io::Env& env_;
    Services& services_;
    const ConnectionLimits limits_;
    BufferPool buffers_;
    record::ValidationScratch scratch_;
    Connections connections_;
    io::Signal ended_;
    bool stopping_ = false;
};

}  // namespace kcore::broker
