#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group/group_fixture.h"

namespace kcore::group {
namespace {

using protocol::JoinGroupResponse;
using testing::ElementsAre;
using testing::StartsWith;

struct JoinTest : GroupTest {
    using GroupTest::GroupTest;

    Errc refused(protocol::JoinGroupRequest request, std::int16_t version = 9) {
        return join_code(ask(std::move(request), version));
    }
};

TEST_F(JoinTest, RefusesWhatCanNeverJoin) {
    Member member;
    auto request = join_request("", member);
    EXPECT_EQ(refused(request), Errc::invalid_group_id);
    for (const auto timeout_ms : {-1, 5'999, 1'800'001}) {
        request = join_request("g", member);
        request.session_timeout_ms = timeout_ms;
        EXPECT_EQ(refused(request), Errc::invalid_session_timeout);
    }
    EXPECT_EQ(state("g"), "Dead");
    request = join_request("g", member);
    request.protocols.clear();
    EXPECT_EQ(refused(request), Errc::inconsistent_group_protocol);
    request = join_request("g", member);
    request.protocol_type.clear();
    EXPECT_EQ(refused(request), Errc::inconsistent_group_protocol);
    request = join_request("unheard", Member{.id = "nobody"});
    EXPECT_EQ(refused(request), Errc::unknown_member_id);
    EXPECT_EQ(state("unheard"), "Dead");
}

TEST_F(JoinTest, ARefusalNamesItsProtocolAsTheVersionWants) {
    EXPECT_EQ(joined(ask(join_request("", {}), 6)).protocol_name, "");
    EXPECT_EQ(joined(ask(join_request("", {}), 7)).protocol_name, std::nullopt);
}

TEST_F(JoinTest, FromVersion4TheMemberIdIsAskedForFirst) {
    const auto first = ask(join_request("g", {}), 4, "reader");
    EXPECT_EQ(join_code(first), Errc::member_id_required);
    EXPECT_THAT(joined(first).member_id, StartsWith("reader-00000000-0000-1111-0000-0000000000"));
    EXPECT_EQ(size("g"), 0U);
    Member member{.id = joined(first).member_id};
    const auto second = join("g", member);
    EXPECT_EQ(join_code(second), Errc::none);
    EXPECT_EQ(joined(second).member_id, joined(first).member_id);
    EXPECT_EQ(joined(second).leader, joined(first).member_id);
}

TEST_F(JoinTest, BeforeVersion4AMemberIsInAtOnce) {
    const auto ticket = ask(join_request("g", {}), 3);
    EXPECT_EQ(join_code(ticket), Errc::none);
    EXPECT_EQ(joined(ticket).generation_id, 1);
    EXPECT_EQ(joined(ticket).members.size(), 1U);
}

TEST_F(JoinTest, AnIdThatIsNotUsedInTimeIsForgotten) {
    Member member{.id = joined(ask(join_request("g", {}), 9)).member_id};
    pass(9'999);
    EXPECT_TRUE(coordinator_->group("g")->is_pending(member.id));
    pass(1);
    EXPECT_EQ(join_code(join("g", member)), Errc::unknown_member_id);
}

TEST_F(JoinTest, ANewGroupIsStoredBeforeItsFirstGeneration) {
    ask(join_request("g", {}), 9);
    ASSERT_EQ(log_.size(), 1U);
    EXPECT_NE(reloaded()->group("g"), nullptr);
}

TEST_F(JoinTest, AGroupThatCannotBeStoredIsNotThere) {
    refuse_appends_with_ = Errc::not_enough_replicas;
    const auto ticket = ask(join_request("g", {}), 9);
    EXPECT_EQ(join_code(ticket), Errc::coordinator_not_available);
    EXPECT_EQ(state("g"), "Dead");
    const auto parked = ask(join_request("g", {}), 3);
    EXPECT_EQ(join_code(parked), Errc::coordinator_not_available);
    EXPECT_TRUE(open_.empty());
}

TEST_F(JoinTest, OnlyOneTypeAndACommonProtocolGoTogether) {
    Member a;
    settle_group("g", {&a});
    auto request = join_request("g", {});
    request.protocol_type = "connect";
    EXPECT_EQ(refused(request), Errc::inconsistent_group_protocol);
    Member stranger{.protocols = {{"sticky", ""}}};
    EXPECT_EQ(refused(join_request("g", stranger)), Errc::inconsistent_group_protocol);
    EXPECT_EQ(state("g"), "Stable");
}

TEST_F(JoinTest, AProtocolNamedTwiceCountsOnce) {
    Member member{.protocols = {{"range", "first"}, {"range", "second"}}};
    const auto ticket = join("g", member);
    EXPECT_EQ(joined(ticket).protocol_name, "range");
    EXPECT_EQ(as_text(joined(ticket).members.front().metadata), "first");
}

TEST_F(JoinTest, TheProtocolWithMostVotesAmongTheCommonOnesWins) {
    Member a{.protocols = {{"sticky", ""}, {"range", ""}, {"roundrobin", ""}}};
    Member b{.protocols = {{"roundrobin", ""}, {"range", ""}}};
    Member c{.protocols = {{"roundrobin", ""}, {"range", ""}}};
    join("g", a);
    join("g", b);
    join("g", c);
    const auto ticket = join("g", a);
    EXPECT_EQ(joined(ticket).protocol_name, "roundrobin");
}

TEST_F(JoinTest, AmongEqualVotesTheLeaderDecides) {
    Member a{.protocols = {{"sticky", ""}, {"range", ""}, {"roundrobin", ""}}};
    Member b{.protocols = {{"roundrobin", ""}, {"range", ""}}};
    join("g", a);
    join("g", b);
    EXPECT_EQ(joined(join("g", a)).protocol_name, "range");
}

TEST_F(JoinTest, OnlyTheLeaderIsToldOfTheMembers) {
    Member a;
    Member b{.client = "other"};
    join("g", a);
    const auto other = join("g", b);
    EXPECT_FALSE(is_answered(other));
    const auto leader = join("g", a);
    EXPECT_EQ(joined(leader).generation_id, 2);
    EXPECT_EQ(joined(leader).members.size(), 2U);
    EXPECT_EQ(joined(other).generation_id, 2);
    EXPECT_EQ(joined(other).leader, a.id);
    EXPECT_TRUE(joined(other).members.empty());
}

TEST_F(JoinTest, AFollowerThatChangesNothingGetsTheCurrentGeneration) {
    Member a;
    Member b;
    const auto generation = settle_group("g", {&a, &b});
    const auto ticket = join("g", b);
    EXPECT_EQ(joined(ticket).generation_id, generation);
    EXPECT_EQ(state("g"), "Stable");
}

TEST_F(JoinTest, AFollowerWithANewSubscriptionStartsARebalance) {
    Member a;
    Member b;
    settle_group("g", {&a, &b});
    b.protocols = {{"range", "other topics"}};
    EXPECT_FALSE(is_answered(join("g", b)));
    EXPECT_EQ(state("g"), "PreparingRebalance");
}

TEST_F(JoinTest, ALeaderThatJoinsAgainStartsARebalance) {
    Member a;
    Member b;
    const auto generation = settle_group("g", {&a, &b});
    const auto ticket = join("g", a);
    EXPECT_FALSE(is_answered(ticket));
    EXPECT_EQ(heartbeat("g", b, generation), Errc::rebalance_in_progress);
    join("g", b);
    EXPECT_EQ(joined(ticket).generation_id, generation + 1);
}

TEST_F(JoinTest, WhoMissedTheAnswerWhileTheGroupCompletesGetsItAgain) {
    Member a;
    Member b;
    join("g", a);
    join("g", b);
    join("g", a);
    EXPECT_EQ(state("g"), "CompletingRebalance");
    const auto again = join("g", a);
    EXPECT_EQ(joined(again).generation_id, 2);
    EXPECT_EQ(joined(again).members.size(), 2U);
}

TEST_F(JoinTest, ASecondJoinOfAWaitingMemberReplacesTheFirst) {
    Member a;
    Member b;
    settle_group("g", {&a});
    const auto first = join("g", b);
    EXPECT_FALSE(is_answered(first));
    const auto second = join("g", b);
    EXPECT_EQ(join_code(first), Errc::rebalance_in_progress);
    join("g", a);
    EXPECT_EQ(join_code(second), Errc::none);
}

TEST_F(JoinTest, Version0WaitsNoLongerThanItsSession) {
    auto request = join_request("g", {});
    request.rebalance_timeout_ms = -1;
    request.session_timeout_ms = 7'000;
    ask(request, 0);
    EXPECT_EQ(coordinator_->group("g")->rebalance_timeout_ms(), 7'000);
}

TEST_F(JoinTest, APendingIdIsNoStaticMember) {
    Member member{.id = joined(ask(join_request("g", {}), 9)).member_id, .instance = "i"};
    const auto ticket = join("g", member);
    EXPECT_EQ(join_code(ticket), Errc::unknown_server_error);
    EXPECT_EQ(joined(ticket).member_id, "");
}

struct SmallGroupTest : JoinTest {
    static Settings settings() {
        auto settings = quick_settings();
        settings.max_size = 2;
        return settings;
    }
    SmallGroupTest() : JoinTest(settings()) {}
};

TEST_F(SmallGroupTest, AFullGroupRefusesOneMore) {
    Member a;
    Member b;
    settle_group("g", {&a, &b});
    const auto ticket = ask(join_request("g", {}), 9);
    EXPECT_EQ(join_code(ticket), Errc::group_max_size_reached);
    EXPECT_EQ(joined(ticket).member_id, "");
    EXPECT_EQ(state("g"), "Stable");
    EXPECT_EQ(join_code(join("g", b)), Errc::none);
}

TEST_F(SmallGroupTest, ARebalanceAdmitsWhoComesFirst) {
    Member a;
    Member b;
    settle_group("g", {&a, &b});
    EXPECT_FALSE(is_answered(join("g", a)));
    const auto late = ask(join_request("g", {}), 3);
    EXPECT_FALSE(is_answered(late));
    EXPECT_EQ(join_code(join("g", b)), Errc::group_max_size_reached);
    EXPECT_EQ(join_code(late), Errc::none);
    EXPECT_EQ(size("g"), 2U);
}

struct DelayTest : JoinTest {
    DelayTest() : JoinTest(Settings()) {}
};

TEST_F(DelayTest, TheFirstGenerationWaitsForMoreMembers) {
    const auto first = ask(join_request("g", {}), 3);
    pass(2'000);
    EXPECT_FALSE(is_answered(first));
    const auto second = ask(join_request("g", {}), 3);
    pass(3'999);
    EXPECT_FALSE(is_answered(first)) << "the second one prolongs the delay";
    pass(1);
    EXPECT_EQ(joined(first).generation_id, 1);
    EXPECT_EQ(joined(second).generation_id, 1);
}

TEST_F(DelayTest, TheDelayEndsWithTheRebalanceTimeout) {
    Member member{.rebalance_ms = 7'000, .version = 3};
    const auto first = join("g", member);
    for (int i = 0; i < 6; ++i) {
        pass(1'000);
        EXPECT_FALSE(is_answered(first));
        ask(join_request("g", member), 3);
    }
    pass(1'000);
    EXPECT_TRUE(is_answered(first));
    EXPECT_EQ(size("g"), 7U);
}

struct StaticTest : JoinTest {
    Member member{.instance = "i-1"};
    std::int32_t generation = 0;
    StaticTest() { generation = settle_group("g", {&member}); }
};

TEST_F(StaticTest, IsNamedAfterItsInstanceAndNotAskedTwice) {
    EXPECT_THAT(member.id, StartsWith("i-1-"));
    EXPECT_EQ(generation, 1);
}

TEST_F(StaticTest, ComesBackWithANewIdAndItsAssignment) {
    auto again = member;
    again.id.clear();
    const auto records = log_.size();
    const auto ticket = join("g", again);
    EXPECT_NE(again.id, member.id);
    EXPECT_EQ(joined(ticket).generation_id, generation);
    EXPECT_TRUE(joined(ticket).skip_assignment);
    EXPECT_EQ(joined(ticket).leader, again.id);
    EXPECT_EQ(joined(ticket).members.size(), 1U);
    EXPECT_EQ(log_.size(), records + 1) << "the new id is stored";
    EXPECT_EQ(assigned(sync("g", again, generation)), "of " + member.id);
    EXPECT_EQ(reloaded()->group("g")->leader(), again.id);
}

TEST_F(StaticTest, BeforeVersion9TheReturningLeaderIsKeptFromAssigning) {
    auto again = member;
    again.id.clear();
    again.version = 8;
    const auto ticket = join("g", again);
    EXPECT_FALSE(joined(ticket).skip_assignment);
    EXPECT_EQ(joined(ticket).leader, member.id);
    EXPECT_TRUE(joined(ticket).members.empty());
}

TEST_F(StaticTest, FencesItsFormerSelf) {
    auto again = member;
    again.id.clear();
    join("g", again);
    EXPECT_EQ(join_code(join("g", member)), Errc::fenced_instance_id);
    EXPECT_EQ(sync_code(sync("g", member, generation)), Errc::fenced_instance_id);
    EXPECT_EQ(heartbeat("g", member, generation), Errc::fenced_instance_id);
    EXPECT_THAT(leave("g", {member}), ElementsAre(Errc::fenced_instance_id));
    EXPECT_THAT(commit_codes(commit_as("g", member, generation, {{.offset = 3}})),
                ElementsAre(Errc::fenced_instance_id));
    auto other = again;
    other.instance = "i-2";
    EXPECT_EQ(heartbeat("g", other, generation), Errc::unknown_member_id);
    EXPECT_EQ(heartbeat("g", again, generation), Errc::none);
}

TEST_F(StaticTest, ReturnsAsItWasWhenItsNewIdCannotBeStored) {
    auto again = member;
    again.id.clear();
    refuse_appends_with_ = Errc::not_enough_replicas;
    EXPECT_EQ(join_code(join("g", again)), Errc::coordinator_not_available);
    EXPECT_EQ(heartbeat("g", member, generation), Errc::none);
    EXPECT_EQ(coordinator_->group("g")->leader(), member.id);
}

TEST_F(StaticTest, ReplacesAWaitingSelfInARebalance) {
    Member dynamic;
    EXPECT_FALSE(is_answered(join("g", dynamic)));
    auto again = member;
    again.id.clear();
    // With the newcomer parked and the static member back, all are there.
    const auto ticket = join("g", again);
    EXPECT_EQ(joined(ticket).generation_id, generation + 1);
    EXPECT_EQ(size("g"), 2U);
}

TEST_F(StaticTest, ARebalanceIsNeededWhenTheProtocolChanges) {
    Member both{.instance = "i-2", .protocols = {{"range", ""}, {"sticky", ""}}};
    Member also{.instance = "i-1", .protocols = {{"range", ""}, {"sticky", ""}}};
    const auto now = settle_group("h", {&also, &both});
    also.id.clear();
    also.protocols = {{"sticky", ""}};
    EXPECT_FALSE(is_answered(join("h", also)));
    EXPECT_EQ(state("h"), "PreparingRebalance");
    EXPECT_EQ(heartbeat("h", both, now), Errc::rebalance_in_progress);
}

TEST_F(StaticTest, AnAdministratorRemovesItByItsInstance) {
    const Member by_instance{.instance = "i-1"};
    const Member nobody{.instance = "none"};
    EXPECT_THAT(leave("g", {nobody, by_instance}),
                ElementsAre(Errc::unknown_member_id, Errc::none));
    EXPECT_EQ(state("g"), "Empty");
}

}  // namespace
}  // namespace kcore::group
