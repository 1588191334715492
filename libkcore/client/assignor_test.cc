#include "client/assignor.h"

#include <gtest/gtest.h>

namespace kcore::client {
namespace {

using Partitions = std::vector<TopicPartition>;

TEST(AssignorTest, RangeGivesRunsAndTheFirstMembersOneMore) {
    const auto shares =
        assign_range({{"b", "", {"t"}}, {"a", "", {"t", "u"}}}, {{"t", 3}, {"u", 1}});
    EXPECT_EQ(shares.at("a"), (Partitions{{"t", 0}, {"t", 1}, {"u", 0}}));
    EXPECT_EQ(shares.at("b"), (Partitions{{"t", 2}}));
}

TEST(AssignorTest, RoundRobinGoesRoundOverAllTopics) {
    const auto shares =
        assign_round_robin({{"a", "", {"t", "u"}}, {"b", "", {"t", "u"}}}, {{"t", 3}, {"u", 3}});
    EXPECT_EQ(shares.at("a"), (Partitions{{"t", 0}, {"t", 2}, {"u", 1}}));
    EXPECT_EQ(shares.at("b"), (Partitions{{"t", 1}, {"u", 0}, {"u", 2}}));
}

TEST(AssignorTest, RoundRobinPassesOverThoseWhoDoNotSubscribe) {
    const auto shares =
        assign_round_robin({{"a", "", {"t"}}, {"b", "", {"u"}}}, {{"t", 2}, {"u", 1}});
    EXPECT_EQ(shares.at("a"), (Partitions{{"t", 0}, {"t", 1}}));
    EXPECT_EQ(shares.at("b"), (Partitions{{"u", 0}}));
}

TEST(AssignorTest, StaticMembersKeepTheirPlace) {
    const auto before = assign_range({{"x", "one", {"t"}}, {"a", "two", {"t"}}}, {{"t", 2}});
    const auto after = assign_range({{"b", "one", {"t"}}, {"a", "two", {"t"}}}, {{"t", 2}});
    EXPECT_EQ(before.at("x"), after.at("b"));
    EXPECT_EQ(before.at("a"), after.at("a"));
}

TEST(AssignorTest, MoreMembersThanPartitionsLeavesSomeEmpty) {
    for (const auto& assign : {assign_range, assign_round_robin}) {
        const auto shares = assign({{"a", "", {"t"}}, {"b", "", {"t"}}}, {{"t", 1}});
        EXPECT_EQ(shares.at("a").size() + shares.at("b").size(), 1U);
        EXPECT_EQ(shares.size(), 2U);
    }
}

}  // namespace
}  // namespace kcore::client
