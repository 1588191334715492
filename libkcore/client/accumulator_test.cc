#include "client/accumulator.h"

#include <gtest/gtest.h>

#include "io/virtual_loop.h"
#include "record/scan.h"

namespace kcore::client {
namespace {

class AccumulatorTest : public testing::Test {
protected:
    AccumulatorTest() {
        config.linger_ms = 5;
        config.batch_size_bytes = 1000;
        config.is_idempotent = false;
    }

    void start(std::size_t partitions = 1) {
        accumulator = std::make_unique<Accumulator>(config, clock);
        topic = &accumulator->add("t", partitions);
    }
    Result<Accumulator::Appended> append(const std::string& value, std::int32_t partition = 0,
                                         std::uint64_t tag = 0) {
        Record record;
        record.value = as_bytes(value);
        return accumulator->append(*topic, partition, record, tag);
    }
    Accumulator::Plan drain() {
        return accumulator->drain(
            clock.now(), [this](auto&, auto) { return leader; }, [](auto) { return true; });
    }
    BatchPtr drain_one() {
        auto plan = drain();
        EXPECT_EQ(plan.requests[leader].size(), 1U);
        return plan.requests[leader].empty() ? nullptr : std::move(plan.requests[leader][0]);
    }
    void advance(std::int64_t ms) { clock.move_to(clock.now() + io::Milliseconds(ms)); }
    void finish(BatchPtr batch) {
        accumulator->landed(*batch, true);
        accumulator->done(std::move(batch));
    }
    static std::string values(const Batch& batch) {
        std::string out;
        record::Decompressor decompressor;
        const record::BatchView view(batch.bytes);
        EXPECT_TRUE(view.crc_ok());
        (void)record::for_each_record(view, decompressor, [&](const record::RecordView& one) {
            out += as_text(*one.value);
            out += ' ';
        });
        return out;
    }
    // One value a batch.
    void append_batches(int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(append(std::to_string(i) + std::string(900, '.'), 0,
                               static_cast<std::uint64_t>(i)));
        }
        advance(5);
    }

