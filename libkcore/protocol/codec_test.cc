#include "protocol/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "protocol/api/api_versions.h"
#include "protocol/api/consumer_group_heartbeat.h"
#include "protocol/api/fetch.h"
#include "protocol/api/metadata.h"
#include "protocol/api/produce.h"
#include "protocol/coordinator/consumer_group_member_metadata_value.h"
#include "protocol/header/request_header.h"
#include "protocol/metadata/partition_change_record.h"

namespace kcore::protocol {
namespace {

using ::testing::HasSubstr;

Bytes from_hex(std::string_view text) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        if (text[i] == ' ') ++i;
        const auto digits = std::string(text.substr(i, 2));
        out.push_back(static_cast<std::byte>(std::stoul(digits, nullptr, 16)));
    }
    return out;
}

template <class T>
std::string hex_of(const T& message, std::int16_t version) {
    Bytes out;
    const auto done = encode(message, version, out);
    return done ? to_hex(out) : done.error().what;
}

ProduceRequest produce(BytesView records) {
    ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "t";
    auto& partition = topic.partition_data.emplace_back();
    partition.index = 3;
    partition.records = Records(records);
    return request;
}

TEST(CodecTest, VersionsBeforeTheFlexibleOnesUseFixedLengths) {
    EXPECT_EQ(hex_of(produce(as_bytes("xy")), 7),
              "ffffffff00007530"
              "00000001000174"
              "000000010000000300000002"
              "7879");
}

TEST(CodecTest, FlexibleVersionsUseCompactLengthsAndTagSections) {
    EXPECT_EQ(hex_of(produce(as_bytes("xy")), 9),
              "00ffff00007530"
              "020274"
              "020000000303"
              "7879000000");
}

TEST(CodecTest, NullAndNegativeLengthsOfNullableFieldsReadAsNull) {
    const auto bytes = from_hex("fffe 0001 00000001 00000001 000174 00000001 00000003 fffffffe");
    const auto request = decode<ProduceRequest>(bytes, 7);
    ASSERT_TRUE(request) << request.error().what;
    EXPECT_EQ(request->transactional_id, std::nullopt);
    EXPECT_TRUE(request->topic_data[0].partition_data[0].records.is_null);
}

TEST(CodecTest, ANullWhereNoneIsAllowedIsAnErrorThatNamesTheField) {
    const auto bytes = from_hex("ffff 0001 00000001 00000001 ffff");
    const auto request = decode<ProduceRequest>(bytes, 7);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, Errc::corrupt_message);
    EXPECT_EQ(request.error().what, "ProduceRequest v7: TopicData[0].Name: null is not allowed");
}

TEST(CodecTest, RecordsAreAViewIntoTheInput) {
    Bytes bytes;
    ASSERT_TRUE(encode(produce(as_bytes("batch")), 9, bytes));
    const auto request = decode<ProduceRequest>(bytes, 9);
    ASSERT_TRUE(request);
    const auto& records = request->topic_data[0].partition_data[0].records;
    EXPECT_EQ(as_text(records.bytes), "batch");
    EXPECT_GE(records.bytes.data(), bytes.data());
    EXPECT_LE(records.bytes.data() + 5, bytes.data() + bytes.size());
}

TEST(CodecTest, ExternalRecordsLeaveACutAndCountInTheSize) {
    auto request = produce({});
    request.topic_data[0].partition_data[0].records = Records::external(5, 1000);
    Encoded encoded;
    ASSERT_TRUE(encode_with_cuts(request, 9, encoded));
    ASSERT_EQ(encoded.cuts.size(), 1U);
    EXPECT_EQ(encoded.cuts[0].external_index, 5);
    EXPECT_EQ(encoded.external_bytes, 1000U);
    EXPECT_EQ(encoded_size(request, 9), encoded.bytes.size() + 1000);

    auto whole = encoded.bytes;
    const Bytes external(1000, std::byte{7});
    whole.insert(whole.begin() + static_cast<std::ptrdiff_t>(encoded.cuts[0].position),
                 external.begin(), external.end());
    const auto again = decode<ProduceRequest>(whole, 9);
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(again->topic_data[0].partition_data[0].records.bytes.size(), 1000U);
}

TEST(CodecTest, ExternalRecordsWithoutCutsAreRefusedAndLeaveTheBufferAlone) {
    auto request = produce({});
    request.topic_data[0].partition_data[0].records = Records::external(0, 9);
    auto out = to_bytes("before");
    EXPECT_FALSE(encode(request, 9, out));
    EXPECT_EQ(as_text(out), "before");
}

TEST(CodecTest, AFieldThatTheVersionLacksMustHaveItsDefaultUnlessIgnorable) {
    MetadataRequest request;
    request.topics.emplace();
    request.allow_auto_topic_creation = false;
    Bytes out;
    const auto refused = encode(request, 3, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_request);
    EXPECT_THAT(refused.error().what, HasSubstr("AllowAutoTopicCreation"));
    EXPECT_TRUE(encode(request, 4, out));

    ProduceResponse response;
    response.throttle_time_ms = 5;
    response.responses.emplace_back().partition_responses.emplace_back().log_start_offset = 9;
    EXPECT_TRUE(encode(response, 3, out));
}

