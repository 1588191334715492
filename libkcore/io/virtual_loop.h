#pragma once
// A loop over virtual time, stepped by its owner: nothing in it waits for real. For unit tests and
// the simulator. One thread.

#include <algorithm>
#include <asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "io/clock.h"
#include "io/loop.h"

namespace kcore::io {

class VirtualClock : public Clock {
public:
    Instant now() override { return now_; }
    std::int64_t wall_ms() override;
    void move_to(Instant when) { now_ = std::max(now_, when); }

private:
    Instant now_ = Instant(std::chrono::hours(1));
};

class VirtualLoop : public Loop {
public:
    explicit VirtualLoop(VirtualClock& clock);
    ~VirtualLoop() override;

    asio::any_io_executor executor() override;
    Clock& clock() override { return clock_; }
    void post(Call call) override;

    void settle();                  // Runs all that can run while time stands still.
    void advance(Milliseconds by);  // Moves time on, timer by timer, settling after each.

    // Moves to the next timer and runs it; false when none is pending.
    bool step();

    // Runs `work` to its end and returns its result; time moves as far as it takes. Ends the
    // program when nothing is left that could end it.
    template <class T>
    T run(asio::awaitable<T> work) {
        std::optional<T> result;
        drive(keep(std::move(work), result));
        return std::move(*result);
    }
    void run(asio::awaitable<void> work) { drive(std::move(work)); }

protected:
    void timers_changed() override {}

private:
    struct Asio;

    template <class T>
    static asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>& result) {
        auto value = co_await std::move(work);
        result.emplace(std::move(value));
    }
    static asio::awaitable<void> mark(asio::awaitable<void> work, bool& ended);
    void drive(asio::awaitable<void> work);

    VirtualClock& clock_;
    std::unique_ptr<Asio> asio_;
};

}  // namespace kcore::io
