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
    for (const auto* name : {"range", "roundrobin", "sticky", "cooperative-sticky"}) {
        const auto assign = assignor_by_name(name);
        const auto shares = assign({{"a", "", {"t"}}, {"b", "", {"t"}}}, {{"t", 1}});
        EXPECT_EQ(shares.at("a").size() + shares.at("b").size(), 1U);
        EXPECT_EQ(shares.size(), 2U);
    }
}

struct StickyCase {
    const char* says;
    std::vector<Subscriber> members;
    PartitionCounts counts;
    Shares sticky;
    Shares cooperative;
};

std::vector<StickyCase> sticky_cases() {
    const Partitions none;
    return {
        {"nobody has anything",
         {{"a", "", {"t"}}, {"b", "", {"t"}}},
         {{"t", 3}},
         {{"a", {{"t", 0}, {"t", 2}}}, {"b", {{"t", 1}}}},
         {{"a", {{"t", 0}, {"t", 2}}}, {"b", {{"t", 1}}}}},
        {"a new member gets what is above the others' share",
         {{"a", "", {"t"}, {{"t", 0}, {"t", 1}, {"t", 2}}, 4}, {"b", "", {"t"}}},
         {{"t", 3}},
         {{"a", {{"t", 1}, {"t", 2}}}, {"b", {{"t", 0}}}},
         {{"a", {{"t", 1}, {"t", 2}}}, {"b", none}}},
        {"what a member left behind goes to the lightest",
         {{"a", "", {"t"}, {{"t", 0}, {"t", 3}}, 4}, {"b", "", {"t"}, {{"t", 1}}, 4}},
         {{"t", 4}},
         {{"a", {{"t", 0}, {"t", 3}}}, {"b", {{"t", 1}, {"t", 2}}}},
         {{"a", {{"t", 0}, {"t", 3}}}, {"b", {{"t", 1}, {"t", 2}}}}},
        {"the later generation has it",
         {{"a", "", {"t"}, {{"t", 0}}, 4}, {"b", "", {"t"}, {{"t", 0}}, 5}},
         {{"t", 1}},
         {{"a", none}, {"b", {{"t", 0}}}},
         {{"a", none}, {"b", {{"t", 0}}}}},
        {"of one generation neither has it, and it moves only when let go",
         {{"a", "", {"t"}, {{"t", 0}}, 5}, {"b", "", {"t"}, {{"t", 0}}, 5}},
         {{"t", 1}},
         {{"a", {{"t", 0}}}, {"b", none}},
         {{"a", none}, {"b", none}}},
        {"what is gone or not subscribed any more is not kept",
         {{"a", "", {"u"}, {{"t", 0}, {"u", 7}}, 5}, {"b", "", {"t", "u"}}},
         {{"t", 1}, {"u", 1}},
         {{"a", {{"u", 0}}}, {"b", {{"t", 0}}}},
         {{"a", {{"u", 0}}}, {"b", none}}},
        {"members who can take less leave the rest to others",
         {{"a", "", {"t", "u"}}, {"b", "", {"u"}}},
         {{"t", 3}, {"u", 2}},
         {{"a", {{"t", 0}, {"t", 1}, {"t", 2}}}, {"b", {{"u", 0}, {"u", 1}}}},
         {{"a", {{"t", 0}, {"t", 1}, {"t", 2}}}, {"b", {{"u", 0}, {"u", 1}}}}},
    };
}

TEST(AssignorTest, StickyOnesKeepWhatIsBalancedAndCooperativeOnesMoveInTwoSteps) {
    for (const auto& one : sticky_cases()) {
        EXPECT_EQ(assign_sticky(one.members, one.counts), one.sticky) << one.says;
        EXPECT_EQ(assign_cooperative_sticky(one.members, one.counts), one.cooperative) << one.says;
    }
}

TEST(AssignorTest, StickyIsBalancedAndStableForAnyGroupOfEqualMembers) {
    for (std::int32_t members = 1; members < 8; ++members) {
        std::vector<Subscriber> group;
        for (std::int32_t i = 0; i < members; ++i) {
            group.push_back({"m" + std::to_string(i), "", {"t"}});
        }
        const auto first = assign_sticky(group, {{"t", 10}});
        for (auto& member : group) {
            member.owned = first.at(member.member_id);
            member.generation = 1;
            const auto count = static_cast<std::int32_t>(member.owned.size());
            EXPECT_TRUE(count == 10 / members || count == 10 / members + 1);
        }
        EXPECT_EQ(assign_sticky(group, {{"t", 10}}), first);
    }
}

}  // namespace
}  // namespace kcore::client
