#include "io/loop.h"

#include <asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace kcore::io {

void Loop::spawn(asio::awaitable<void> work) {
    asio::co_spawn(executor(), std::move(work), [](const std::exception_ptr& thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
}

void Loop::call_at(Timer& timer, Instant when, Call call) {
    cancel(timer);
    timer.at_ = timers_.emplace(when, Call());
    timer.at_->second = [&timer, call = std::move(call)]() mutable {
        timer.pending_ = false;
        call();
    };
    timer.pending_ = true;
    if (timer.at_ == timers_.begin()) timers_changed();
}

void Loop::cancel(Timer& timer) {
    if (!std::exchange(timer.pending_, false)) return;
    timers_.erase(timer.at_);
}

Instant Loop::next_timer() const { return timers_.empty() ? kNever : timers_.begin()->first; }

void Loop::run_timers(Instant now) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
        // Out of the map first: the call may set or cancel any timer, its own too.
        auto due = timers_.extract(timers_.begin());
        due.mapped()();
    }
}

}  // namespace kcore::io
