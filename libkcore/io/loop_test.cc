#include "io/loop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "io/pool.h"
#include "io/posix.h"
#include "io/virtual_loop.h"
#include "io/wait.h"

namespace kcore::io {
namespace {

using asio::awaitable;
using std::chrono::hours;

class LoopTest : public testing::Test {
protected:
    Loop::Call note(char c) {
        return [this, c] { seen += c; };
    }
    awaitable<void> wait(Signal* signal, Deadline deadline) {
        const bool by_notice = co_await signal->wait_until(deadline);
        seen += by_notice ? 'n' : 'd';
    }
    awaitable<void> wait_twice(Signal* signal, Deadline deadline) {
        co_await wait(signal, deadline);
        co_await wait(signal, deadline);
    }

    static awaitable<void> sleep_holding(std::shared_ptr<int> /*held*/, Loop* on,
                                         Deadline deadline) {
        co_await sleep_until(*on, deadline);
    }

    VirtualClock clock;
    VirtualLoop loop{clock};
    std::string seen;
};

TEST_F(LoopTest, TimersRunInTheOrderOfTheirTimes) {
    Loop::Timer a, b, c;
    loop.call_at(a, clock.in_ms(30), note('a'));
    loop.call_at(b, clock.in_ms(10), note('b'));
    loop.call_at(c, clock.in_ms(20), note('c'));
    loop.advance(Milliseconds(25));
    EXPECT_EQ(seen, "bc");
    loop.advance(Milliseconds(5));
    EXPECT_EQ(seen, "bca");
}

TEST_F(LoopTest, SettingATimerAgainReplacesIt) {
    Loop::Timer a;
    loop.call_at(a, clock.in_ms(10), note('x'));
    loop.call_at(a, clock.in_ms(20), note('a'));
    loop.advance(Milliseconds(50));
    EXPECT_EQ(seen, "a");
}

TEST_F(LoopTest, ACancelledTimerNeverRuns) {
    Loop::Timer a, b;
    loop.call_at(b, clock.in_ms(10), note('b'));
    loop.call_at(a, clock.in_ms(5), [&] { loop.cancel(b); });
    loop.advance(Milliseconds(50));
    loop.cancel(a);
    EXPECT_EQ(seen, "");
}

TEST_F(LoopTest, ATimerMaySetItselfAgain) {
    Loop::Timer a;
    int left = 3;
    std::function<void()> tick = [&] {
        seen += 't';
        if (--left > 0) loop.call_at(a, clock.in_ms(10), [&] { tick(); });
    };
    loop.call_at(a, clock.in_ms(10), [&] { tick(); });
    loop.advance(Milliseconds(25));
    EXPECT_EQ(seen, "tt");
    loop.advance(hours(1));
    EXPECT_EQ(seen, "ttt");
}

TEST_F(LoopTest, ANotificationBeforeTheWaitIsKeptAndSeveralAreOne) {
    Signal signal(loop);
    signal.notify();
    signal.notify();
    loop.spawn(wait_twice(&signal, clock.in_ms(10)));
    loop.settle();
    EXPECT_EQ(seen, "n");
    loop.advance(Milliseconds(10));
    EXPECT_EQ(seen, "nd");
}

TEST_F(LoopTest, ANotificationEndsTheWaitOnce) {
    Signal signal(loop);
    loop.spawn(wait_twice(&signal, clock.in_ms(100)));
    loop.settle();
    signal.notify();
    loop.settle();
    EXPECT_EQ(seen, "n");
    loop.advance(Milliseconds(100));
    EXPECT_EQ(seen, "nd");
}

TEST_F(LoopTest, ANotificationBetweenWakingAndRunningIsKept) {
    Signal signal(loop);
    loop.spawn(wait_twice(&signal, kNever));
    loop.settle();
    signal.notify();
    signal.notify();
    loop.settle();
    EXPECT_EQ(seen, "nn");
}

TEST_F(LoopTest, ARemoteOutlivesItsSignal) {
    auto signal = std::make_unique<Signal>(loop);
    const auto remote = signal->remote();
    remote.notify();
    signal.reset();
    loop.settle();
    remote.notify();
    loop.settle();
    EXPECT_EQ(seen, "");
}

TEST_F(LoopTest, CoroutinesThatWaitEndWithTheirLoop) {
    const auto held = std::make_shared<int>();
    for (const auto deadline : {clock.in_ms(5), kNever}) {
        VirtualLoop brief(clock);
        brief.spawn(sleep_holding(held, &brief, deadline));
        brief.settle();
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(LoopTest, RunMovesTimeAsFarAsTheWorkTakes) {
    const auto start = clock.now();
    loop.run(sleep_until(loop, clock.in_ms(7000)));
    EXPECT_EQ(clock.now() - start, Milliseconds(7000));
}

class PosixLoopTest : public testing::Test {
protected:
    awaitable<void> finish(awaitable<void> work) {
        co_await std::move(work);
        loop.stop();
    }
    void run(awaitable<void> work) {
        loop.spawn(finish(std::move(work)));
        loop.run();
    }

    awaitable<void> short_before_long() {
        Loop::Timer late, soon;
        Signal done(loop);
        loop.call_at(late, clock.in_ms(60'000), [this] { seen += 'l'; });
        loop.call_at(soon, clock.in_ms(2), [this, &done] {
            seen += 's';
            done.notify();
        });
        co_await done.wait_until(kNever);
        loop.cancel(late);
    }

    awaitable<void> add_on_pool(int count) {
        for (int i = 0; i < count; ++i) {
            std::move_only_function<int()> work = [i] { return i; };
            const auto got = co_await on_pool<int>(loop, *pool, std::move(work));
            sum += got;
        }
    }

    PosixClock clock;
    PosixLoop loop{clock};
    std::unique_ptr<Pool> pool = make_posix_pool(2);
    std::string seen;
    int sum = 0;
};

TEST_F(PosixLoopTest, AnEarlierTimerOvertakesALaterOne) {
    run(short_before_long());
    EXPECT_EQ(seen, "s");
}

TEST_F(PosixLoopTest, WorkOnThePoolComesBackToTheLoop) {
    run(add_on_pool(200));
    EXPECT_EQ(sum, 199 * 200 / 2);
}

TEST_F(PosixLoopTest, NotificationsFromManyThreadsWakeTheLoop) {
    std::atomic<int> ran = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this, &ran] {
            for (int k = 0; k < 1000; ++k) {
                loop.post([this, &ran] {
                    if (++ran == 4000) loop.stop();
                });
            }
        });
    }
    loop.run();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(ran, 4000);
}

TEST(PosixPoolTest, QueuedWorkRunsBeforeThePoolIsGoneAlsoWhatWorkSubmits) {
    std::atomic<int> ran = 0;
    {
        auto pool = make_posix_pool(4);
        for (int i = 0; i < 200; ++i) {
            pool->submit([&ran, p = pool.get()] {
                ++ran;
                p->submit([&ran] { ++ran; });
            });
        }
    }
    EXPECT_EQ(ran, 400);
}

}  // namespace
}  // namespace kcore::io
