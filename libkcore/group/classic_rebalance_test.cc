#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group/group_fixture.h"

namespace kcore::group {
namespace {

using testing::ElementsAre;

struct RebalanceTest : GroupTest {
    Member a{.client = "a"};
    Member b{.client = "b"};

    // Both have the generation, nobody has synced.
    std::int32_t begin_completing() {
        join("g", a);
        const auto second = join("g", b);
        const auto first = join("g", a);
        b.id = joined(second).member_id;
        return joined(first).generation_id;
    }
};

TEST_F(RebalanceTest, FollowersWaitForTheLeadersAssignment) {
    const auto generation = begin_completing();
    const auto follower = sync("g", b, generation);
    EXPECT_FALSE(is_answered(follower));
    const auto leader = sync("g", a, generation, {{a.id, "one"}, {b.id, "two"}});
    EXPECT_EQ(assigned(leader), "one");
    EXPECT_EQ(assigned(follower), "two");
    EXPECT_EQ(state("g"), "Stable");
    EXPECT_EQ(assigned(sync("g", b, generation)), "two") << "asking again is answered at once";
}

TEST_F(RebalanceTest, WhoIsLeftOutByTheLeaderGetsAnEmptyAssignment) {
    const auto generation = begin_completing();
    sync("g", a, generation, {{a.id, "one"}, {"stranger", "two"}});
    EXPECT_EQ(assigned(sync("g", b, generation)), "");
}

TEST_F(RebalanceTest, SyncsOfOthersAreRefused) {
    const auto generation = settle_group("g", {&a});
    EXPECT_EQ(sync_code(sync("g", a, 99)), Errc::illegal_generation);
    EXPECT_EQ(sync_code(sync("g", {.id = "nobody"}, generation)), Errc::unknown_member_id);
    EXPECT_EQ(sync_code(sync("unheard", a, generation)), Errc::unknown_member_id);
    EXPECT_EQ(sync_code(sync("", a, generation)), Errc::invalid_group_id);
    EXPECT_EQ(sync_code(sync("g", {.id = a.id, .instance = "i"}, generation)),
              Errc::unknown_member_id);
}

TEST_F(RebalanceTest, FromVersion5ASyncNamesTheProtocol) {
    const auto generation = settle_group("g", {&a});
    protocol::SyncGroupRequest request;
    request.group_id = "g";
    request.member_id = a.id;
    request.generation_id = generation;
    EXPECT_EQ(sync_code(ask(request, 5)), Errc::inconsistent_group_protocol);
    request.protocol_type = "consumer";
    request.protocol_name = "other";
    EXPECT_EQ(sync_code(ask(request, 5)), Errc::inconsistent_group_protocol);
    request.protocol_name = "range";
    const auto good = ask(request, 5);
    EXPECT_EQ(answer<protocol::SyncGroupResponse>(good).protocol_name, "range");
    request.protocol_type = "connect";
    EXPECT_EQ(sync_code(ask(request, 5)), Errc::inconsistent_group_protocol);
}

TEST_F(RebalanceTest, ASyncDuringTheNextRebalanceIsSentBackToJoin) {
    const auto generation = settle_group("g", {&a, &b});
    join("g", a);
    EXPECT_EQ(sync_code(sync("g", b, generation)), Errc::rebalance_in_progress);
}

TEST_F(RebalanceTest, AnotherJoinSendsWaitingSyncsBack) {
    const auto generation = begin_completing();
    const auto waiting = sync("g", b, generation);
    Member c;
    join("g", c);
    EXPECT_EQ(sync_code(waiting), Errc::rebalance_in_progress);
    EXPECT_EQ(state("g"), "PreparingRebalance");
}

TEST_F(RebalanceTest, ASecondSyncReplacesTheFirst) {
    const auto generation = begin_completing();
    const auto first = sync("g", b, generation);
    const auto second = sync("g", b, generation);
    EXPECT_EQ(sync_code(first), Errc::rebalance_in_progress);
    sync("g", a, generation, {{b.id, "two"}});
    EXPECT_EQ(assigned(second), "two");
}

TEST_F(RebalanceTest, MembersThatDoNotSyncInTimeAreRemoved) {
    a.rebalance_ms = b.rebalance_ms = 8'000;
    const auto generation = begin_completing();
    sync("g", a, generation, {{a.id, "one"}});
    pass(7'999);
    EXPECT_EQ(heartbeat("g", a, generation), Errc::none);
    pass(1);
    EXPECT_EQ(state("g"), "PreparingRebalance");
    EXPECT_EQ(heartbeat("g", b, generation), Errc::unknown_member_id);
    EXPECT_EQ(joined(join("g", a)).generation_id, generation + 1);
}

TEST_F(RebalanceTest, MembersThatDoNotJoinInTimeAreRemoved) {
    a.rebalance_ms = b.rebalance_ms = 8'000;
    const auto generation = settle_group("g", {&a, &b});
    const auto ticket =
        join("g", b = {.id = b.id, .protocols = {{"range", "new"}}, .rebalance_ms = 8'000});
    pass(8'000);
    EXPECT_EQ(joined(ticket).generation_id, generation + 1);
    EXPECT_EQ(joined(ticket).leader, b.id) << "the leader did not come";
    EXPECT_EQ(joined(ticket).members.size(), 1U);
    EXPECT_EQ(heartbeat("g", a, generation), Errc::unknown_member_id);
}

TEST_F(RebalanceTest, StaticMembersMayMissARebalance) {
    Member s{.instance = "s", .session_ms = 60'000, .rebalance_ms = 8'000};
    a.rebalance_ms = 8'000;
    const auto generation = settle_group("g", {&a, &s});
    const auto ticket = join("g", a);
    pass(8'000);
    EXPECT_EQ(joined(ticket).generation_id, generation + 1);
    EXPECT_EQ(joined(ticket).members.size(), 2U);
}

TEST_F(RebalanceTest, WithOnlyAbsentStaticMembersARebalanceWaitsForTheirSessions) {
    Member s{.instance = "s", .session_ms = 20'000, .rebalance_ms = 8'000};
    a.rebalance_ms = 8'000;
    settle_group("g", {&a, &s});
    leave("g", {a});
    pass(8'000);
    EXPECT_EQ(state("g"), "PreparingRebalance");
    pass(12'000);
    EXPECT_EQ(state("g"), "Empty");
}

TEST_F(RebalanceTest, HeartbeatsKeepASessionAlive) {
    const auto generation = settle_group("g", {&a});
    for (int i = 0; i < 10; ++i) {
        pass(9'000);
        EXPECT_EQ(heartbeat("g", a, generation), Errc::none);
    }
    pass(9'999);
    EXPECT_EQ(state("g"), "Stable");
    pass(1);
    EXPECT_EQ(state("g"), "Empty");
    EXPECT_EQ(heartbeat("g", a, generation), Errc::unknown_member_id);
}

TEST_F(RebalanceTest, CommitsKeepASessionAliveToo) {
    const auto generation = settle_group("g", {&a});
    pass(9'000);
    commit_as("g", a, generation, {{.offset = 1}});
    pass(9'000);
    EXPECT_EQ(state("g"), "Stable");
}

TEST_F(RebalanceTest, HeartbeatsOfOthersAreRefused) {
    const auto generation = settle_group("g", {&a});
    EXPECT_EQ(heartbeat("g", a, 99), Errc::illegal_generation);
    EXPECT_EQ(heartbeat("g", a, -1), Errc::illegal_generation);
    EXPECT_EQ(heartbeat("g", {}, generation), Errc::unknown_member_id);
    EXPECT_EQ(heartbeat("g", {.id = "nobody"}, generation), Errc::unknown_member_id);
    EXPECT_EQ(heartbeat("unheard", a, generation), Errc::unknown_member_id);
    EXPECT_EQ(heartbeat("", a, generation), Errc::invalid_group_id);
}

TEST_F(RebalanceTest, AWaitingMemberNeedsNoHeartbeat) {
    settle_group("g", {&a, &b});
    const auto generation = coordinator_->group("g")->generation();
    const auto ticket = join("g", a);
    for (int i = 0; i < 5; ++i) {
        pass(9'000);
        EXPECT_EQ(heartbeat("g", b, generation), Errc::rebalance_in_progress);
    }
    EXPECT_FALSE(is_answered(ticket));
    EXPECT_EQ(size("g"), 2U);
}

TEST_F(RebalanceTest, AFirstJoinDoesNotWaitForEver) {
    a.rebalance_ms = 2'000'000;
    const auto generation = settle_group("g", {&a});
    const auto ticket = ask(join_request("g", {}), 3);
    for (int i = 0; i < 59; ++i) {
        pass(5'000);
        heartbeat("g", a, generation);
    }
    EXPECT_FALSE(is_answered(ticket));
    pass(5'000);
    EXPECT_EQ(join_code(ticket), Errc::unknown_member_id);
}

TEST_F(RebalanceTest, ALeavingMemberStartsARebalance) {
    const auto generation = settle_group("g", {&a, &b});
    EXPECT_THAT(leave("g", {b}), ElementsAre(Errc::none));
    EXPECT_EQ(heartbeat("g", a, generation), Errc::rebalance_in_progress);
    EXPECT_THAT(leave("g", {b, a, a}),
                ElementsAre(Errc::unknown_member_id, Errc::none, Errc::unknown_member_id));
    EXPECT_EQ(state("g"), "Empty");
    EXPECT_EQ(coordinator_->group("g")->generation(), generation + 1);
}

TEST_F(RebalanceTest, WhoLeavesWhileWaitingIsAnswered) {
    const auto generation = begin_completing();
    const auto waiting_sync = sync("g", b, generation);
    leave("g", {b});
    EXPECT_EQ(sync_code(waiting_sync), Errc::unknown_member_id);
    settle_group("h", {&a, &b});
    const auto waiting_join = join("h", a);
    leave("h", {a});
    EXPECT_EQ(join_code(waiting_join), Errc::unknown_member_id);
}

TEST_F(RebalanceTest, APendingMemberCanLeave) {
    const Member pending{.id = joined(ask(join_request("g", {}), 9)).member_id, .instance = "i"};
    EXPECT_THAT(leave("g", {pending}), ElementsAre(Errc::none));
    EXPECT_THAT(leave("g", {pending, {}}),
                ElementsAre(Errc::unknown_member_id, Errc::unknown_member_id));
}

TEST_F(RebalanceTest, ARebalanceWaitsForPendingMembers) {
    const auto generation = settle_group("g", {&a});
    ask(join_request("g", {}), 9);
    const auto ticket = join("g", a);
    EXPECT_FALSE(is_answered(ticket));
    pass(10'000);
    EXPECT_EQ(joined(ticket).generation_id, generation + 1);
}

TEST_F(RebalanceTest, BeforeVersion3OneMemberLeavesAndTheErrorIsOnTop) {
    settle_group("g", {&a});
    protocol::LeaveGroupRequest request;
    request.group_id = "g";
    const auto code = [&](const std::string& group, const std::string& member) {
        request.group_id = group;
        request.member_id = member;
        return code_of(answer<protocol::LeaveGroupResponse>(ask(request, 2)).error_code);
    };
    EXPECT_EQ(code("", a.id), Errc::invalid_group_id);
    EXPECT_EQ(code("unheard", a.id), Errc::unknown_member_id);
    EXPECT_EQ(code("g", a.id), Errc::none);
    EXPECT_EQ(code("g", a.id), Errc::unknown_member_id);
}

TEST_F(RebalanceTest, AnAssignmentThatCannotBeStoredStartsARebalance) {
    const auto generation = begin_completing();
    const auto follower = sync("g", b, generation);
    refuse_appends_with_ = Errc::message_too_large;
    const auto leader = sync("g", a, generation, {{a.id, "one"}, {b.id, "two"}});
    EXPECT_EQ(sync_code(leader), Errc::unknown_server_error);
    EXPECT_EQ(sync_code(follower), Errc::unknown_server_error);
    EXPECT_EQ(state("g"), "PreparingRebalance");
    refuse_appends_with_.reset();
    join("g", b);
    EXPECT_EQ(joined(join("g", a)).generation_id, generation + 1);
}

TEST_F(RebalanceTest, LosingLeadershipAnswersWhoWaits) {
    const auto generation = begin_completing();
    const auto sync_waits = sync("g", b, generation);
    settle_group("h", {&a, &b});
    const auto join_waits = join("h", a);
    for (auto& reply : coordinator_->resign()) take(std::move(reply));
    EXPECT_EQ(sync_code(sync_waits), Errc::not_coordinator);
    EXPECT_EQ(join_code(join_waits), Errc::not_coordinator);
    EXPECT_TRUE(open_.empty());
}

TEST_F(RebalanceTest, AThousandMembersRebalanceWithOneMemberList) {
    std::vector<Member> members(1'000);
    std::vector<Ticket> tickets;
    members.front().version = 3;
    tickets.push_back(join("g", members.front()));
    for (std::size_t i = 1; i < members.size(); ++i) {
        members[i].version = 3;
        tickets.push_back(join("g", members[i]));
    }
    tickets.front() = join("g", members.front());
    std::size_t listed = 0;
    for (const auto ticket : tickets) listed += joined(ticket).members.size();
    EXPECT_EQ(listed, 1'000U);
    EXPECT_EQ(joined(tickets.back()).generation_id, 2);
}

}  // namespace
}  // namespace kcore::group
