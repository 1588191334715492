#include "broker/quorum_answers.h"

#include <gtest/gtest.h>

namespace kcore::broker {
namespace {

class QuorumAnswersTest : public testing::Test {
protected:
    QuorumAnswersTest() {
        view.node_id = 1;
        view.epoch = 3;
        view.high_watermark = 7;
        auto& self = view.voters.emplace_back();
        self.replica_id = 1;
        self.log_end_offset = 8;
        view.listeners.emplace_back().name = "CONTROLLER";
    }
    auto describe(const std::string& topic, std::int32_t partition) {
        protocol::DescribeQuorumRequest asked;
        auto& named = asked.topics.emplace_back();
        named.topic_name = topic;
        named.partitions.emplace_back().partition_index = partition;
        return describe_quorum(view, asked, version);
    }

    QuorumView view;
    std::int16_t version = 2;
};

TEST_F(QuorumAnswersTest, TheOnlyVoterLeadsAndIsCaughtUp) {
    const auto answer = describe("__cluster_metadata", 0);
    const auto& partition = answer.topics.at(0).partitions.at(0);
    EXPECT_EQ(partition.error_code, 0);
    EXPECT_EQ(partition.leader_id, 1);
    EXPECT_EQ(partition.high_watermark, 7);
    EXPECT_EQ(partition.current_voters.at(0).log_end_offset, 8);
    EXPECT_TRUE(partition.observers.empty());
    EXPECT_EQ(answer.nodes.at(0).listeners.at(0).name, "CONTROLLER");
    version = 1;
    EXPECT_TRUE(describe("__cluster_metadata", 0).nodes.empty());
}

TEST_F(QuorumAnswersTest, OtherPartitionsAreNotTheQuorums) {
    for (const auto& answer : {describe("__cluster_metadata", 1), describe("other", 0)}) {
        EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 3);
        EXPECT_TRUE(answer.nodes.empty());
    }
}

}  // namespace
}  // namespace kcore::broker
