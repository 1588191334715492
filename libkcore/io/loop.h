#pragma once
// One thread of the program: an event loop that runs coroutines, posted calls and timers. Real ones
// are io/posix_loop; the simulator steps its own over virtual time.

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <functional>
#include <map>

#include "io/clock.h"

namespace kcore::io {

class Loop {
public:
    using Call = std::move_only_function<void()>;
    class Timer;

private:
    struct Pending {
        Timer* timer;
        Call call;
    };
    using Timers = std::multimap<Instant, Pending>;

public:
    // A pending call at a time; nothing left to call once it ran or was cancelled.
    class Timer {
    public:
        Timer() = default;
        bool pending() const { return pending_; }

    private:
        friend class Loop;
        Timers::iterator at_;
        bool pending_ = false;
    };

    virtual ~Loop() = default;

    virtual asio::any_io_executor executor() = 0;
    virtual Clock& clock() = 0;

    // From any thread: `call` runs on this loop's thread, in order of posting.
    virtual void post(Call call) = 0;

    // The rest from this loop's thread only.

    // Runs `work` until it ends; what it throws ends the program with the text.
    void spawn(asio::awaitable<void> work);

    // Calls once at `when` (or as soon after as the loop is free; at kNever by call_now() only);
    // replaces what was pending. `timer` must be cancelled before it is destroyed, or outlive the
    // loop, which drops what is pending at its end.
    void call_at(Timer& timer, Instant when, Call call);
    void call_now(Timer& timer);  // Nothing when nothing is pending.
    void cancel(Timer& timer);

protected:
    Instant next_timer() const;         // kNever when none is pending.
    void run_timers(Instant now);       // Runs all that are due.
    virtual void timers_changed() = 0;  // next_timer() moved to an earlier instant.
    // First of all in a loop's destructor: coroutines that wait end here, while executor() lives.
    void drop_timers();

private:
    Call take(Timer& timer);

    Timers timers_;
};

}  // namespace kcore::io
