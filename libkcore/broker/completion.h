#pragma once
// Waiting in a handler for several things that end by callback on any thread: commits, flushes.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "io/wait.h"

namespace kcore::broker {

// Counts what is under way; notifies a signal when all has ended. A callback that comes after the
// handler gave up does no harm.
class Completions {
public:
    explicit Completions(const io::Signal& all_done) : shared_(std::make_shared<Shared>()) {
        shared_->all_done = all_done.remote();
    }

    // A callback to be called once, from any thread, also right away; `on_result` runs in it.
    template <class OnResult>
    std::move_only_function<void(Result<void>)> expect(OnResult on_result) {
        shared_->left.fetch_add(1, std::memory_order_relaxed);
        return [shared = shared_, on_result = std::move(on_result)](Result<void> result) mutable {
            on_result(std::move(result));
            if (shared->left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                shared->all_done.notify();
            }
        };
    }

    bool all_ended() const { return shared_->left.load(std::memory_order_acquire) == 0; }

private:
    struct Shared {
        std::atomic<std::size_t> left = 0;
        io::Signal::Remote all_done;
    };
    std::shared_ptr<Shared> shared_;
};

}  // namespace kcore::broker
