#include "log/producer_state.h"

#include <gtest/gtest.h>

#include <limits>

namespace kcore::log {
namespace {

class ProducerStateTest : public ::testing::Test {
protected:
    BatchHeader header(std::int32_t sequence, std::int32_t records = 1, std::int16_t epoch = 0) {
        BatchHeader batch;
        batch.base_offset = next_offset_;
        batch.last_offset = next_offset_ + records - 1;
        batch.producer_id = 7;
        batch.producer_epoch = epoch;
        batch.base_sequence = sequence;
        batch.max_timestamp = 100;
        batch.record_count = records;
        return batch;
    }
    Errc append(std::int32_t sequence, std::int32_t records = 1, std::int16_t epoch = 0) {
        const auto batch = header(sequence, records, epoch);
        const auto known = state_.check(batch, Origin::client);
        if (!known) return known.error().code;
        EXPECT_FALSE(*known);
        state_.add(batch);
        next_offset_ = batch.last_offset + 1;
        return Errc::none;
    }

    ProducerState state_;
    std::int64_t next_offset_ = 0;
};

TEST_F(ProducerStateTest, AnUnknownProducerMayBeginAnywhere) {
    EXPECT_EQ(append(500), Errc::none);
    EXPECT_EQ(append(502), Errc::out_of_order_sequence_number);
    EXPECT_EQ(append(501), Errc::none);
}

TEST_F(ProducerStateTest, ANewEpochBeginsAtZeroAndTheOldOneIsOver) {
    EXPECT_EQ(append(0, 3), Errc::none);
    EXPECT_EQ(append(3, 1, 1), Errc::out_of_order_sequence_number);
    EXPECT_EQ(append(0, 1, 1), Errc::none);
    EXPECT_EQ(append(3, 1, 0), Errc::invalid_producer_epoch);
}

TEST_F(ProducerStateTest, SequencesWrap) {
    constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(append(kMax - 1, 4), Errc::none);
    EXPECT_EQ(state_.producers().at(7).last_sequence(), 1);
    const auto again = state_.check(header(kMax - 1, 4), Origin::client);
    ASSERT_TRUE(again && *again);
    EXPECT_EQ((*again)->first_offset(), 0);
    EXPECT_EQ(append(2), Errc::none);
    ProducerState at_the_edge;
    auto last = header(kMax);
    at_the_edge.add(last);
    EXPECT_TRUE(at_the_edge.check(header(0), Origin::client));
    EXPECT_FALSE(at_the_edge.check(header(1), Origin::client));
}

TEST_F(ProducerStateTest, FiveBatchesAreRemembered) {
    for (int i = 0; i < 8; ++i) ASSERT_EQ(append(i), Errc::none);
    for (int i = 3; i < 8; ++i) {
        const auto known = state_.check(header(i), Origin::client);
        ASSERT_TRUE(known && *known);
        EXPECT_EQ((*known)->last_offset, i);
    }
    EXPECT_EQ(state_.check(header(2), Origin::client).error().code,
              Errc::out_of_order_sequence_number);
    // A part of a known batch is none.
    EXPECT_FALSE(state_.check(header(6, 2), Origin::client));
}

TEST_F(ProducerStateTest, ReplicasAndCoordinatorsAreNotJudgedBySequence) {
    ASSERT_EQ(append(0), Errc::none);
    EXPECT_TRUE(state_.check(header(9), Origin::replication));
    EXPECT_TRUE(state_.check(header(9), Origin::coordinator));
    ASSERT_EQ(append(0, 1, 2), Errc::none);
    EXPECT_TRUE(state_.check(header(9, 1, 1), Origin::replication));
    EXPECT_FALSE(state_.check(header(9, 1, 1), Origin::coordinator));
}

TEST_F(ProducerStateTest, AnOlderCoordinatorIsFenced) {
    auto batch = header(-1);
    batch.attributes = 0x30;
    (void)state_.add_marker(batch, {.type = MarkerType::commit, .coordinator_epoch = 5});
    EXPECT_TRUE(state_.check_marker(batch, {.type = MarkerType::commit, .coordinator_epoch = 5}));
    EXPECT_EQ(state_.check_marker(batch, {.type = MarkerType::commit, .coordinator_epoch = 4})
                  .error()
                  .code,
              Errc::transaction_coordinator_fenced);
}

TEST_F(ProducerStateTest, IdleProducersExpireUnlessTheirTransactionIsOpen) {
    auto open = header(0);
    open.producer_id = 8;
    open.attributes = 0x10;
    state_.add(open);
    ASSERT_EQ(append(0), Errc::none);
    state_.expire(100 + 999, 1'000);
    EXPECT_EQ(state_.producers().size(), 2U);
    state_.expire(100 + 1'000, 1'000);
    EXPECT_EQ(state_.producers().size(), 1U);
    EXPECT_TRUE(state_.producers().contains(8));
}

TEST_F(ProducerStateTest, ASnapshotHoldsTheLastBatchOfEach) {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(append(2 * i, 2), Errc::none);
    const auto bytes = state_.to_snapshot();
    EXPECT_EQ(bytes.size(), 56U);
    auto back = ProducerState::from_snapshot(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->to_snapshot(), bytes);
    EXPECT_TRUE(*back->check(header(4, 2), Origin::client));
    EXPECT_FALSE(back->check(header(2, 2), Origin::client));
    EXPECT_TRUE(back->check(header(6), Origin::client));
}

TEST_F(ProducerStateTest, ADamagedSnapshotIsRefused) {
    ASSERT_EQ(append(0), Errc::none);
    const auto good = state_.to_snapshot();
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(ProducerState::from_snapshot(BytesView(good).first(size)));
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto bad = good;
        bad[at] ^= std::byte{1};
        EXPECT_FALSE(ProducerState::from_snapshot(bad)) << at;
    }
}

}  // namespace
}  // namespace kcore::log
