#include "record/scan.h"

#include <gtest/gtest.h>

#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::from_hex;
using testing::plain_batch;

constexpr const char* kOldMessage =
    "000000000000000000000017d74cb25d010000000174876e8000000000016bffffffff";

Bytes batch_at(std::int64_t offset, int count) {
    auto bytes = plain_batch(count).bytes();
    set_base_offset(bytes, offset);
    return bytes;
}

TEST(BatchScannerTest, BatchesOfAnyMagicAreWalkedInTurn) {
    auto bytes = from_hex(kOldMessage);
    const auto second = bytes.size();
    append(bytes, batch_at(1, 3));
    BatchScanner scanner(bytes);
    ASSERT_EQ(scanner.next(), Scan::batch);
    EXPECT_FALSE(scanner.batch().is_v2());
    EXPECT_EQ(scanner.batch().leader_epoch(), -1);
    EXPECT_EQ(scanner.batch().max_timestamp(), testing::kBaseTime);
    ASSERT_EQ(scanner.next(), Scan::batch);
    EXPECT_EQ(scanner.position(), second);
    EXPECT_EQ(scanner.batch().last_offset(), 3);
    EXPECT_TRUE(scanner.batch().check());
    EXPECT_EQ(scanner.next(), Scan::end);
    EXPECT_EQ(scanner.next(), Scan::end);
}

TEST(BatchScannerTest, ACutAtAnyByteIsAPartialTailAtItsPosition) {
    const auto first = batch_at(0, 2);
    auto bytes = first;
    append(bytes, batch_at(2, 2));
    for (auto n = first.size() + 1; n < bytes.size(); ++n) {
        BatchScanner scanner(BytesView(bytes).first(n));
        ASSERT_EQ(scanner.next(), Scan::batch);
        EXPECT_EQ(scanner.next(), Scan::partial) << n;
        EXPECT_EQ(scanner.position(), first.size());
    }
}

TEST(BatchScannerTest, WhatCannotBeABatchIsCorrupt) {
    const auto spoiled = [](std::int32_t length, std::int8_t magic) {
        auto bytes = batch_at(0, 1);
        store_be(bytes.data() + kLengthAt, length);
        store_be(bytes.data() + kMagicAt, magic);
        return bytes;
    };
    for (const auto& bytes : {spoiled(13, 2), spoiled(0, 2), spoiled(-1, 2), spoiled(60, 3),
                              spoiled(60, -1), spoiled(48, 2), Bytes(100)}) {
        BatchScanner scanner(bytes);
        EXPECT_EQ(scanner.next(), Scan::corrupt);
        EXPECT_EQ(scanner.error().code, Errc::corrupt_message);
        EXPECT_EQ(scanner.position(), 0U);
    }
}

TEST(PeekBatchTest, SeventeenBytesTellSizeAndMagic) {
    const auto bytes = batch_at(77, 2);
    const auto peek = peek_batch(BytesView(bytes).first(kPeekBytes));
    EXPECT_EQ(peek.framing, Framing::whole);
    EXPECT_EQ(peek.offset, 77);
    EXPECT_EQ(peek.size, bytes.size());
    EXPECT_EQ(peek.magic, 2);
    EXPECT_EQ(peek_batch(BytesView(bytes).first(16)).framing, Framing::partial);
    EXPECT_EQ(peek_batch({}).framing, Framing::partial);
}

TEST(PeekBatchTest, TheLargestLengthDoesNotOverflow) {
    auto bytes = batch_at(0, 1);
    store_be(bytes.data() + kLengthAt, INT32_MAX);
    EXPECT_EQ(peek_batch(bytes).size, std::size_t{INT32_MAX} + 12);
}

}  // namespace
}  // namespace kcore::record
