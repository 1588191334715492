#include "group/timers.h"

#include <gtest/gtest.h>

namespace kcore::group {
namespace {

struct TimersTest : testing::Test {
    // How often the timer fires as the clock goes on to `now`.
    int run_to(std::int64_t now) {
        int fired = 0;
        while (const auto event = timers.pop(now)) fired += timers.fire(timer, *event, now);
        return fired;
    }
    void set(std::int64_t due) { timers.set(timer, due, Timers::Kind::join, "g"); }

    Timers timers;
    Timer timer;
};

TEST_F(TimersTest, FiresOnceWhenDue) {
    set(100);
    EXPECT_EQ(run_to(99), 0);
    EXPECT_EQ(run_to(100), 1);
    EXPECT_FALSE(timer.is_set());
    EXPECT_EQ(run_to(1'000), 0);
    EXPECT_EQ(timers.next_ms(), kNever);
}

TEST_F(TimersTest, PuttingOffCostsNoEntry) {
    for (std::int64_t due = 100; due < 1'000; ++due) set(due);
    EXPECT_EQ(timers.next_ms(), 100);
    EXPECT_EQ(run_to(998), 0);
    EXPECT_EQ(timers.next_ms(), 999);
    EXPECT_EQ(run_to(999), 1);
}

TEST_F(TimersTest, AnEarlierDeadlineCounts) {
    set(1'000);
    set(10);
    EXPECT_EQ(run_to(10), 1);
    set(2'000);
    EXPECT_EQ(run_to(1'000), 0) << "the old entry is void";
    EXPECT_EQ(run_to(2'000), 1);
}

TEST_F(TimersTest, ACancelledTimerDoesNotFire) {
    set(10);
    timer.cancel();
    EXPECT_EQ(run_to(100), 0);
    set(200);
    EXPECT_EQ(run_to(200), 1);
}

}  // namespace
}  // namespace kcore::group
