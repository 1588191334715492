#include "log/log.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "log/test_log.h"

namespace kcore::log {
namespace {

using testing::batch;
using testing::BatchSpec;
using testing::Broker;
using testing::marker;

class LogTest : public ::testing::Test {
protected:
    void open() { ASSERT_TRUE(broker_.open()); }
    Log& log() { return broker_.log(); }
    std::int64_t append(const BatchSpec& spec) {
        const auto appended = broker_.append(spec);
        EXPECT_TRUE(appended) << appended.error().what;
        return appended ? appended->base_offset : -1;
    }
    bool exists(const std::string& name) {
        return disk_.stat("/data/orders-0/" + name)->has_value();
    }
    void restart() {
        ASSERT_TRUE(broker_.stop());
        open();
    }
    Result<LogRead> read(std::int64_t offset, std::size_t max_bytes = 1 << 20) {
        return log().read(
            {.offset = offset, .up_to = log().log_end_offset(), .max_bytes = max_bytes});
    }

    io::MemoryDisk disk_;
    Broker broker_{disk_};
};

TEST_F(LogTest, OffsetsAndLeaderEpochAreStampedInPlace) {
    open();
    EXPECT_EQ(append({.records = 3}), 0);
    auto bytes = batch({.records = 2});
    ASSERT_TRUE(log().append_as_leader(bytes, Origin::client, 7, 0));
    const record::BatchView stamped(bytes);
    EXPECT_EQ(stamped.base_offset(), 3);
    EXPECT_EQ(stamped.leader_epoch(), 7);
    EXPECT_TRUE(stamped.crc_ok());
    EXPECT_EQ(log().log_end_offset(), 5);
    EXPECT_EQ(log().epochs().entries(), (std::vector<EpochEntry>{{0, 0}, {7, 3}}));
}

TEST_F(LogTest, WhatIsReadIsWhatWasAppended) {
    open();
    Bytes all;
    for (int i = 0; i < 50; ++i) {
        auto bytes = batch({.records = 1 + i % 3, .value_bytes = 300});
        ASSERT_TRUE(log().append_as_leader(bytes, Origin::client, 0, 0));
        kcore::append(all, bytes);
    }
    EXPECT_EQ(broker_.read_all(0), all);
    restart();
    EXPECT_EQ(broker_.read_all(0), all);
}

TEST_F(LogTest, AReadBeginsWithTheBatchThatHoldsTheOffset) {
    open();
    append({.records = 10});
    append({.records = 10});
    const auto read = LogTest::read(15);
    ASSERT_TRUE(read);
    EXPECT_GT(read->slice.position, 0U);
    Bytes bytes(read->slice.size_bytes);
    ASSERT_TRUE(read->slice.file->read(read->slice.position, bytes));
    EXPECT_EQ(record::BatchView(bytes).base_offset(), 10);
}

TEST_F(LogTest, TheFirstBatchComesWholeHoweverSmallTheLimit) {
    open();
    append({.value_bytes = 1'000});
    append({});
    EXPECT_GT(read(0, 10)->slice.size_bytes, 1'000U);
    const auto strict =
        log().read({.offset = 0, .up_to = 2, .max_bytes = 10, .at_least_one_batch = false});
    EXPECT_EQ(strict->slice.size_bytes, 0U);
    EXPECT_EQ(read(0, 1'100)->slice.size_bytes, 1'100U);
}

TEST_F(LogTest, AReadEndsBelowItsLimit) {
    open();
    for (int i = 0; i < 40; ++i) append({.records = 2});
    const auto all = read(0)->slice.size_bytes;
    const auto some = log().read({.offset = 0, .up_to = 20, .max_bytes = 1 << 20});
    EXPECT_EQ(some->slice.size_bytes, all / 4);
    EXPECT_EQ(log().read({.offset = 20, .up_to = 20, .max_bytes = 1})->slice.size_bytes, 0U);
}

TEST_F(LogTest, OffsetsOutsideTheLogAreOutOfRange) {
    open();
    append({.records = 10});
    log().set_high_watermark(10);
    ASSERT_TRUE(log().set_log_start_offset(5));
    EXPECT_EQ(read(4).error().code, Errc::offset_out_of_range);
    EXPECT_EQ(read(11).error().code, Errc::offset_out_of_range);
    EXPECT_TRUE(read(10));
    EXPECT_EQ(log().set_log_start_offset(11).error().code, Errc::offset_out_of_range);
}

TEST_F(LogTest, SeveralSubmissionsGoInOneWriteWithTheirOwnResults) {
    open();
    auto first = batch({.records = 2, .producer_id = 1});
    auto gap = batch({.producer_id = 1, .sequence = 9});
    auto second = batch({.records = 3, .producer_id = 2});
    Submission submissions[] = {{.batches = first, .origin = Origin::client, .result = {}},
                                {.batches = gap, .origin = Origin::client, .result = {}},
                                {.batches = second, .origin = Origin::client, .result = {}}};
    log().append_as_leader(submissions, 0, 0);
    EXPECT_EQ(submissions[0].result->base_offset, 0);
    EXPECT_EQ(submissions[1].result.error().code, Errc::out_of_order_sequence_number);
    EXPECT_EQ(submissions[2].result->base_offset, 2);
    EXPECT_EQ(submissions[2].result->last_offset, 4);
    EXPECT_EQ(log().log_end_offset(), 5);
}

TEST_F(LogTest, ASegmentRollsAtItsSize) {
    broker_.config_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 10; ++i) append({.value_bytes = 400});
    EXPECT_TRUE(exists("00000000000000000000.log"));
    EXPECT_TRUE(exists("00000000000000000002.log"));
    EXPECT_TRUE(exists("00000000000000000008.log"));
    EXPECT_EQ(broker_.append({.value_bytes = 1'000}).error().code, Errc::record_list_too_large);
}

TEST_F(LogTest, ASegmentRollsWhenItsFirstBatchIsOld) {
    broker_.config_.segment_ms = 100;
    open();
    append({.timestamp = 1'000});
    append({.timestamp = 1'100});
    EXPECT_FALSE(exists("00000000000000000002.log"));
    append({.timestamp = 1'101});
    EXPECT_TRUE(exists("00000000000000000002.log"));
}

TEST_F(LogTest, ASegmentRollsWhenAnIndexIsFull) {
    broker_.config_.segment_index_bytes = 36;  // Four offsets, three times with the last.
    broker_.config_.index_interval_bytes = 0;
    open();
    for (int i = 0; i < 4; ++i) append({.timestamp = 1'000 + i});
    EXPECT_TRUE(exists("00000000000000000003.log"));
}

TEST_F(LogTest, AnIndexOfManyBlocksFindsEveryOffsetAndTime) {
    broker_.config_.index_interval_bytes = 0;
    open();
    const int batches = 2'000;  // Four blocks of offsets, six of times.
    for (int i = 0; i < batches; ++i) append({.records = 2, .timestamp = 1'000 + 10 * i});
    log().release();
    const auto expect_found = [&](int i) {
        const auto read = LogTest::read(2 * i + 1, 1);
        ASSERT_TRUE(read);
        EXPECT_EQ(broker_.read_batch(*read).base_offset, 2 * i);
        const auto at = log().offset_for_timestamp(1'000 + 10 * i);
        ASSERT_TRUE(at && *at);
        EXPECT_EQ((*at)->offset, 2 * i);
    };
    for (int i = 0; i < batches; ++i) expect_found(i);
    for (int i = 0; i < batches; ++i) expect_found((i * 769) % batches);
    restart();
    for (int i = batches - 1; i >= 0; --i) expect_found(i);
}

TEST_F(LogTest, ARollLeavesFlushSnapshotAndIndexesToTheNextFlush) {
    broker_.config_.segment_bytes = 1'000;
    broker_.config_.index_interval_bytes = 100;
    open();
    for (int i = 0; i < 4; ++i) append({.producer_id = 1, .sequence = i, .value_bytes = 400});
    EXPECT_FALSE(exists("00000000000000000002.snapshot"));
    ASSERT_TRUE(log().is_flush_due(0));
    ASSERT_TRUE(broker_.flush());
    EXPECT_TRUE(exists("00000000000000000002.snapshot"));
    EXPECT_EQ(disk_.stat("/data/orders-0/00000000000000000000.index")->value().size_bytes, 8U);
    EXPECT_EQ(log().recovery_point(), 4);
    EXPECT_FALSE(log().is_flush_due(0));
}

TEST_F(LogTest, WhileAFlushRunsTheNextCollects) {
    broker_.config_.flush_messages = 1;
    open();
    append({});
    ASSERT_TRUE(log().is_flush_due(0));
    const auto first = log().begin_flush();
    append({});
    EXPECT_FALSE(log().is_flush_due(0));
    EXPECT_EQ(log().begin_flush(), nullptr);
    first->run();
    log().finish_flush(*first);
    EXPECT_EQ(log().recovery_point(), 1);
    ASSERT_TRUE(log().is_flush_due(0));
    ASSERT_TRUE(broker_.flush());
    EXPECT_EQ(log().recovery_point(), 2);
}

TEST_F(LogTest, FlushMsCountsFromTheOldestUnflushedBatch) {
    broker_.config_.flush_ms = 100;
    open();
    ASSERT_TRUE(broker_.flush());
    EXPECT_FALSE(log().is_flush_due(1'000'000));
    append({});
    EXPECT_FALSE(log().is_flush_due(broker_.now_ms_ + 99));
    EXPECT_TRUE(log().is_flush_due(broker_.now_ms_ + 100));
}

TEST_F(LogTest, AnEpochIsWrittenWithItsFirstRecord) {
    const auto checkpoint = [&] {
        const auto bytes = read_file(disk_, "/data/orders-0/leader-epoch-checkpoint");
        return std::string(as_text(**bytes));
    };
    open();
    append({});
    restart();
    log().assign_epoch(5);
    EXPECT_EQ(log().begin_flush(), nullptr);
    restart();
    EXPECT_EQ(checkpoint(), "0\n1\n0 0\n");
    log().assign_epoch(7);
    ASSERT_TRUE(broker_.append({}, 7));
    restart();
    EXPECT_EQ(checkpoint(), "0\n2\n0 0\n7 1\n");
}

TEST_F(LogTest, ATruncationDuringAFlushIsNotUndoneByIt) {
    broker_.config_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 6; ++i) append({.value_bytes = 400});
    const auto work = log().begin_flush();
    ASSERT_TRUE(log().truncate_to(1, 0));
    work->run();
    log().finish_flush(*work);
    EXPECT_EQ(log().recovery_point(), 0);
    EXPECT_FALSE(exists("00000000000000000002.snapshot"));
    EXPECT_EQ(append({}), 1);
    EXPECT_TRUE(log().begin_flush());
}

TEST_F(LogTest, TruncationCutsOffsetsEpochsAndProducers) {
    broker_.config_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(broker_.append({.producer_id = 1, .sequence = i, .value_bytes = 400}, i / 2));
    }
    log().set_high_watermark(6);
    ASSERT_TRUE(log().truncate_to(3, 0));
    EXPECT_EQ(log().log_end_offset(), 3);
    EXPECT_EQ(log().high_watermark(), 3);
    EXPECT_EQ(log().epochs().entries(), (std::vector<EpochEntry>{{0, 0}, {1, 2}}));
    EXPECT_EQ(log().producers()->producers().at(1).last_sequence(), 2);
    EXPECT_FALSE(exists("00000000000000000004.log"));
    EXPECT_EQ(append({.producer_id = 1, .sequence = 3}), 3);
    const auto before = broker_.read_all(0);
    broker_.crash();
    open();
    EXPECT_EQ(broker_.read_all(0), before);
}

TEST_F(LogTest, TruncatingInsideABatchDropsAllOfIt) {
    open();
    append({.records = 5});
    append({.records = 5});
    ASSERT_TRUE(log().truncate_to(7, 0));
    EXPECT_EQ(log().log_end_offset(), 5);
}

TEST_F(LogTest, ALogCanBeEmptiedToStartElsewhere) {
    open();
    append({.records = 5, .producer_id = 3});
    ASSERT_TRUE(log().truncate_fully_and_start_at(100, 0));
    EXPECT_EQ(log().log_start_offset(), 100);
    EXPECT_EQ(log().high_watermark(), 100);
    EXPECT_EQ(log().producers(), nullptr);
    EXPECT_EQ(append({}), 100);
    restart();
    EXPECT_EQ(log().log_start_offset(), 100);
    EXPECT_EQ(log().log_end_offset(), 101);
}

TEST_F(LogTest, SegmentsBelowTheLogStartGoAndAreUnlinkedLater) {
    broker_.config_.segment_bytes = 1'000;
    open();
    for (int i = 0; i < 6; ++i) append({.value_bytes = 400});
    log().set_high_watermark(6);
    ASSERT_TRUE(log().set_log_start_offset(3));
    EXPECT_EQ(*log().drop_old_segments(500), 1U);
    EXPECT_EQ(log().marks()->first_segment_offset, 2);
    EXPECT_TRUE(exists("00000000000000000000.log.deleted"));
    log().storage().purge(500 + 59'999);
    EXPECT_TRUE(exists("00000000000000000000.log.deleted"));
    log().storage().purge(500 + 60'000);
    EXPECT_FALSE(exists("00000000000000000000.log.deleted"));
    restart();
    EXPECT_EQ(log().log_start_offset(), 3);
    EXPECT_EQ(log().epochs().entries(), (std::vector<EpochEntry>{{0, 3}}));
}

TEST_F(LogTest, AFollowerKeepsOffsetsAndEpochsAndLeavesAPartialBatch) {
    open();
    auto bytes = batch({.records = 4, .base_offset = 10, .leader_epoch = 3});
    const auto whole = bytes.size();
    kcore::append(bytes, batch({.base_offset = 20, .leader_epoch = 5}));
    kcore::append(bytes, BytesView(batch({.base_offset = 21})).first(30));
    const auto appended = log().append_as_follower(bytes, 0);
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended->base_offset, 10);
    EXPECT_EQ(log().log_end_offset(), 21);
    EXPECT_EQ(log().end_of_epoch(4), (EpochEnd{3, 20}));
    EXPECT_EQ(log().append_as_follower(bytes, 0).error().code, Errc::offset_out_of_range);
    auto bad = batch({.base_offset = 30});
    bad.back() ^= std::byte{1};
    EXPECT_EQ(log().append_as_follower(bad, 0).error().code, Errc::corrupt_message);
    EXPECT_EQ(log().size_bytes(), whole + batch({}).size());
}

TEST_F(LogTest, ARepeatedBatchIsAnsweredWithItsFirstOffsets) {
    open();
    for (int i = 0; i < 6; ++i) append({.records = 2, .producer_id = 9, .sequence = 2 * i});
    for (int i = 1; i < 6; ++i) {
        const auto again = broker_.append({.records = 2, .producer_id = 9, .sequence = 2 * i});
        ASSERT_TRUE(again);
        EXPECT_TRUE(again->is_duplicate);
        EXPECT_EQ(again->base_offset, 2 * i);
        EXPECT_EQ(again->last_offset, 2 * i + 1);
    }
    EXPECT_EQ(broker_.append({.records = 2, .producer_id = 9, .sequence = 0}).error().code,
              Errc::out_of_order_sequence_number);
    EXPECT_EQ(log().log_end_offset(), 12);
}

TEST_F(LogTest, ADuplicateIsKnownAfterARestart) {
    open();
    append({.producer_id = 9, .sequence = 0});
    append({.producer_id = 9, .sequence = 1});
    restart();
    const auto again = broker_.append({.producer_id = 9, .sequence = 1});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->is_duplicate);
    EXPECT_EQ(again->base_offset, 1);
    EXPECT_EQ(append({.producer_id = 9, .sequence = 2}), 2);
}

class RecallTest : public LogTest {
protected:
    // Two producers in turn, one batch of two records each.
    void append_in_turn(int batches, std::size_t value_bytes = 10) {
        for (int i = 0; i < batches; ++i) {
            for (const std::int64_t id : {8, 9}) append(spec(id, i, value_bytes));
        }
    }
    testing::BatchSpec spec(std::int64_t id, int number, std::size_t value_bytes = 10) {
        return {.records = 2,
                .timestamp = broker_.now_ms_ - 1'000 + number,
                .producer_id = id,
                .sequence = 2 * number,
                .value_bytes = value_bytes};
    }
    // The offset it has; nothing when it is refused as out of order.
    std::optional<std::int64_t> repeat(std::int64_t id, int number) {
        const auto again = broker_.append(spec(id, number));
        if (!again) return std::nullopt;
        EXPECT_TRUE(again->is_duplicate);
        return again->base_offset;
    }
};

TEST_F(RecallTest, TheLastFiveBatchesOfEachAreKnownAfterARestart) {
    broker_.config_.segment_bytes = 400;
    broker_.config_.index_interval_bytes = 1;
    open();
    append_in_turn(7);
    restart();
    for (int i = 2; i < 7; ++i) {
        EXPECT_EQ(repeat(8, i), 4 * i);
        EXPECT_EQ(repeat(9, i), 4 * i + 2);
    }
    EXPECT_EQ(repeat(9, 1), std::nullopt);
    EXPECT_EQ(append(spec(9, 7)), 28);
    restart();
    EXPECT_EQ(repeat(9, 3), 14);
    EXPECT_EQ(repeat(9, 2), std::nullopt);
}

TEST_F(RecallTest, BatchesFarFromTheEndAreNot) {
    open();
    append_in_turn(6);
    for (int i = 0; i < 12; ++i) append({.value_bytes = 100'000});
    restart();
    EXPECT_EQ(repeat(9, 5), 22);
    EXPECT_EQ(repeat(9, 4), std::nullopt);
}

TEST_F(RecallTest, NorAreThoseThatNoClientRepeatsAnyMore) {
    open();
    append_in_turn(6);
    broker_.now_ms_ += 3'600'000;
    restart();
    EXPECT_EQ(repeat(9, 4), std::nullopt);
}

TEST_F(RecallTest, AnEarlierEpochsAreNot) {
    open();
    append_in_turn(3);
    auto next = spec(9, 0);
    next.producer_epoch = 1;
    append(next);
    restart();
    EXPECT_EQ(repeat(8, 1), 4);
    EXPECT_FALSE(broker_.append(spec(9, 2)));
    EXPECT_TRUE(broker_.append(next)->is_duplicate);
}

TEST_F(LogTest, OffsetsAreFoundByTimestamp) {
    broker_.config_.segment_bytes = 4'000;
    broker_.config_.index_interval_bytes = 200;
    open();
    for (int i = 0; i < 60; ++i) append({.records = 5, .timestamp = 1'000 + i * 10});
    EXPECT_EQ(*log().offset_for_timestamp(0), (TimestampOffset{1'000, 0, 0}));
    EXPECT_EQ(*log().offset_for_timestamp(1'203), (TimestampOffset{1'203, 103, 0}));
    EXPECT_EQ(*log().offset_for_timestamp(1'207), (TimestampOffset{1'210, 105, 0}));
    EXPECT_EQ(*log().offset_for_timestamp(9'999), std::nullopt);
    EXPECT_EQ(*log().max_timestamp(), (TimestampOffset{1'594, 299, 0}));
    restart();
    EXPECT_EQ(*log().offset_for_timestamp(1'203), (TimestampOffset{1'203, 103, 0}));
    EXPECT_EQ(*log().max_timestamp(), (TimestampOffset{1'594, 299, 0}));
}

TEST_F(LogTest, AnEmptyLogHasNoTimestamps) {
    open();
    EXPECT_EQ(*log().max_timestamp(), std::nullopt);
    EXPECT_EQ(*log().offset_for_timestamp(0), std::nullopt);
}

TEST_F(LogTest, TheLastStableOffsetStaysBelowAnOpenTransaction) {
    open();
    append({.records = 3});
    append({.records = 2, .producer_id = 4, .is_transactional = true});
    append({.records = 2, .producer_id = 5, .is_transactional = true});
    log().set_high_watermark(log().log_end_offset());
    EXPECT_EQ(log().last_stable_offset(), 3);
    ASSERT_TRUE(broker_.append(marker(false, 4), Origin::coordinator));
    // Undecided until the marker itself is committed.
    EXPECT_EQ(log().last_stable_offset(), 3);
    log().set_high_watermark(log().log_end_offset());
    EXPECT_EQ(log().last_stable_offset(), 5);
    ASSERT_TRUE(broker_.append(marker(true, 5), Origin::coordinator));
    log().set_high_watermark(log().log_end_offset());
    EXPECT_EQ(log().last_stable_offset(), 9);
    const AbortedTransaction aborted{4, 3, 7, 5};
    EXPECT_EQ(*log().aborted_transactions(0, 9), std::vector{aborted});
    EXPECT_TRUE(log().aborted_transactions(8, 9)->empty());
    restart();
    EXPECT_EQ(log().last_stable_offset(), 9);
    EXPECT_EQ(*log().aborted_transactions(0, 9), std::vector{aborted});
    broker_.crash();
    open();
    EXPECT_EQ(*log().aborted_transactions(0, 9), std::vector{aborted});
}

TEST_F(LogTest, AnIdleLogHoldsNoFiles) {
    open();
    append({});
    EXPECT_GT(broker_.files().open_files(), 0U);
    log().release();
    EXPECT_EQ(broker_.files().open_files(), 0U);
    EXPECT_EQ(append({}), 1);
}

TEST_F(LogTest, ADeletedLogIsRenamedThenRemoved) {
    open();
    append({});
    const auto read = LogTest::read(0);
    const auto path = this->log().path();
    ASSERT_TRUE(broker_.remove(1'000));
    EXPECT_FALSE(disk_.stat(path)->has_value());
    Bytes bytes(read->slice.size_bytes);
    EXPECT_EQ(read->slice.file->read(0, bytes), bytes.size());
    EXPECT_EQ(disk_.list("/data")->size(), 2U);  // The lock and the renamed directory.
    broker_.dir().storage().purge(1'000 + 60'000);
    EXPECT_EQ(disk_.list("/data")->size(), 1U);
}

TEST_F(LogTest, AFullDiskRefusesAppendsAndServesReads) {
    open();
    append({.value_bytes = 500});
    const auto used = disk_.space("/")->total_bytes - disk_.space("/")->usable_bytes;
    disk_.set_capacity(used + 100);
    EXPECT_EQ(broker_.append({.value_bytes = 500}).error().code, Errc::kafka_storage_error);
    EXPECT_EQ(log().log_end_offset(), 1);
    EXPECT_GT(read(0)->slice.size_bytes, 500U);
    EXPECT_FALSE(broker_.dir().is_offline());
    disk_.set_capacity(used + 10'000);
    EXPECT_EQ(append({.value_bytes = 500}), 1);
    EXPECT_EQ(broker_.read_all(0).size(), 2 * read(1)->slice.size_bytes);
}

}  // namespace
}  // namespace kcore::log
