#include "client/cluster.h"

#include <gtest/gtest.h>

#include "client/scripted_cluster.h"

namespace kcore::client {
namespace {

class ClusterTest : public ::testing::Test {
protected:
    std::int32_t leader_as_learned(std::int32_t leader, std::int32_t epoch) {
        world.topics["t"] = {{leader, epoch}};
        auto& cluster = world.cluster ? *world.cluster : world.start();
        Topics topics(std::vector<std::string>{"t"});
        const auto deadline = world.clock.in_ms(1'000);
        const auto view = world.loop.run(cluster.refresh(std::move(topics), deadline));
        return view ? (*view)->find("t", 0)->leader : -1;
    }

    testing::ScriptedCluster world{2};
};

TEST_F(ClusterTest, ABrokerThatIsCutOffSendsNobodyBackToAnOldLeader) {
    EXPECT_EQ(leader_as_learned(1, 3), 1);
    EXPECT_EQ(leader_as_learned(2, 4), 2);
    EXPECT_EQ(leader_as_learned(1, 3), 2);
    EXPECT_EQ(leader_as_learned(1, 5), 1);
}

}  // namespace
}  // namespace kcore::client
