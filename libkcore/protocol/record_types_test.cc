#include "protocol/record_types.h"

#include <gtest/gtest.h>

#include "protocol/coordinator/offset_commit_key.h"
#include "protocol/coordinator/offset_commit_value.h"
#include "protocol/data/consumer_protocol_subscription.h"
#include "protocol/metadata/topic_record.h"
#include "protocol/registry.h"

namespace kcore::protocol {
namespace {

TEST(RecordTypesTest, AMetadataRecordIsFramedByVersionTypeAndVersion) {
    TopicRecord topic;
    topic.name = "t";
    topic.topic_id = Uuid{1, 2};
    Bytes bytes;
    ASSERT_TRUE(encode_framed(topic, 0, bytes));
    EXPECT_EQ(to_hex(bytes),
              "010200"
              "0274"
              "00000000000000010000000000000002"
              "00");
    const auto frame = read_record_frame(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(static_cast<MetadataRecordType>(frame->type), MetadataRecordType::topic);
    EXPECT_EQ(decode<TopicRecord>(frame->body, frame->version), topic);
    const auto any = decode_metadata_record(bytes);
    ASSERT_TRUE(any);
    ASSERT_NE(any->get<TopicRecord>(), nullptr);
    EXPECT_EQ(*any->get<TopicRecord>(), topic);
}

TEST(RecordTypesTest, BadFramesAreRefused) {
    for (const auto* hex : {"", "01", "0102", "020200",
                            "01808004"
                            "00",
                            "0102808004"}) {
        Bytes bytes;
        for (std::string_view text = hex; !text.empty(); text.remove_prefix(2)) {
            bytes.push_back(
                static_cast<std::byte>(std::stoul(std::string(text.substr(0, 2)), nullptr, 16)));
        }
        EXPECT_FALSE(read_record_frame(bytes)) << hex;
    }
}

TEST(RecordTypesTest, UnknownMetadataRecordsAndTrailingBytesAreRefused) {
    Bytes bytes{std::byte{1}, std::byte{99}, std::byte{0}};
    EXPECT_EQ(decode_metadata_record(bytes).error().what, "unknown metadata record 99");
    bytes.clear();
    ASSERT_TRUE(encode_framed(TopicRecord(), 0, bytes));
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode_metadata_record(bytes));
}

TEST(RecordTypesTest, CoordinatorKeysBeginWithTheirType) {
    OffsetCommitKey key;
    key.group = "g";
    key.topic = "t";
    key.partition = 5;
    Bytes bytes;
    ASSERT_TRUE(encode_key(key, bytes));
    EXPECT_EQ(to_hex(bytes),
              "0001"
              "000167"
              "000174"
              "00000005");
    const auto read = read_coordinator_key(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(static_cast<GroupRecordType>(read->type), GroupRecordType::offset_commit);
    EXPECT_EQ(decode<OffsetCommitKey>(read->body, 0), key);
    EXPECT_FALSE(read_coordinator_key(as_bytes("x")));
}

TEST(RecordTypesTest, CoordinatorValuesBeginWithTheirVersion) {
    OffsetCommitValue value;
    value.offset = 9;
    Bytes bytes;
    ASSERT_TRUE(encode_versioned(value, 3, bytes));
    EXPECT_EQ(to_hex(BytesView(bytes).first(2)), "0003");
    EXPECT_EQ(decode_versioned<OffsetCommitValue>(bytes), value);
    bytes[1] = std::byte{99};
    EXPECT_EQ(decode_versioned<OffsetCommitValue>(bytes).error().code, Errc::unsupported_version);
    EXPECT_FALSE(decode_versioned<OffsetCommitValue>({}));
}

TEST(RecordTypesTest, ConsumerProtocolOfTheFutureReadsAsTheHighestKnown) {
    ConsumerProtocolSubscription subscription;
    subscription.topics = {"a", "b"};
    subscription.generation_id = 4;
    Bytes bytes;
    ASSERT_TRUE(encode_versioned(subscription, 3, bytes));
    bytes[1] = std::byte{9};
    append(bytes, as_bytes("more"));
    EXPECT_EQ(decode_versioned<ConsumerProtocolSubscription>(bytes, NewerVersion::read_as_highest),
              subscription);
}

TEST(RecordTypesTest, EveryCoordinatorKeyHasAValueInItsLog) {
    int found = 0;
    for (const auto log :
         {CoordinatorLog::group, CoordinatorLog::transaction, CoordinatorLog::share}) {
        for (std::int16_t type = -1; type < 50; ++type) {
            const auto record = find_coordinator_record(log, type);
            if (!record) continue;
            ++found;
            const auto stem = record->key->name.substr(0, record->key->name.size() - 3);
            EXPECT_EQ(record->value->name, std::string(stem) + "Value");
        }
    }
    EXPECT_EQ(found, 25);
    EXPECT_EQ(find_coordinator_record(CoordinatorLog::share, 0)->key->name, "ShareSnapshotKey");
    EXPECT_EQ(find_coordinator_record(CoordinatorLog::transaction, 0)->key->name,
              "TransactionLogKey");
    EXPECT_EQ(find_metadata_record(6), nullptr);
    EXPECT_EQ(find_remote_log_record(0)->name, "RemoteLogSegmentMetadataRecord");
}

}  // namespace
}  // namespace kcore::protocol
