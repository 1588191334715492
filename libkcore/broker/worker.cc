#include "broker/worker.h"

#include <utility>

namespace kcore::broker {

void Worker::serve(const Dispatch& apis, const ListenerInfo& listener,
                   std::unique_ptr<io::Stream> stream, std::function<void()> on_end) {
    if (stopping_) {
        on_end();
        return;
    }
    const Serving serving{env_, services_, apis, buffers_, scratch_, limits_};
    auto connection = std::make_unique<Connection>(serving, listener, std::move(stream));
    const auto place = connections_.insert(connections_.end(), connection.get());
    env_.loop.spawn(run(std::move(connection), place, std::move(on_end)));
}

asio::awaitable<void> Worker::run(std::unique_ptr<Connection> connection,
                                  Connections::iterator place, std::function<void()> on_end) {
    co_await connection->run();
    connections_.erase(place);
    connection.reset();
    on_end();
    if (connections_.empty()) ended_.notify();
}

void Worker::cut(const ListenerInfo& listener) {
    for (auto* connection : connections_) {
        if (&connection->sender().listener == &listener) connection->cut();
    }
}

asio::awaitable<void> Worker::stop(io::Deadline deadline) {
    stopping_ = true;
    for (auto* connection : connections_) connection->stop();
    while (!connections_.empty()) {
        const bool in_time = co_await ended_.wait_until(deadline);
        if (in_time) continue;
        for (auto* connection : connections_) connection->cut();
        deadline = io::kNever;
    }
}

}  // namespace kcore::broker
