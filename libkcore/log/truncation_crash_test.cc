// Power cuts around truncations: what was cut off does not come back beside what was appended
// instead, in whatever order the disk wrote.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "io/fault_disk.h"
#include "log/test_log.h"

namespace kcore::log {
namespace {

using io::SeededRandom;
using testing::batch;
using testing::Broker;

// The log as it went on between two truncations; a crash may show it from the moment the first one
// began until the second one had returned.
struct History {
    std::size_t from = 0;
    std::size_t until = std::numeric_limits<std::size_t>::max();
    Bytes bytes;
    std::int64_t end = 0;
};

struct Promise {
    std::size_t effects = 0;
    std::int64_t durable = 0;
};

class TruncationCrashTest : public ::testing::TestWithParam<std::uint64_t> {
protected:
    static void configure(Broker& broker) {
        broker.config_.segment_bytes = 2'000;
        broker.config_.index_interval_bytes = 200;
        broker.config_.file_delete_delay_ms = 0;
    }

    void append(SeededRandom& random) {
        auto bytes = batch({.records = 1 + static_cast<int>(random.below(3)),
                            .producer_id = static_cast<std::int64_t>(histories_.size()),
                            .sequence = sequence_,
                            .value_bytes = random.below(300)});
        const auto appended = broker_.log().append_as_leader(
            bytes, Origin::client, static_cast<std::int32_t>(histories_.size()), 0);
        ASSERT_TRUE(appended) << appended.error().what;
        sequence_ += static_cast<std::int32_t>(appended->last_offset - appended->base_offset) + 1;
        auto& now = histories_.back();
        kcore::append(now.bytes, bytes);
        now.end = appended->last_offset + 1;
    }

    void truncate(SeededRandom& random) {
        const auto to = static_cast<std::int64_t>(
            random.below(static_cast<std::uint64_t>(histories_.back().end) + 1));
        const auto began = disk_.effects();
        promises_.push_back({began, 0});
        if (random.below(5) == 0) {
            ASSERT_TRUE(broker_.log().truncate_fully_and_start_at(0, 0));
        } else {
            ASSERT_TRUE(broker_.log().truncate_to(to, 0));
        }
        histories_.back().until = disk_.effects();
        histories_.push_back(
            {.from = began, .bytes = broker_.read_all(0), .end = broker_.log().log_end_offset()});
        sequence_ = 0;
        promises_.push_back({disk_.effects(), broker_.log().recovery_point()});
    }

    void work() {
        SeededRandom random(GetParam());
        ASSERT_TRUE(broker_.open());
        histories_.push_back({.from = disk_.effects(), .bytes = {}});
        for (int i = 0; i < 60; ++i) {
            append(random);
            if (random.below(5) == 0) {
                ASSERT_TRUE(broker_.flush());
                promises_.push_back({disk_.effects(), broker_.log().recovery_point()});
            }
            if (random.below(10) == 0) {
                ASSERT_TRUE(broker_.dir().write_recovery_points());
            }
            if (random.below(8) == 0) truncate(random);
            if (random.below(8) == 0) broker_.dir().storage().purge(1);
        }
    }

    io::MemoryDisk memory_;
    io::FaultDisk disk_{memory_};
    Broker broker_{disk_};
    std::int32_t sequence_ = 0;
    std::vector<History> histories_;
    std::vector<Promise> promises_;
};

INSTANTIATE_TEST_SUITE_P(Workloads, TruncationCrashTest, ::testing::Range<std::uint64_t>(1, 9));

TEST_P(TruncationCrashTest, ACrashShowsOneHistoryOnly) {
    configure(broker_);
    work();
    ASSERT_FALSE(HasFailure());
    const auto first = histories_.front().from;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SeededRandom random(seed);
        const auto at = first + random.below(disk_.effects() - first + 1);
        SCOPED_TRACE(fmt::format("seed {}, after effect {}", seed, at));
        const auto image = disk_.crashed(at, random);
        Broker broker(*image);
        configure(broker);
        const auto opened = broker.open();
        ASSERT_TRUE(opened) << opened.error().what;
        const auto found = broker.read_all(0);
        const bool is_a_prefix = std::ranges::any_of(histories_, [&](const History& history) {
            return history.from <= at && at <= history.until &&
                   found.size() <= history.bytes.size() &&
                   std::ranges::equal(found, BytesView(history.bytes).first(found.size()));
        });
        EXPECT_TRUE(is_a_prefix);
        std::int64_t durable = 0;
        for (const auto& promise : promises_) {
            if (promise.effects <= at) durable = promise.durable;
        }
        EXPECT_GE(broker.log().log_end_offset(), durable);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace kcore::log
