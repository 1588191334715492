#pragma once
// A pool of one thread over virtual time: work runs in order, each piece some time after the one
// before it. What it does, fsync above all, is not done as soon as it is asked for.

#include <deque>

#include "io/pool.h"
#include "io/random.h"

namespace kcore::sim {

class SlowPool : public io::Pool {
public:
    // `loop` is the host's own. Each piece of work takes up to `delay_max_us`.
    SlowPool(io::Loop& loop, io::Random& random, std::uint64_t delay_max_us)
        : loop_(loop), random_(random), delay_max_us_(delay_max_us) {}
    ~SlowPool() override { loop_.cancel(timer_); }

    void submit(std::move_only_function<void()> work) override {
        queue_.push_back(std::move(work));
        if (queue_.size() == 1) run_later();
    }

private:
    void run_later() {
        const auto us = static_cast<std::int64_t>(random_.below(delay_max_us_)) + 1;
        const auto when = loop_.clock().now() + std::chrono::microseconds(us);
        loop_.call_at(timer_, when, [this] { run_first(); });
    }
    void run_first() {
        const auto work = std::make_unique<std::move_only_function<void()>>();
        std::swap(*work, queue_.front());
        (*work)();
        queue_.pop_front();
        if (!queue_.empty()) run_later();
    }

    io::Loop& loop_;
    io::Random& random_;
    const std::uint64_t delay_max_us_;
    std::deque<std::move_only_function<void()>> queue_;  // The first is at work.
    io::Loop::Timer timer_;
};

}  // namespace kcore::sim
