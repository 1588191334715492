#include "io/parallel.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace kcore::io {

namespace {

// A helper may come so late that nothing is left, not even the caller: all it touches is here.
struct Share {
    std::atomic<std::size_t> next = 0;
    std::size_t count = 0;
    const std::function<void(std::size_t)>* work = nullptr;  // Valid while anything is left.
    std::mutex mutex;
    std::condition_variable all_done;
    std::size_t left = 0;

    void help() {
        for (auto i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            (*work)(i);
            const std::lock_guard lock(mutex);
            if (--left == 0) all_done.notify_all();
        }
    }
};

}  // namespace

void run_parallel(Pool& pool, std::size_t threads, std::size_t count,
                  const std::function<void(std::size_t)>& work) {
    const auto share = std::make_shared<Share>();
    share->count = share->left = count;
    share->work = &work;
    for (std::size_t n = 1; n < threads && n < count; ++n) {
        pool.submit([share] { share->help(); });
    }
    share->help();
    std::unique_lock lock(share->mutex);
    share->all_done.wait(lock, [&] { return share->left == 0; });
}

}  // namespace kcore::io
