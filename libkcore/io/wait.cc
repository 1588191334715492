#include "io/wait.h"

#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <cassert>
#include <utility>

namespace kcore::io {

// Everything but `posted` is touched on the loop's thread only.
struct Signal::Remote::Shared {
    explicit Shared(Loop& l) : loop(l) {}

    void notify() {
        notified = true;
        loop.call_now(waiter);
    }

    Loop& loop;
    Loop::Timer waiter;  // The loop, not the Signal, owns the coroutine: a Signal may live in it.
    bool notified = false;
    bool alive = true;
    std::atomic<bool> posted = false;
};

Signal::Signal(Loop& loop) : shared_(std::make_shared<Remote::Shared>(loop)) {}

Signal::~Signal() {
    shared_->alive = false;
    shared_->loop.cancel(shared_->waiter);
}

asio::awaitable<bool> Signal::wait_until(Deadline deadline) {
    const auto shared = shared_;
    assert(!shared->waiter.pending());
    if (std::exchange(shared->notified, false)) co_return true;
    auto start = [shared, deadline](auto handler) {
        // Posts the resumption: whoever notifies may hold a lock.
        auto wake = [s = shared.get(), h = std::move(handler)]() mutable {
            const bool by_notice = std::exchange(s->notified, false);
            s->loop.post([h = std::move(h), by_notice]() mutable { std::move(h)(by_notice); });
        };
        shared->loop.call_at(shared->waiter, deadline, std::move(wake));
    };
    const bool by_notice = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        std::move(start), asio::use_awaitable);
    co_return by_notice;
}

void Signal::notify() { shared_->notify(); }

Signal::Remote Signal::remote() const {
    Remote remote;
    remote.shared_ = shared_;
    return remote;
}

void Signal::Remote::notify() const {
    if (shared_->posted.exchange(true)) return;
    shared_->loop.post([shared = shared_] {
        shared->posted = false;
        if (shared->alive) shared->notify();
    });
}

asio::awaitable<void> sleep_until(Loop& loop, Deadline deadline) {
    Signal never(loop);
    co_await never.wait_until(deadline);
}

}  // namespace kcore::io
