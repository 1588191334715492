#include "client/group_protocol.h"

#include <gtest/gtest.h>

namespace kcore::client {
namespace {

using Partitions = std::vector<TopicPartition>;

TEST(GroupProtocolTest, SubscriptionsAndAssignmentsReadBack) {
    const Partitions owned{{"a", 0}, {"b", 0}, {"b", 1}};
    const auto read = decode_subscription(encode_subscription({{"b", "a"}, owned, 7, "rack"}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->topics, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read->owned, (Partitions{{"a", 0}, {"b", 0}, {"b", 1}}));
    EXPECT_EQ(read->generation, 7);
    EXPECT_EQ(read->rack, "rack");
    EXPECT_EQ(decode_assignment(encode_assignment(owned)),
              (Partitions{{"a", 0}, {"b", 0}, {"b", 1}}));
}

TEST(GroupProtocolTest, TheirBytesBeginWithAVersion) {
    EXPECT_EQ(to_hex(encode_assignment({{"t", 2}})),
              "0003"
              "00000001"
              "000174"
              "00000001"
              "00000002"
              "ffffffff");
}

TEST(GroupProtocolTest, NewerVersionsAreReadAsOurs) {
    auto bytes = encode_assignment({{"t", 2}});
    bytes[1] = std::byte{9};
    bytes.push_back(std::byte{1});
    EXPECT_EQ(decode_assignment(bytes), (Partitions{{"t", 2}}));
}

TEST(GroupProtocolTest, NothingIsNoPartitionAndRubbishIsAnError) {
    EXPECT_EQ(decode_assignment({}), Partitions());
    EXPECT_FALSE(decode_assignment(as_bytes("x")));
    EXPECT_FALSE(decode_subscription(as_bytes(std::string_view("\0\0\x7f\xff\xff\xff", 6))));
    EXPECT_FALSE(decode_subscription(as_bytes("\xff\xff")));
}

TEST(GroupProtocolTest, StickyDataIsAsJavaWritesItAndMayLackTheGeneration) {
    const Partitions had{{"t", 2}, {"t", 3}};
    auto bytes = encode_sticky_data(had, 7);
    EXPECT_EQ(to_hex(bytes),
              "00000001"
              "000174"
              "00000002"
              "00000002"
              "00000003"
              "00000007");
    EXPECT_EQ(decode_sticky_data(bytes)->had, had);
    EXPECT_EQ(decode_sticky_data(bytes)->generation, 7);
    bytes.resize(bytes.size() - 4);
    EXPECT_EQ(decode_sticky_data(bytes)->generation, -1);
    bytes.pop_back();
    EXPECT_FALSE(decode_sticky_data(bytes));
    EXPECT_EQ(to_hex(encode_cooperative_data(5)), "00000005");
}

}  // namespace
}  // namespace kcore::client