TEST(CodecTest, UnknownVersionsAreRefused) {
    Bytes out;
    EXPECT_EQ(encode(ProduceRequest(), 2, out).error().code, Errc::unsupported_version);
    EXPECT_EQ(decode<ProduceRequest>({}, 14).error().code, Errc::unsupported_version);
}

TEST(CodecTest, TrailingBytesAreRefusedUnlessAllowed) {
    const auto bytes = from_hex("00ff");
    ApiVersionsRequest request;
    EXPECT_FALSE(decode<ApiVersionsRequest>(bytes, 0));
    EXPECT_TRUE(decode<ApiVersionsRequest>(bytes, 0, Trailing::allow));
    EXPECT_EQ(decode_prefix(bytes, 0, request), 0U);
}

TEST(CodecTest, ClientIdOfTheHeaderIsNeverCompact) {
    RequestHeader header;
    header.request_api_key = 18;
    header.request_api_version = 3;
    header.correlation_id = 7;
    header.client_id = "me";
    EXPECT_EQ(hex_of(header, 1),
              "00120003000000070002"
              "6d65");
    EXPECT_EQ(hex_of(header, 2),
              "00120003000000070002"
              "6d6500");
}

TEST(CodecTest, TaggedFieldsAtTheirDefaultAreLeftOut) {
    PartitionChangeRecord record;
    record.topic_id = Uuid{1, 2};
    EXPECT_EQ(hex_of(record, 0),
              "ffffffff00000000000000010000000000000002"
              "00");
    record.leader = 5;
    record.isr = std::vector<std::int32_t>{1};
    const auto again = decode<PartitionChangeRecord>(from_hex(hex_of(record, 0)), 0);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, record);
}

TEST(CodecTest, ANullableStructHasASignedMarkerInItsPlaceAndAnUnsignedOneInATag) {
    ConsumerGroupHeartbeatResponse response;
    EXPECT_THAT(hex_of(response, 0), ::testing::EndsWith("ff00"));
    response.assignment.emplace();
    EXPECT_THAT(hex_of(response, 0), ::testing::EndsWith("01010000"));

    ConsumerGroupMemberMetadataValue value;
    EXPECT_THAT(hex_of(value, 0), ::testing::EndsWith("00"));
    value.classic_member_metadata.emplace();
    const auto hex = hex_of(value, 0);
    EXPECT_THAT(hex, HasSubstr("010007"
                               "01"));
    const auto again = decode<ConsumerGroupMemberMetadataValue>(from_hex(hex), 0);
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_TRUE(again->classic_member_metadata.has_value());
}

TEST(CodecTest, UnknownTagsAreKeptInOrderAndTheLastOfTwoWins) {
    const auto request =
        decode<ApiVersionsRequest>(from_hex("0261 0262 03 0902aaaa 0501bb 0901cc"), 3);
    ASSERT_TRUE(request) << request.error().what;
    EXPECT_EQ(request->client_software_name, "a");
    EXPECT_EQ(hex_of(*request, 3),
              "0261"
              "0262"
              "02"
              "0501bb"
              "0901cc");
}

TEST(CodecTest, AKnownTagInAVersionWithoutItIsAnError) {
    FetchRequest request;
    Bytes bytes;
    ASSERT_TRUE(encode(request, 12, bytes));
    bytes.back() = std::byte{1};  // One tagged field: ReplicaState, of version 15.
    append(bytes, from_hex("010100"));
    const auto refused = decode<FetchRequest>(bytes, 12);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().what, HasSubstr("ReplicaState: tag 1 is not defined"));
}

TEST(CodecTest, InvalidUtf8IsReplaced) {
    const auto request = decode<ApiVersionsRequest>(from_hex("0361ff 0262 00"), 3);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->client_software_name, "a\xef\xbf\xbd");
}

TEST(CodecTest, StringsLongerThan32767BytesAreRefusedBothWays) {
    ApiVersionsRequest request;
    request.client_software_name.assign(32768, 'x');
    Bytes out;
    EXPECT_FALSE(encode(request, 3, out));
    Bytes bytes = from_hex("818002");
    bytes.resize(40000, std::byte{'x'});
    EXPECT_THAT(decode<ApiVersionsRequest>(bytes, 3, Trailing::allow).error().what,
                HasSubstr("string of 32768 bytes"));
}

TEST(CodecTest, CountsAreRefusedBeforeAnythingIsMadeOfThem) {
    const auto refused = decode<MetadataRequest>(from_hex("7fffffff 0000"), 1);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().what, HasSubstr("Topics: 2147483647 elements, 2 bytes left"));
}

TEST(CodecTest, VarintsLongerThanFiveBytesAreRefused) {
    EXPECT_FALSE(decode<ApiVersionsRequest>(from_hex("80808080800161"), 3));
}

}  // namespace
}  // namespace kcore::protocol
