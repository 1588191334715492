#include "io/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "io/posix.h"

namespace kcore::io {
namespace {

TEST(ParallelTest, EveryThingIsWorkedOnOnceWhoeverHelps) {
    for (const std::size_t threads : {1, 2, 4}) {
        const auto pool = make_posix_pool(3);
        std::vector<std::atomic<int>> calls(100);
        run_parallel(*pool, threads, calls.size(), [&](std::size_t i) { ++calls[i]; });
        for (const auto& times : calls) EXPECT_EQ(times, 1);
    }
}

// Keeps what it was given: a pool all of whose threads are busy.
class BusyPool : public Pool {
public:
    void submit(std::move_only_function<void()> work) override { kept.push_back(std::move(work)); }
    std::vector<std::move_only_function<void()>> kept;
};

TEST(ParallelTest, HelpersThatComeTooLateFindNothing) {
    BusyPool pool;
    int calls = 0;
    run_parallel(pool, 3, 5, [&](std::size_t) { ++calls; });
    EXPECT_EQ(calls, 5);
    ASSERT_EQ(pool.kept.size(), 2U);
    for (auto& late : pool.kept) late();
    EXPECT_EQ(calls, 5);
    run_parallel(pool, 3, 0, [&](std::size_t) { ++calls; });
    EXPECT_EQ(calls, 5);
}

}  // namespace
}  // namespace kcore::io
