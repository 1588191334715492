#include "perf/ledger.h"

#include <gtest/gtest.h>

namespace kcore::perf {
namespace {

class LedgerTest : public testing::Test {
protected:
    LedgerTest() {
        for (int i = 0; i < 4; ++i) ledger_.send();
    }

    // Acknowledged and read at this place.
    void keep(std::uint64_t number, std::int64_t offset) {
        ledger_.acked(number, 0, offset);
        ledger_.read(number, 0, offset);
    }

    Ledger ledger_;
};

TEST_F(LedgerTest, WhatIsReadInOrderAndOnceIsWell) {
    for (int i = 0; i < 4; ++i) keep(static_cast<std::uint64_t>(i), 10 + i);
    EXPECT_TRUE(ledger_.is_settled());
    const auto verdict = ledger_.verdict({{0, 14}});
    EXPECT_TRUE(verdict.is_well());
    EXPECT_EQ(verdict.read, 4);
    EXPECT_TRUE(ledger_.findings().empty());
}

TEST_F(LedgerTest, AnAcknowledgedRecordIsLostOnceReadingHasPassedIt) {
    ledger_.acked(0, 0, 10);
    EXPECT_FALSE(ledger_.is_settled());
    EXPECT_EQ(ledger_.verdict({{0, 10}}).unseen, 1);
    EXPECT_EQ(ledger_.verdict({}).unseen, 1);
    EXPECT_EQ(ledger_.verdict({{0, 11}}).lost, 1);
}

TEST_F(LedgerTest, ASecondPlaceIsADoubleAndTheSamePlaceIsNot) {
    keep(0, 10);
    ledger_.read(0, 0, 10);
    EXPECT_TRUE(ledger_.verdict({}).is_well());
    ledger_.read(0, 0, 12);
    EXPECT_EQ(ledger_.verdict({}).doubled, 1);
    EXPECT_EQ(ledger_.findings().at(0), "record 0: at 0@10 and at 0@12");
}

TEST_F(LedgerTest, EarlierRecordsBehindLaterOnesAreReordered) {
    keep(1, 10);
    keep(0, 11);
    EXPECT_EQ(ledger_.verdict({}).reordered, 1);
    ledger_.acked(2, 1, 5);  // Another partition has an order of its own.
    ledger_.read(2, 1, 5);
    EXPECT_EQ(ledger_.verdict({}).reordered, 1);
}

TEST_F(LedgerTest, AnotherPlaceThanAcknowledgedIsAConflict) {
    ledger_.read(0, 0, 10);
    ledger_.acked(0, 0, 11);
    ledger_.acked(1, 0, 12);
    ledger_.read(1, 1, 12);
    EXPECT_EQ(ledger_.verdict({}).conflicts, 2);
    ledger_.acked(2, 0, -1);  // Where was not told.
    ledger_.read(2, 0, 20);
    EXPECT_EQ(ledger_.verdict({}).conflicts, 2);
}

TEST_F(LedgerTest, FailedRecordsMayBeThereOrNot) {
    ledger_.failed(0);
    ledger_.failed(1);
    ledger_.read(0, 0, 10);
    const auto verdict = ledger_.verdict({{0, 100}});
    EXPECT_TRUE(verdict.is_well());
    EXPECT_EQ(verdict.failed, 2);
    EXPECT_EQ(verdict.unacked_read, 1);
}

TEST_F(LedgerTest, ANumberThatWasNeverGivenOutIsCorrupt) {
    ledger_.read(99, 0, 10);
    EXPECT_EQ(ledger_.verdict({}).corrupt, 1);
}

}  // namespace
}  // namespace kcore::perf
