#pragma once
// The client's own thread: a loop with the real system behind it, and a way for other threads to
// wait for what runs there. Not part of the public interface.

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "io/env.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/posix.h"

namespace kcore::client {

class Runtime {
public:
    Runtime();
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    io::Env& env() { return env_; }
    io::Loop& loop() { return loop_; }

    // From any thread but the loop's: starts `work` there and returns its result.
    template <class T>
    Result<T> wait(std::move_only_function<io::Async<T>()> work) {
        auto promise = std::make_shared<std::promise<Result<T>>>();
        auto result = promise->get_future();
        loop_.post([this, promise, work = std::move(work)]() mutable {
            loop_.spawn(keep<T>(std::move(work), promise));
        });
        return result.get();
    }

private:
    template <class T>
    static asio::awaitable<void> keep(std::move_only_function<io::Async<T>()> work,
                                      std::shared_ptr<std::promise<Result<T>>> promise) {
        auto running = work();
        auto result = co_await std::move(running);
        promise->set_value(std::move(result));
    }

    io::PosixClock clock_;
    io::PosixRandom random_;
    io::PosixLoop loop_;
    std::unique_ptr<io::Disk> disk_;
    std::unique_ptr<io::Net> net_;
    std::promise<void> ended_;
    std::unique_ptr<io::Pool> pool_;
    io::Env env_;
};

}  // namespace kcore::client
