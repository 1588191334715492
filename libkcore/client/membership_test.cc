#include "client/membership.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

#include "client/group_protocol.h"
#include "client/scripted_cluster.h"
#include "protocol/api/find_coordinator.h"
#include "protocol/api/heartbeat.h"
#include "protocol/api/join_group.h"
#include "protocol/api/leave_group.h"
#include "protocol/api/list_offsets.h"
#include "protocol/api/offset_fetch.h"
#include "protocol/api/sync_group.h"

namespace kcore::client {
namespace {

using Partitions = std::vector<TopicPartition>;

std::int16_t wire(Errc code) { return static_cast<std::int16_t>(code); }

// A coordinator that knows this member and whoever the test names; it leads.
class MembershipTest : public ::testing::Test {
protected:
    MembershipTest() {
        world.topics["t"] = {{1, 0}, {1, 0}};
        world.config.consumer.group_id = "g";
        world.config.consumer.session_timeout_ms = 10'000;
        script_group();
        script_offsets();
    }
    ~MembershipTest() override {
        if (membership) world.loop.run(membership->stop());
    }

    void script_group() {
        using namespace protocol;
        auto& node = world.node();
        node.on<FindCoordinatorRequest, FindCoordinatorResponse>(
            [](const FindCoordinatorRequest& request) {
                FindCoordinatorResponse out;
                auto& one = out.coordinators.emplace_back();
                one.key = request.coordinator_keys.at(0);
                one.node_id = 1;
                return std::optional(std::move(out));
            });
        node.on<JoinGroupRequest, JoinGroupResponse>(
            [this](const JoinGroupRequest& request) { return join(request); });
        node.on<SyncGroupRequest, SyncGroupResponse>([this](const SyncGroupRequest& request) {
            SyncGroupResponse out;
            out.error_code = wire(next_of(sync_codes));
            for (const auto& one : request.assignments) {
                if (one.member_id == "me") out.assignment = one.assignment;
            }
            if (given) out.assignment = encode_assignment(*given);
            return std::optional(std::move(out));
        });
        node.on<HeartbeatRequest, HeartbeatResponse>([this](const HeartbeatRequest& request) {
            HeartbeatResponse out;
            said += fmt::format("beat{} ", request.generation_id);
            out.error_code = wire(next_of(beat_codes));
            return std::optional(std::move(out));
        });
        node.on<LeaveGroupRequest, LeaveGroupResponse>([this](const LeaveGroupRequest&) {
            said += "leave ";
            return std::optional(LeaveGroupResponse());
        });
    }
    void script_offsets() {
        using namespace protocol;
        auto& node = world.node();
        node.on<OffsetFetchRequest, OffsetFetchResponse>([](const OffsetFetchRequest& request) {
            OffsetFetchResponse out;
            for (const auto& asked : request.groups) {
                auto& group = out.groups.emplace_back();
                group.group_id = asked.group_id;
                auto& topic = group.topics.emplace_back();
                topic.name = "t";
                auto& one = topic.partitions.emplace_back();
                one.partition_index = 0;
                one.committed_offset = 7;
            }
            return std::optional(std::move(out));
        });
        node.on<ListOffsetsRequest, ListOffsetsResponse>([](const ListOffsetsRequest& request) {
            ListOffsetsResponse out;
            auto& topic = out.topics.emplace_back();
            topic.name = "t";
            for (const auto& asked : request.topics.at(0).partitions) {
                auto& one = topic.partitions.emplace_back();
                one.partition_index = asked.partition_index;
                one.offset = asked.timestamp == -1 ? 90 : 10;
            }
            return std::optional(std::move(out));
        });
    }

    static Errc next_of(std::deque<Errc>& codes) {
        if (codes.empty()) return Errc::none;
        const auto out = codes.front();
        codes.pop_front();
        return out;
    }

    std::optional<protocol::JoinGroupResponse> join(const protocol::JoinGroupRequest& request) {
        const auto subscription = decode_subscription(request.protocols.at(0).metadata);
        said += "join";
        if (!request.member_id.empty()) said += ":" + request.member_id;
        if (request.group_instance_id) said += "@" + *request.group_instance_id;
        for (const auto& one : subscription->owned) said += "+" + one.to_string();
        said += " ";
        world.node().answer_after_ms = std::exchange(join_takes_ms, 0);
        protocol::JoinGroupResponse out;
        out.error_code = wire(next_of(join_codes));
        out.member_id = "me";
        if (out.error_code != 0) return out;
        out.generation_id = ++generation;
        out.protocol_name = request.protocols.at(0).name;
        out.leader = "me";
        auto& me = out.members.emplace_back();
        me.member_id = "me";
        me.metadata = request.protocols.at(0).metadata;
        for (const auto& other : others) {
            auto& member = out.members.emplace_back();
            member.member_id = other;
            member.metadata = encode_subscription({{"t"}});
        }
        return out;
    }