    ProducerConfig config;
    io::VirtualClock clock;
    std::unique_ptr<Accumulator> accumulator;
    TopicQueues* topic = nullptr;
    std::int32_t leader = 1;
};

TEST_F(AccumulatorTest, RecordsWaitForTheLingerTimeAndLeaveTogether) {
    start();
    EXPECT_TRUE(append("a")->is_first);
    EXPECT_FALSE(append("b")->is_first);
    auto plan = drain();
    EXPECT_TRUE(plan.requests.empty());
    EXPECT_EQ(plan.next, clock.now() + io::Milliseconds(5));
    advance(5);
    EXPECT_EQ(values(*drain_one()), "a b ");
}

TEST_F(AccumulatorTest, AFullBatchLeavesAtOnceAndTheNextRecordBeginsAnother) {
    start();
    ASSERT_TRUE(append(std::string(500, 'a')));
    const auto second = append(std::string(500, 'b'));
    EXPECT_TRUE(second->is_batch_full);
    EXPECT_TRUE(second->is_first);
    auto batch = drain_one();
    EXPECT_EQ(batch->count, 1);
    EXPECT_LE(batch->bytes.size(), 1000U);
    EXPECT_TRUE(drain().requests.empty());
}

TEST_F(AccumulatorTest, TagsComeBackWithTheirBatchInOrder) {
    start();
    for (std::uint64_t tag : {7, 8, 9}) ASSERT_TRUE(append("x", 0, tag));
    advance(5);
    EXPECT_EQ(drain_one()->tags, (std::vector<std::uint64_t>{7, 8, 9}));
}

TEST_F(AccumulatorTest, ARecordLargerThanABatchHasOneOfItsOwn) {
    start();
    ASSERT_TRUE(append("a"));
    EXPECT_TRUE(append(std::string(5000, 'b'))->is_batch_full);
    EXPECT_TRUE(append("c")->is_batch_full);
    EXPECT_EQ(values(*drain_one()), "a ");
}

TEST_F(AccumulatorTest, ARecordAboveTheLimitOfARequestIsRefused) {
    config.max_request_size_bytes = 2000;
    start();
    EXPECT_EQ(append(std::string(2000, 'x')).error().code, Errc::message_too_large);
    EXPECT_EQ(append("x", 3).error().code, Errc::unknown_topic_or_partition);
    EXPECT_FALSE(accumulator->has_waiting());
}

TEST_F(AccumulatorTest, WithoutRoomInTheBufferTheCallerWaitsForItsLimitAndIsRefused) {
    config.buffer_memory_bytes = 100;
    config.delivery_timeout_ms = 0;
    start();
    ASSERT_TRUE(append(std::string(200, 'a')));
    EXPECT_EQ(append("b").error().code, Errc::request_timed_out);
}

TEST_F(AccumulatorTest, AFullBufferMakesBatchesDueAndDoneOnesMakeRoom) {
    config.buffer_memory_bytes = 100;
    config.delivery_timeout_ms = 0;
    start();
    ASSERT_TRUE(append(std::string(200, 'a')));
    auto plan = drain();
    // Its time was up at once with this limit: what expires frees its room too.
    ASSERT_EQ(plan.requests.size() + plan.expired.size(), 1U);
    auto batch = plan.expired.empty() ? std::move(plan.requests[1][0]) : std::move(plan.expired[0]);
    accumulator->done(std::move(batch));
    EXPECT_TRUE(append("b"));
}

TEST_F(AccumulatorTest, OneBatchAPartitionGoesIntoARequest) {
    start(3);
    for (std::int32_t partition : {0, 1, 2}) ASSERT_TRUE(append("x", partition));
    advance(5);
    EXPECT_EQ(drain().requests[1].size(), 3U);
}

TEST_F(AccumulatorTest, WithoutALeaderBatchesStayAndExpire) {
    config.delivery_timeout_ms = 100;
    start();
    ASSERT_TRUE(append("a"));
    leader = -1;
    advance(5);
    auto plan = drain();
    EXPECT_TRUE(plan.lacks_leader);
    EXPECT_TRUE(plan.requests.empty());
    advance(95);
    EXPECT_EQ(drain().expired.size(), 1U);
}

TEST_F(AccumulatorTest, WhatComesBackInAnyOrderLeavesInTheOldOne) {
    start();
    append_batches(4);
    std::vector<BatchPtr> flying;
    for (int i = 0; i < 3; ++i) flying.push_back(drain_one());
    for (const auto index : {1, 2, 0}) {
        accumulator->give_back(std::move(flying[static_cast<std::size_t>(index)]), clock.now());
        const bool is_last = index == 0;
        if (!is_last) {
            EXPECT_TRUE(drain().requests.empty());
        }
    }
    for (char expected : {'0', '1', '2', '3'}) EXPECT_EQ(values(*drain_one())[0], expected);
}

TEST_F(AccumulatorTest, ARecoveringPartitionWaitsForWhatIsInFlightAndForItsBackoff) {
    start();
    append_batches(3);
    auto first = drain_one();
    auto second = drain_one();
    accumulator->give_back(std::move(first), clock.now() + io::Milliseconds(50));
    advance(60);
    EXPECT_TRUE(drain().requests.empty());
    finish(std::move(second));
    EXPECT_EQ(values(*drain_one())[0], '0');
}

class SequenceTest : public AccumulatorTest {
protected:
    SequenceTest() { config.is_idempotent = true; }
    void begin(int batches) {
        start();
        accumulator->set_producer(77, 3);
        append_batches(batches);
    }
    // Epoch and sequence of what leaves next.
    std::string next() {
        auto plan = drain();
        if (plan.requests[leader].empty()) return "nothing";
        flying.push_back(std::move(plan.requests[leader][0]));
        const record::BatchView view(flying.back()->bytes);
        EXPECT_TRUE(view.crc_ok());
        EXPECT_EQ(view.producer_id(), 77);
        return values(*flying.back()).substr(0, 1) + ":" + std::to_string(view.producer_epoch()) +
               "/" + std::to_string(view.base_sequence());
    }
    BatchPtr take(std::size_t index) {
        auto out = std::move(flying[index]);
        flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(index));
        return out;
    }
    std::vector<BatchPtr> flying;
};

TEST_F(SequenceTest, NothingLeavesWithoutAProducerIdAndSequencesCountRecords) {
    start();
    EXPECT_FALSE(accumulator->needs_producer());
    ASSERT_TRUE(append("a"));
    EXPECT_TRUE(accumulator->needs_producer());
    accumulator->set_producer(77, 3);
    ASSERT_TRUE(append("b"));
    advance(5);
    EXPECT_EQ(next(), "a:3/0");
    ASSERT_TRUE(append("c"));
    advance(5);
    EXPECT_EQ(next(), "c:3/2");
}

TEST_F(SequenceTest, ARetryKeepsEpochAndSequence) {
    begin(2);
    EXPECT_EQ(next(), "0:3/0");
    EXPECT_EQ(next(), "1:3/1");
    accumulator->give_back(take(1), clock.now());
    accumulator->give_back(take(0), clock.now());
    EXPECT_EQ(next(), "0:3/0");
    EXPECT_EQ(next(), "1:3/1");
}

