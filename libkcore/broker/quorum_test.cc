// Three whole nodes that are the quorum of their own cluster, on one loop over virtual time.

#include <string>

#include "broker/test_trio.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/remove_raft_voter.h"

namespace kcore::broker {
namespace {

class QuorumTest : public TrioTest {
protected:
    // Of the leader on its controllers' listener, or of any node as a client.
    template <class Request>
    std::int16_t change_voters(const Request& request, std::uint16_t port) {
        for (int id = 1; id <= 3; ++id) {
            const auto code = ask(id, request, port).error_code;
            if (code != static_cast<std::int16_t>(Errc::not_leader_or_follower)) return code;
        }
        return -1;
    }
};

TEST_F(QuorumTest, ThreeNodesAgreeAndEachKnowsWhatWasDecided) {
    start_all();
    EXPECT_EQ(create(2, "orders"), 0);
    loop.advance(io::Milliseconds(1000));
    for (int id = 1; id <= 3; ++id) EXPECT_TRUE(knows(id, "orders")) << id;
}

TEST_F(QuorumTest, AStartThatFindsNoQuorumCanBeInterrupted) {
    auto& alone = *nodes[0];
    begin(alone);
    loop.advance(io::Milliseconds(3'000));
    EXPECT_FALSE(alone.started);
    alone.server->interrupt();
    loop.advance(io::Milliseconds(200));
    ASSERT_TRUE(alone.started);
    EXPECT_FALSE(*alone.started);
    stop(alone);
    EXPECT_TRUE(said(alone, "stopped clean=true"));
}

TEST_F(QuorumTest, EachMayStopAndComeBackWhileTheOthersGoOn) {
    start_all();
    for (int id = 1; id <= 3; ++id) {
        auto& node = *nodes[id - 1];
        stop(node);
        const auto name = "without-" + std::to_string(id);
        EXPECT_EQ(create(id % 3 + 1, name), 0);
        begin(node);
        expect_started(node);
        EXPECT_TRUE(knows(id, name));
    }
}

TEST_F(QuorumTest, ChangesOfVotersAreJudgedTheSameWhoeverIsAsked) {
    start_all();
    for (const auto port : {kBrokerPort, kControllerPort}) {
        protocol::AddRaftVoterRequest add;
        add.cluster_id = kClusterId;
        add.voter_id = 9;
        add.voter_directory_id = Uuid{1, 1};
        add.listeners.emplace_back().name = "CONTROLLER";
        EXPECT_EQ(change_voters(add, port), 35) << "kraft.version is 0";
        add.listeners.front().name = "OTHER";
        EXPECT_EQ(change_voters(add, port), 42);
        add.voter_id = -1;
        EXPECT_EQ(change_voters(add, port), 42);
        add.cluster_id = "other";
        EXPECT_EQ(change_voters(add, port), 104);
        protocol::RemoveRaftVoterRequest remove;
        remove.cluster_id = kClusterId;
        remove.voter_id = 2;
        EXPECT_EQ(change_voters(remove, port), 35);
        remove.cluster_id = "other";
        EXPECT_EQ(change_voters(remove, port), 104);
    }
}

TEST_F(QuorumTest, EveryNodeTakesSnapshotsWhoeverLeads) {
    more = {{"metadata.log.max.record.bytes.between.snapshots", "300"}};
    start_all();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(create(1 + i, "topic-" + std::to_string(i)), 0);
        loop.advance(io::Milliseconds(1000));
    }
    for (const auto& node : nodes) EXPECT_TRUE(said(*node, "snapshot written")) << node->id;
}

TEST_F(QuorumTest, WhoMissedWhatTheOthersHaveDroppedLoadsASnapshot) {
    more = {{"metadata.log.max.record.bytes.between.snapshots", "300"},
            {"metadata.max.retention.bytes", "1"}};
    start_all();
    stop(*nodes[2]);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(create(1 + i % 2, "topic-" + std::to_string(i)), 0);
        loop.advance(io::Milliseconds(1000));
    }
    begin(*nodes[2]);
    expect_started(*nodes[2]);
    EXPECT_TRUE(said(*nodes[2], "snapshot received"));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(knows(3, "topic-" + std::to_string(i)));
}

}  // namespace
}  // namespace kcore::broker
