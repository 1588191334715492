#include "io/wait.h"

#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <cassert>
#include <functional>
#include <utility>

namespace kcore::io {

// Everything but `posted` is touched on the loop's thread only.
struct Signal::Remote::Shared {
    explicit Shared(Loop& l) : loop(l) {}

    // Posts the resumption: whoever notifies may hold a lock.
    void wake(bool by_notice) {
        loop.cancel(timer);
        auto resume = std::exchange(waiter, nullptr);
        if (!resume) return;
        loop.post([resume = std::move(resume), by_notice]() mutable { resume(by_notice); });
    }

    Loop& loop;
    Loop::Timer timer;
    std::move_only_function<void(bool)> waiter;
    bool notified = false;
    bool alive = true;
    std::atomic<bool> posted = false;
};

Signal::Signal(Loop& loop) : shared_(std::make_shared<Remote::Shared>(loop)) {}

Signal::~Signal() {
    shared_->alive = false;
    shared_->loop.cancel(shared_->timer);
    shared_->waiter = nullptr;
}

asio::awaitable<bool> Signal::wait_until(Deadline deadline) {
    const auto shared = shared_;
    assert(!shared->waiter);
    if (std::exchange(shared->notified, false)) co_return true;
    auto start = [shared, deadline](auto handler) {
        shared->waiter = [h = std::move(handler)](bool by_notice) mutable {
            std::move(h)(by_notice);
        };
        if (deadline == kNever) return;
        shared->loop.call_at(shared->timer, deadline, [s = shared.get()] { s->wake(false); });
    };
    const bool by_notice = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        std::move(start), asio::use_awaitable);
    co_return by_notice;
}

void Signal::notify() {
    if (shared_->waiter) {
        shared_->wake(true);
    } else {
        shared_->notified = true;
    }
}

Signal::Remote Signal::remote() const {
    Remote remote;
    remote.shared_ = shared_;
    return remote;
}

void Signal::Remote::notify() const {
    if (shared_->posted.exchange(true)) return;
    shared_->loop.post([shared = shared_] {
        shared->posted = false;
        if (!shared->alive) return;
        if (shared->waiter) {
            shared->wake(true);
        } else {
            shared->notified = true;
        }
    });
}

asio::awaitable<void> sleep_until(Loop& loop, Deadline deadline) {
    Signal never(loop);
    co_await never.wait_until(deadline);
}

}  // namespace kcore::io
