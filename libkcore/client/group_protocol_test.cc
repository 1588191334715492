#include "client/group_protocol.h"

#include <gtest/gtest.h>

namespace kcore::client {
namespace {

using Partitions = std::vector<TopicPartition>;

TEST(GroupProtocolTest, SubscriptionsAndAssignmentsReadBack) {
    const Partitions owned{{"b", 1}, {"a", 0}, {"b", 0}};
    const auto bytes = encode_subscription({"b", "a"}, owned, 7);
    EXPECT_EQ(decode_subscription(bytes), (std::vector<std::string>{"a", "b"}));
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

}  // namespace
}  // namespace kcore::client
