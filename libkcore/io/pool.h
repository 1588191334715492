#pragma once
// Threads for what blocks: fsync, unlink, cold reads, recovery, compaction. Results come back to
// the caller's loop.

#include <asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "io/loop.h"
#include "io/wait.h"

namespace kcore::io {

class Pool {
public:
    virtual ~Pool() = default;
    // Runs `work` on some thread of the pool. Work that is queued when the pool stops still runs.
    virtual void submit(std::move_only_function<void()> work) = 0;
};

// Runs work at once on the caller's thread: tests and the simulator.
class InlinePool : public Pool {
public:
    void submit(std::move_only_function<void()> work) override { work(); }
};

// Runs `work` on the pool and resumes on `loop` with its result. `loop`, `pool` and what `work`
// refers to must outlive the call, also when the coroutine is destroyed early.
template <class T>
asio::awaitable<T> on_pool(Loop& loop, Pool& pool, std::move_only_function<T()> work) {
    auto result = std::make_shared<std::optional<T>>();
    Signal done(loop);
    const auto remote = done.remote();
    pool.submit([result, remote, work = std::move(work)]() mutable {
        result->emplace(work());
        remote.notify();
    });
    co_await done.wait_until(kNever);
    co_return std::move(**result);
}

}  // namespace kcore::io
