#include "io/posix.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace kcore::io {

Instant PosixClock::now() { return std::chrono::steady_clock::now(); }

std::int64_t PosixClock::wall_ms() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Milliseconds>(since_epoch).count();
}

std::uint64_t PosixRandom::next() {
    std::uint64_t value = 0;
    if (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
        throw std::runtime_error("the system gives no random bytes");
    }
    return value;
}

namespace {

// Threads start with the first work, so a program that never blocks has none.
class PosixPool : public Pool {
public:
    explicit PosixPool(std::size_t threads_max) : threads_max_(threads_max) {}

    ~PosixPool() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        for (auto& thread : threads_) thread.join();
    }

    void submit(std::move_only_function<void()> work) override {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(std::move(work));
            // While stopping the destructor walks threads_; the thread that submits takes the work.
            if (!stopping_ && idle_ < queue_.size() && threads_.size() < threads_max_) {
                threads_.emplace_back([this] { run(); });
            }
        }
        wake_.notify_one();
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            ++idle_;
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            --idle_;
            if (queue_.empty()) return;
            auto work = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            work();
            work = nullptr;
            lock.lock();
        }
    }

    const std::size_t threads_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::move_only_function<void()>> queue_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Pool> make_posix_pool(std::size_t threads) {
    return std::make_unique<PosixPool>(std::max<std::size_t>(threads, 1));
}

}  // namespace kcore::io
