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
    timer.at_ = timers_.emplace(when, Pending{&timer, std::move(call)});
    timer.pending_ = true;
    if (timer.at_ == timers_.begin()) timers_changed();
}

void Loop::call_now(Timer& timer) {
    if (!timer.pending_) return;
    auto call = take(timer);
    call();
}

void Loop::cancel(Timer& timer) {
    if (timer.pending_) take(timer);
}

// Out of the map before it is called or destroyed: either may set or cancel any timer, its own too.
Loop::Call Loop::take(Timer& timer) {
    timer.pending_ = false;
    auto taken = timers_.extract(timer.at_);
    return std::move(taken.mapped().call);
}

Instant Loop::next_timer() const { return timers_.empty() ? kNever : timers_.begin()->first; }

void Loop::run_timers(Instant now) {
    while (!timers_.empty() && next_timer() <= now) call_now(*timers_.begin()->second.timer);
}

void Loop::drop_timers() {
    while (!timers_.empty()) cancel(*timers_.begin()->second.timer);
}

}  // namespace kcore::io