    void start() {
        auto& cluster = world.start();
        fetcher = std::make_unique<Fetcher>(cluster);  // Does not run: only its targets count.
        membership = std::make_unique<Membership>(cluster, *fetcher, std::vector<std::string>{"t"});
        world.loop.spawn(membership->run());
        world.advance(100);
    }
    std::string assigned() {
        std::string out;
        for (const auto& one : fetcher->assignments()) {
            out += fmt::format("{}@{} ", one.what.partition.to_string(), one.what.start);
        }
        return out;
    }
    // Lets one heartbeat go out.
    void beat(Errc code) {
        beat_codes.push_back(code);
        said.clear();
        world.advance(3'100);
    }

    client::testing::ScriptedCluster world;
    std::unique_ptr<Fetcher> fetcher;
    std::unique_ptr<Membership> membership;
    std::deque<Errc> join_codes;
    std::deque<Errc> sync_codes;
    std::deque<Errc> beat_codes;
    std::vector<std::string> others;
    std::optional<Partitions> given;  // Instead of what the leader shares out.
    std::int64_t join_takes_ms = 0;   // The next one.
    std::int32_t generation = 0;
    std::string said;
};

TEST_F(MembershipTest, JoinsByTheIdItIsGivenAndBeginsAtCommittedOffsetsOrTheReset) {
    join_codes = {Errc::member_id_required};
    start();
    EXPECT_EQ(said, "join join:me ");
    EXPECT_EQ(assigned(), "t-0@7 t-1@10 ");
    EXPECT_TRUE(membership->is_settled());
    EXPECT_EQ(membership->committer().generation, 1);
}

TEST_F(MembershipTest, TheLeaderSharesOut) {
    others = {"a"};
    start();
    EXPECT_EQ(assigned(), "t-1@10 ");  // "a" comes before "me".
}

TEST_F(MembershipTest, HeartbeatsGoAtTheirIntervalAndSurviveErrorsThatPass) {
    start();
    beat(Errc::coordinator_not_available);
    EXPECT_EQ(said, "beat1 ");
    beat(Errc::none);
    EXPECT_EQ(said, "beat1 ");
    EXPECT_TRUE(membership->is_settled());
}

TEST_F(MembershipTest, ARebalanceWaitsForTheConsumerToRelease) {
    start();
    beat(Errc::rebalance_in_progress);
    EXPECT_TRUE(membership->wants_release());
    EXPECT_FALSE(membership->is_settled());
    EXPECT_EQ(assigned(), "t-0@7 t-1@10 ");
    world.advance(3'100);  // It still lives.
    EXPECT_EQ(said, "beat1 beat1 ");
    said.clear();
    membership->release();
    EXPECT_EQ(assigned(), "");
    world.advance(100);
    EXPECT_EQ(said, "join:me ");
    EXPECT_EQ(assigned(), "t-0@7 t-1@10 ");
    EXPECT_EQ(membership->committer().generation, 2);
}

TEST_F(MembershipTest, AConsumerThatDoesNotReleaseLosesItsTurn) {
    world.config.consumer.rebalance_timeout_ms = 5'000;
    start();
    beat(Errc::rebalance_in_progress);
    world.advance(5'100);
    EXPECT_FALSE(membership->wants_release());
}

TEST_F(MembershipTest, AForgottenMemberLosesItsPartitionsAndJoinsAnew) {
    start();
    beat(Errc::unknown_member_id);
    EXPECT_EQ(said, "beat1 join ");
    EXPECT_EQ(membership->committer().generation, 2);
}

TEST_F(MembershipTest, AnOldGenerationJoinsAnew) {
    start();
    beat(Errc::illegal_generation);
    EXPECT_EQ(said, "beat1 join ");
}

TEST_F(MembershipTest, AFencedInstanceEndsWithItsError) {
    world.config.consumer.group_instance_id = "one";
    start();
    EXPECT_EQ(said, "join@one ");
    beat(Errc::fenced_instance_id);
    auto next = fetcher->next(io::Deadline::min());
    ASSERT_TRUE(next && !*next);
    EXPECT_EQ(next->error().code, Errc::fenced_instance_id);
}

TEST_F(MembershipTest, StaticMembersDoNotLeaveAndOthersDo) {
    start();
    said.clear();
    world.loop.run(membership->stop());
    membership.reset();
    EXPECT_EQ(said, "leave ");
    world.config.consumer.group_instance_id = "one";
    world.loop.run(world.cluster->stop());
    fetcher.reset();
    start();
    said.clear();
    world.loop.run(membership->stop());
    membership.reset();
    EXPECT_EQ(said, "");
}

TEST_F(MembershipTest, OneThatIsStoppedWhileItJoinsLeavesWithTheIdThatItWasGiven) {
    for (const auto code : {Errc::none, Errc::member_id_required}) {
        said.clear();
        join_codes = {code};
        join_takes_ms = 1'000;
        start();
        EXPECT_EQ(said, "join ");
        world.loop.run(membership->stop());
        EXPECT_EQ(said, "join leave ");
        membership.reset();
        world.loop.run(world.cluster->stop());
        fetcher.reset();
    }
}

TEST_F(MembershipTest, ASyncDuringTheNextRebalanceJoinsAgain) {
    sync_codes = {Errc::rebalance_in_progress};
    start();
    world.advance(1000);
    EXPECT_EQ(said, "join join:me ");
    EXPECT_EQ(assigned(), "t-0@7 t-1@10 ");
}

TEST_F(MembershipTest, ACooperativeMemberKeepsWhatStaysAndJoinsAgainAfterReleasing) {
    world.config.consumer.assignors = {"cooperative-sticky"};
    given = Partitions{{"t", 0}, {"t", 1}};
    start();
    EXPECT_EQ(assigned(), "t-0@7 t-1@10 ");
    const auto number = fetcher->assignments()[1].number;
    given = Partitions{{"t", 1}};
    beat(Errc::rebalance_in_progress);
    EXPECT_EQ(said, "beat1 join:me+t-0+t-1 ");
    EXPECT_TRUE(membership->wants_release());
    said.clear();
    membership->release();
    EXPECT_EQ(assigned(), "t-1@10 ");
    EXPECT_EQ(fetcher->assignments()[0].number, number);
    world.advance(100);
    EXPECT_EQ(said, "join:me+t-1 ");
    EXPECT_TRUE(membership->is_settled());
}

}  // namespace
}  // namespace kcore::client
