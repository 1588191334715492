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

TEST_F(ReassignmentsTest, NothingIsUnderWay) {
    EXPECT_EQ(reassign("orders", 0, std::nullopt).error_code, 85);
    EXPECT_TRUE(ask(protocol::ListPartitionReassignmentsRequest()).topics.empty());
}

}  // namespace
}  // namespace kcore::controller
