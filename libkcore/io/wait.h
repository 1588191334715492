#pragma once
// Waiting inside a coroutine: for a time, or for a notification with a deadline.

#include <asio/awaitable.hpp>
#include <memory>

#include "io/clock.h"
#include "io/loop.h"

namespace kcore::io {

asio::awaitable<void> sleep_until(Loop& loop, Deadline deadline);

// One coroutine of `loop` waits, anybody notifies. A notification before the wait is kept, several
// are one. The object must outlive the wait and every remote notification under way.
class Signal {
public:
    explicit Signal(Loop& loop);
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    // True when notified, false when the deadline came first.
    asio::awaitable<bool> wait_until(Deadline deadline);

    // From the loop's thread.
    void notify();

    // From any thread, also after the Signal is gone: gives a handle whose call notifies while the
    // Signal lives and does nothing afterwards. Calls are coalesced into one post.
    class Remote {
    public:
        void notify() const;

    private:
        friend class Signal;
        struct Shared;
        std::shared_ptr<Shared> shared_;
    };
    Remote remote() const;

private:
    std::shared_ptr<Remote::Shared> shared_;
};

}  // namespace kcore::io