TEST_F(SequenceTest, AGapIsWaitedForWhileSomethingEarlierIsPending) {
    begin(2);
    next();
    next();
    accumulator->give_back_out_of_order(take(1), clock.now());
    accumulator->give_back(take(0), clock.now());
    EXPECT_EQ(next(), "0:3/0");
    EXPECT_EQ(next(), "1:3/1");
}

TEST_F(SequenceTest, TheOldestOutOfOrderBeginsTheNextEpoch) {
    begin(3);
    next();
    next();
    accumulator->give_back_out_of_order(take(0), clock.now());
    EXPECT_EQ(next(), "nothing");  // One of the old epoch is in flight.
    accumulator->give_back_out_of_order(take(0), clock.now());
    EXPECT_EQ(next(), "0:4/0");
    EXPECT_EQ(next(), "1:4/1");
    EXPECT_EQ(next(), "2:4/2");
}

TEST_F(SequenceTest, AfterAFailureWhatFollowsCountsAnewInOrder) {
    begin(4);
    for (int i = 0; i < 3; ++i) next();
    auto failed = take(0);
    accumulator->landed(*failed, false);
    accumulator->done(std::move(failed));
    accumulator->give_back_out_of_order(take(0), clock.now());  // 1
    accumulator->give_back_out_of_order(take(0), clock.now());  // 2
    EXPECT_EQ(next(), "1:4/0");
    EXPECT_EQ(next(), "2:4/1");
    EXPECT_EQ(next(), "3:4/2");
}

TEST_F(SequenceTest, EpochsDoNotMixInFlight) {
    begin(4);
    for (int i = 0; i < 3; ++i) next();
    auto failed = take(0);
    accumulator->landed(*failed, false);
    accumulator->done(std::move(failed));
    accumulator->give_back(take(0), clock.now());  // Nobody knows whether 1 arrived.
    accumulator->give_back_out_of_order(take(0), clock.now());
    EXPECT_EQ(next(), "1:3/1");
    EXPECT_EQ(next(), "nothing");
    finish(take(0));
    EXPECT_EQ(next(), "2:4/0");
}

TEST_F(SequenceTest, ANewLeaderGetsNothingWhileTheOldOneHasSomething) {
    begin(3);
    EXPECT_EQ(next(), "0:3/0");
    EXPECT_EQ(next(), "1:3/1");
    leader = 2;
    EXPECT_EQ(next(), "nothing");
    accumulator->give_back(take(1), clock.now());
    EXPECT_EQ(next(), "nothing");
    accumulator->give_back(take(0), clock.now());
    EXPECT_EQ(next(), "0:3/0");
    EXPECT_EQ(next(), "1:3/1");
    EXPECT_EQ(next(), "2:3/2");
}

TEST_F(SequenceTest, TheLastEpochAsksForANewProducer) {
    start();
    accumulator->set_producer(77, 32767);
    append_batches(1);
    next();
    accumulator->give_back_out_of_order(take(0), clock.now());
    EXPECT_TRUE(accumulator->needs_producer());
}

TEST_F(SequenceTest, HalvesTakeOverSequencesAndTags) {
    config.batch_size_bytes = 100000;
    start();
    accumulator->set_producer(77, 3);
    for (std::uint64_t tag = 0; tag < 5; ++tag) {
        ASSERT_TRUE(append(std::string(1, static_cast<char>('a' + tag)), 0, tag));
    }
    advance(5);
    EXPECT_EQ(next(), "a:3/0");
    auto batch = take(0);
    ASSERT_TRUE(accumulator->split(batch));
    EXPECT_EQ(next(), "a:3/0");
    EXPECT_EQ(next(), "c:3/2");
    EXPECT_EQ(values(*flying[0]) + "| " + values(*flying[1]), "a b | c d e ");
    EXPECT_EQ(flying[0]->tags, (std::vector<std::uint64_t>{0, 1}));
    EXPECT_EQ(flying[1]->tags, (std::vector<std::uint64_t>{2, 3, 4}));
    finish(take(0));
    finish(take(0));
    EXPECT_TRUE(accumulator->wait_empty(clock.now()));
}

TEST_F(SequenceTest, OneRecordCannotBeHalved) {
    begin(1);
    next();
    auto batch = take(0);
    EXPECT_FALSE(accumulator->split(batch));
    ASSERT_TRUE(batch);
    finish(std::move(batch));
}

}  // namespace
}  // namespace kcore::client
