// Power cuts at any moment of a workload, with any part of what was not synced: the log starts
// without help, what was acknowledged and flushed is there, and nothing is that was never appended.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "io/fault_disk.h"
#include "log/test_log.h"
#include "record/scan.h"

namespace kcore::log {
namespace {

using io::SeededRandom;
using testing::batch;
using testing::Broker;

// A batch, and the moments when it was handed over and when it was known to be durable.
struct Written {
    Bytes bytes;
    std::int64_t base_offset = 0;
    std::int64_t last_offset = 0;
};

// What must hold from some moment on.
struct Promise {
    std::size_t effects = 0;   // The moment.
    std::int64_t durable = 0;  // Everything below this offset was flushed.
};

// By the seed of the workload.
class CrashTest : public ::testing::TestWithParam<std::uint64_t> {
protected:
    void configure(Broker& broker) const {
        broker.config_.flush_messages = flush_messages_;
        broker.config_.segment_bytes = 3'000;
        broker.config_.index_interval_bytes = 200;
    }

    void append(Broker& broker, SeededRandom& random) {
        const auto producer = static_cast<std::int64_t>(random.below(3));
        auto& sequence = sequences_[producer];
        const auto records = 1 + static_cast<int>(random.below(4));
        auto bytes = batch({.records = records,
                            .timestamp = 1'000 + 10 * static_cast<std::int64_t>(all_.size()),
                            .producer_id = producer,
                            .sequence = sequence,
                            .value_bytes = random.below(400),
                            .fill = random.below(4) == 0 ? '\0' : 'v'});
        const auto appended =
            broker.log().append_as_leader(bytes, Origin::client, epoch_, broker.now_ms_);
        ASSERT_TRUE(appended) << appended.error().what;
        sequence += records;
        all_.push_back({bytes, appended->base_offset, appended->last_offset});
    }

    void promise() { promises_.push_back({disk_.effects(), broker_.log().recovery_point()}); }

    void work(std::uint64_t seed) {
        SeededRandom random(seed);
        ASSERT_TRUE(broker_.open());
        opened_ = disk_.effects();
        for (int i = 0; i < 60; ++i) {
            append(broker_, random);
            if (random.below(6) == 0) {
                ASSERT_TRUE(broker_.flush());
                promise();
            }
            if (random.below(12) == 0) {
                ASSERT_TRUE(broker_.dir().write_recovery_points());
            }
            if (random.below(20) == 0) broker_.log().release();
            if (random.below(25) == 0) broker_.log().assign_epoch(++epoch_);
            if (random.below(40) == 0) {
                ASSERT_TRUE(broker_.stop());
                ASSERT_TRUE(broker_.open());
                promise();
            }
        }
    }

    // Each acknowledgment waits for the flush, and the next batch for the acknowledgment.
    void work_flushing(std::uint64_t seed) {
        SeededRandom random(seed);
        ASSERT_TRUE(broker_.open());
        opened_ = disk_.effects();
        for (int i = 0; i < 40; ++i) {
            append(broker_, random);
            ASSERT_TRUE(broker_.flush());
            promise();
        }
    }

    std::int64_t durable_at(std::size_t effects) const {
        std::int64_t durable = 0;
        for (const auto& promise : promises_) {
            if (promise.effects <= effects) durable = promise.durable;
        }
        return durable;
    }

    void expect_a_prefix(Broker& broker, std::int64_t durable) {
        const auto end = broker.log().log_end_offset();
        EXPECT_GE(end, durable);
        Bytes expected;
        std::int64_t expected_end = 0;
        std::map<std::int64_t, std::int32_t> next_sequence;
        for (const auto& written : all_) {
            if (written.last_offset >= end) break;
            const auto header = *read_batch_header(written.bytes);
            next_sequence[header.producer_id] = header.last_sequence() + 1;
            expected_end = written.last_offset + 1;
            kcore::append(expected, written.bytes);
        }
        EXPECT_EQ(end, expected_end) << "ends inside a batch";
        EXPECT_EQ(broker.read_all(0), expected);
        for (const auto& [producer, next] : next_sequence) {
            ASSERT_NE(broker.log().producers(), nullptr);
            EXPECT_EQ(broker.log().producers()->producers().at(producer).last_sequence() + 1, next);
        }
    }

    // Every batch is found by its offset and by its time.
    void expect_indexes_right(Broker& broker) {
        for (const auto& written : all_) {
            if (written.last_offset >= broker.log().log_end_offset()) break;
            const auto read = broker.log().read({.offset = written.last_offset,
                                                 .up_to = broker.log().log_end_offset(),
                                                 .max_bytes = 1});
            ASSERT_TRUE(read) << read.error().what;
            Bytes found(read->slice.size_bytes);
            ASSERT_TRUE(read->slice.file->read(read->slice.position, found));
            ASSERT_EQ(found, written.bytes);
            const auto time = read_batch_header(written.bytes)->max_timestamp;
            const auto at = broker.log().offset_for_timestamp(time);
            ASSERT_TRUE(at && *at);
            EXPECT_EQ((*at)->offset, written.last_offset);
        }
    }

    void expect_recovers(io::Disk& disk, std::int64_t durable) {
        Broker broker(disk);
        configure(broker);
        const auto opened = broker.open();
        ASSERT_TRUE(opened) << opened.error().what;
        expect_a_prefix(broker, durable);
        expect_indexes_right(broker);
        // And goes on, through another crash that loses nothing.
        const auto next = broker.log().log_end_offset();
        ASSERT_EQ(broker.append({.records = 2})->base_offset, next);
        ASSERT_TRUE(broker.flush());
        const auto all = broker.read_all(0);
        broker.crash();
        ASSERT_TRUE(broker.open());
        EXPECT_EQ(broker.read_all(0), all);
    }

    void expect_any_crash_recovers() {
        for (std::uint64_t seed = 1; seed <= 150; ++seed) {
            SeededRandom random(seed);
            const auto at = opened_ + random.below(disk_.effects() - opened_ + 1);
            SCOPED_TRACE(fmt::format("seed {}, after effect {}", seed, at));
            expect_recovers(*disk_.crashed(at, random), durable_at(at));
            if (HasFailure()) return;
        }
    }

    io::MemoryDisk memory_;
    io::FaultDisk disk_{memory_};
    Broker broker_{disk_};
    std::int64_t flush_messages_ = kForever;
    std::size_t opened_ = 0;
    std::int32_t epoch_ = 0;
    std::map<std::int64_t, std::int32_t> sequences_;
    std::vector<Written> all_;
    std::vector<Promise> promises_;
};

INSTANTIATE_TEST_SUITE_P(Workloads, CrashTest, ::testing::Range<std::uint64_t>(1, 9));

TEST_P(CrashTest, AnyCrashLeavesAPrefixWithAllThatWasFlushed) {
    configure(broker_);
    work(GetParam());
    ASSERT_FALSE(HasFailure());
    expect_any_crash_recovers();
}

TEST_P(CrashTest, ACrashWhereAcknowledgmentsWaitForFlushesIsNoDamage) {
    flush_messages_ = 1;
    configure(broker_);
    work_flushing(GetParam());
    ASSERT_FALSE(HasFailure());
    expect_any_crash_recovers();
}

}  // namespace
}  // namespace kcore::log
