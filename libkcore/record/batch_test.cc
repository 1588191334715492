#include "record/batch.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::from_hex;
using testing::kBaseTime;
using testing::plain_batch;
using testing::RawBatch;

// Three records k=v, k1=null, null=empty with a header, written down byte by byte.
Bytes handmade() {
    return from_hex(
        "0000000000000007"              // base offset 7
        "00000051"                      // length 81
        "00000005"                      // leader epoch
        "02"                            // magic
        "00000000"                      // checksum, set below
        "0010"                          // transactional
        "00000002"                      // last offset delta
        "0000018bcfe56800"              // 1700000000000
        "0000018bcfe56bea"              // 1700000001002
        "0000000000000fa0"              // producer 4000
        "0003"                          // epoch 3
        "7fffffff"                      // sequence 2147483647
        "00000003"                      // three records
        "10000000026b027600"            // k=v
        "1200d40f02046b310100"          // k1=null at +1002: varlong d40f
        "18000204010002066864720276");  // null key, empty value, hdr=v
}

TEST(BatchViewTest, EveryHeaderFieldIsRead) {
    auto bytes = handmade();
    store_be(bytes.data() + kCrcAt, crc32c(BytesView(bytes).subspan(kAttributesAt)));
    const BatchView batch(bytes);
    EXPECT_EQ(batch.base_offset(), 7);
    EXPECT_EQ(batch.last_offset(), 9);
    EXPECT_EQ(batch.next_offset(), 10);
    EXPECT_EQ(batch.length(), 81);
    EXPECT_EQ(batch.leader_epoch(), 5);
    EXPECT_EQ(batch.magic(), 2);
    EXPECT_TRUE(batch.crc_ok());
    EXPECT_EQ(batch.codec(), Codec::none);
    EXPECT_EQ(batch.timestamp_type(), TimestampType::create_time);
    EXPECT_TRUE(batch.is_transactional());
    EXPECT_FALSE(batch.is_control());
    EXPECT_EQ(batch.delete_horizon(), std::nullopt);
    EXPECT_EQ(batch.base_timestamp(), 1'700'000'000'000);
    EXPECT_EQ(batch.max_timestamp(), 1'700'000'001'002);
    EXPECT_EQ(batch.producer_id(), 4000);
    EXPECT_EQ(batch.producer_epoch(), 3);
    EXPECT_EQ(batch.base_sequence(), 2147483647);
    EXPECT_EQ(batch.last_sequence(), 1) << "sequences wrap to 0";
    EXPECT_EQ(batch.count(), 3);
}

TEST(BatchViewTest, TheHandmadeRecordsAreWalked) {
    const auto bytes = handmade();
    const BatchView batch(bytes);
    RecordReader reader(batch.payload(), batch.base());
    RecordView record;
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(as_text(*record.value), "v");
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.timestamp, batch.max_timestamp());
    EXPECT_FALSE(record.value);
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(record.offset, 9);
    EXPECT_FALSE(record.key);
    EXPECT_EQ(record.headers.begin()->key, "hdr");
    EXPECT_FALSE(reader.next(record));
    EXPECT_TRUE(reader.finish());
}

TEST(BatchViewTest, AttributeBitsSayWhatTheyMean) {
    RawBatch raw = plain_batch(1);
    raw.attribute_bits = kLogAppendTimeBit | kControlBit | kDeleteHorizonBit | 5;
    const auto bytes = raw.bytes();
    const BatchView batch(bytes);
    EXPECT_EQ(batch.codec(), std::nullopt);
    EXPECT_TRUE(batch.is_compressed());
    EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
    EXPECT_TRUE(batch.is_control());
    EXPECT_EQ(batch.delete_horizon(), kBaseTime);
}

TEST(BatchViewTest, OffsetAndEpochAreStampedOutsideTheChecksum) {
    auto bytes = plain_batch(2).bytes();
    set_base_offset(bytes, 1'000'000'000'000);
    set_leader_epoch(bytes, 9);
    const BatchView batch(bytes);
    EXPECT_TRUE(batch.crc_ok());
    EXPECT_EQ(batch.last_offset(), 1'000'000'000'001);
    EXPECT_EQ(batch.leader_epoch(), 9);
}

TEST(BatchViewTest, StampingTheMaximumTimestampRenewsTheChecksum) {
    auto bytes = plain_batch(2).bytes();
    const auto before = BatchView(bytes).crc();
    set_max_timestamp(bytes, TimestampType::log_append_time, 77);
    const BatchView batch(bytes);
    EXPECT_TRUE(batch.crc_ok());
    EXPECT_NE(batch.crc(), before);
    EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(batch.max_timestamp(), 77);
}

TEST(BatchViewTest, StampingWhatIsThereLeavesEvenUnknownBitsAlone) {
    RawBatch raw = plain_batch(1);
    raw.attribute_bits = 1 << 8;
    auto bytes = raw.bytes();
    const auto before = bytes;
    set_max_timestamp(bytes, TimestampType::create_time, BatchView(bytes).max_timestamp());
    EXPECT_EQ(bytes, before);
    set_max_timestamp(bytes, TimestampType::create_time, 5);
    EXPECT_EQ(BatchView(bytes).attributes(), 0);
}

TEST(BatchViewTest, AnyChangedByteAfterTheChecksumIsNoticed) {
    const auto good = plain_batch(2).bytes();
    for (auto at = kCrcAt; at < good.size(); ++at) {
        auto bad = good;
        bad[at] ^= std::byte{0x40};
        EXPECT_FALSE(BatchView(bad).crc_ok()) << at;
    }
}

TEST(BatchViewTest, OffsetsAtTheEdgeOfTheRangeWrapWithoutHarm) {
    RawBatch raw = plain_batch(1);
    raw.base_offset = INT64_MAX;
    raw.last_offset_delta = INT32_MAX;
    const auto bytes = raw.bytes();
    EXPECT_LT(BatchView(bytes).next_offset(), 0);
}

TEST(BatchViewTest, SequencesWrapAfterTheLargest) {
    EXPECT_EQ(sequence_after(0, 5), 5);
    EXPECT_EQ(sequence_after(INT32_MAX, 1), 0);
    EXPECT_EQ(sequence_after(INT32_MAX - 1, 3), 1);
}

TEST(Crc32cTest, MatchesThePublishedVectors) {
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
    EXPECT_EQ(crc32c(Bytes(32)), 0x8a9136aaU);
    EXPECT_EQ(crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43U);
}

}  // namespace
}  // namespace kcore::record
