#include "record/control.h"

#include <gtest/gtest.h>

#include "record/compression.h"
#include "record/test_batches.h"

namespace kcore::record {
namespace {

// The only record of a batch; the bytes must outlive it.
RecordView only_record(const Bytes& bytes) {
    const BatchView batch(bytes);
    RecordReader reader(batch.payload(), batch.base());
    RecordView record;
    EXPECT_TRUE(reader.next(record));
    EXPECT_TRUE(reader.finish());
    return record;
}

TEST(ControlTest, AMarkerIsATransactionalControlBatchOfItsProducer) {
    const auto bytes = marker_batch({.is_commit = true, .coordinator_epoch = 7}, 12, 3, 1000);
    const BatchView batch(bytes);
    EXPECT_TRUE(batch.crc_ok());
    EXPECT_TRUE(batch.is_control());
    EXPECT_TRUE(batch.is_transactional());
    EXPECT_EQ(batch.producer_id(), 12);
    EXPECT_EQ(batch.producer_epoch(), 3);
    EXPECT_EQ(batch.base_sequence(), kNoSequence);
    const auto marker = transaction_marker(only_record(bytes));
    ASSERT_TRUE(marker);
    EXPECT_TRUE(marker->is_commit);
    EXPECT_EQ(marker->coordinator_epoch, 7);
}

TEST(ControlTest, EveryTypeComesBackFromItsKey) {
    for (int type = 0; type <= 6; ++type) {
        const auto bytes = control_batch(static_cast<ControlType>(type), as_bytes("value"), 5);
        EXPECT_TRUE(BatchView(bytes).is_control());
        EXPECT_FALSE(BatchView(bytes).is_transactional());
        const auto got = control_type(only_record(bytes));
        ASSERT_TRUE(got);
        EXPECT_EQ(*got, static_cast<ControlType>(type));
    }
}

struct BadKey {
    std::optional<const char*> hex;
    bool is_error = true;
};

TEST(ControlTest, UnknownTypesAreSkippedAndDamagedKeysAreErrors) {
    const BadKey cases[] = {
        {"00000007", false}, {"0000ffff", false}, {"00050001ff", false}, {std::nullopt}, {""},
        {"000000"},          {"ffff0001"}};
    for (const auto& one : cases) {
        const auto key = one.hex ? testing::from_hex(*one.hex) : Bytes{};
        RecordView record;
        if (one.hex) record.key = key;
        EXPECT_EQ(!control_type(record), one.is_error) << one.hex.value_or("null");
    }
}

TEST(ControlTest, OnlyMarkersWithTheirValueAreMarkers) {
    const auto key = control_key(ControlType::abort);
    const auto value = marker_value(3);
    RecordView record;
    record.key = key;
    EXPECT_FALSE(transaction_marker(record));
    record.value = BytesView(value).first(5);
    EXPECT_FALSE(transaction_marker(record));
    record.value = value;
    EXPECT_FALSE(transaction_marker(record)->is_commit);
    const auto other = control_key(ControlType::leader_change);
    record.key = other;
    EXPECT_FALSE(transaction_marker(record));
}

}  // namespace
}  // namespace kcore::record
