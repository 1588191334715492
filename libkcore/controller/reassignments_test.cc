#include "controller/reassignments.h"

#include <gtest/gtest.h>

#include "controller/one_broker_fixture.h"

namespace kcore::controller {
namespace {

using Replicas = std::vector<std::int32_t>;

class ReassignmentsTest : public OneBrokerTest {
protected:
    ReassignmentsTest() {
        protocol::CreateTopicsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = "orders";
        topic.num_partitions = 1;
        topic.replication_factor = 1;
        ask(request);
    }
    auto reassign(const std::string& topic, std::int32_t partition,
                  std::optional<Replicas> replicas) {
        protocol::AlterPartitionReassignmentsRequest request;
        auto& asked = request.topics.emplace_back();
        asked.name = topic;
        auto& wanted = asked.partitions.emplace_back();
        wanted.partition_index = partition;
        wanted.replicas = std::move(replicas);
        return ask(request).responses.at(0).partitions.at(0);
    }
};

TEST_F(ReassignmentsTest, ATargetThatIsThereAlreadyIsFine) {
    EXPECT_EQ(reassign("orders", 0, Replicas{1}).error_code, 0);
}

TEST_F(ReassignmentsTest, TargetsThatCannotBeAreRefused) {
    EXPECT_EQ(reassign("orders", 0, Replicas{}).error_code, 39);
    EXPECT_EQ(reassign("orders", 0, Replicas{1, 1}).error_code, 39);
    EXPECT_EQ(reassign("orders", 0, Replicas{7}).error_message,
              "The manual partition assignment includes broker 7, but no such broker is "
              "registered.");
    EXPECT_EQ(reassign("orders", 9, Replicas{1}).error_message,
              "Unable to find partition orders:9.");
    EXPECT_EQ(reassign("other", 0, Replicas{1}).error_message,
              "Unable to find a topic named other.");
}

// Brokers 1 to 4; the partition is on 1, 2 and 3.
class MovesTest : public ReassignmentsTest {
protected:
    MovesTest() {
        for (const std::int32_t id : {2, 3, 4}) {
            auto broker = *image().broker(1);
            broker.id = id;
            broker.epoch = 5 + id;
            broker.log_dirs = {Uuid{500, static_cast<std::uint64_t>(id)}};
            log({metadata::make_record(metadata::MetadataVersion(33), broker)});
        }
        reassign("orders", 0, Replicas{1, 2, 3});
        isr({1, 2, 3});
    }
    const metadata::Partition& partition() { return *image().partition("orders", 0); }
    // The leader asks for it.
    void isr(const Replicas& ids) {
        const auto& p = partition();
        protocol::AlterPartitionRequest request;
        request.broker_id = p.leader;
        request.broker_epoch = image().broker(p.leader)->epoch;
        auto& topic = request.topics.emplace_back();
        topic.topic_id = image().topic("orders")->id;
        auto& asked = topic.partitions.emplace_back();
        asked.leader_epoch = p.leader_epoch;
        asked.partition_epoch = p.partition_epoch;
        for (const auto id : ids) asked.new_isr_with_epochs.emplace_back().broker_id = id;
        const auto answer = ask(request);
        ASSERT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
    }
};

TEST_F(MovesTest, ReplicasAreAddedFirstAndTheOthersGoWhenThoseAreInSync) {
    EXPECT_EQ(partition().replicas, (Replicas{1, 2, 3}));
    EXPECT_EQ(reassign("orders", 0, Replicas{4, 2}).error_code, 0);
    EXPECT_EQ(partition().replicas, (Replicas{4, 2, 1, 3}));
    EXPECT_EQ(partition().adding_replicas, Replicas{4});
    EXPECT_EQ(partition().removing_replicas, (Replicas{1, 3}));
    EXPECT_EQ(partition().directory_of(4), (Uuid{500, 4}));
    EXPECT_EQ(ask(protocol::ListPartitionReassignmentsRequest()).topics.size(), 1U);
    EXPECT_EQ(partition().leader, 1) << "until it ends";

    const auto epoch = partition().leader_epoch;
    isr({1, 2, 3, 4});
    EXPECT_EQ(partition().replicas, (Replicas{4, 2}));
    EXPECT_EQ(partition().isr, (Replicas{2, 4}));
    EXPECT_TRUE(partition().adding_replicas.empty() && partition().removing_replicas.empty());
    EXPECT_EQ(partition().leader, 4);
    EXPECT_GT(partition().leader_epoch, epoch);
    EXPECT_TRUE(ask(protocol::ListPartitionReassignmentsRequest()).topics.empty());
}

TEST_F(MovesTest, TakingReplicasAwayFencesWhatTheyMayStillTake) {
    const auto epoch = partition().leader_epoch;
    EXPECT_EQ(reassign("orders", 0, Replicas{1, 2}).error_code, 0);
    EXPECT_EQ(partition().replicas, (Replicas{1, 2}));
    EXPECT_EQ(partition().isr, (Replicas{1, 2}));
    EXPECT_EQ(partition().leader, 1);
    EXPECT_EQ(partition().leader_epoch, epoch + 1);
}

TEST_F(MovesTest, AnotherOrderNeedsNoMove) {
    const auto epoch = partition().leader_epoch;
    EXPECT_EQ(reassign("orders", 0, Replicas{3, 2, 1}).error_code, 0);
    EXPECT_EQ(partition().replicas, (Replicas{3, 2, 1}));
    EXPECT_EQ(partition().leader, 1);
    EXPECT_EQ(partition().leader_epoch, epoch);
}

TEST_F(MovesTest, ACancelledMoveLeavesWhatWasThere) {
    reassign("orders", 0, Replicas{1, 4});
    EXPECT_EQ(reassign("orders", 0, std::nullopt).error_code, 0);
    EXPECT_EQ(partition().replicas, (Replicas{1, 2, 3}));
    EXPECT_TRUE(partition().adding_replicas.empty() && partition().removing_replicas.empty());
    EXPECT_EQ(reassign("orders", 0, std::nullopt).error_code, 85);
}

TEST_F(MovesTest, AnotherTargetReplacesTheFirstAndStillWaitsForItsReplicas) {
    reassign("orders", 0, Replicas{1, 4});
    reassign("orders", 0, Replicas{2, 4});
    EXPECT_EQ(partition().adding_replicas, Replicas{4});
    EXPECT_EQ(partition().removing_replicas, (Replicas{1, 3}));
    isr({1, 2, 3, 4});
    EXPECT_EQ(partition().replicas, (Replicas{2, 4}));
}

TEST_F(MovesTest, AMoveEndsWithItsLastReplicaInSync) {
    reassign("orders", 0, Replicas{4});
    isr({1, 4});
    EXPECT_EQ(partition().replicas, Replicas{4});
    EXPECT_EQ(reassign("orders", 0, std::nullopt).error_code, 85);
}

TEST_F(ReassignmentsTest, NothingIsUnderWay) {
    EXPECT_EQ(reassign("orders", 0, std::nullopt).error_code, 85);
    EXPECT_TRUE(ask(protocol::ListPartitionReassignmentsRequest()).topics.empty());
}

}  // namespace
}  // namespace kcore::controller
