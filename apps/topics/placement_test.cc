#include "topics/placement.h"

#include <gtest/gtest.h>

namespace kcore::topics {
namespace {

const std::map<std::int32_t, std::string> kThree{{1, ""}, {2, ""}, {3, ""}};
const std::map<std::int32_t, std::string> kRacks{{1, "a"}, {2, "a"}, {3, "b"}, {4, "b"}};

TEST(PlacementTest, WhatMayStayStays) {
    EXPECT_EQ(place({{1, 2}, {2, 3}}, kThree, 2), (std::vector<Replicas>{{1, 2}, {2, 3}}));
    EXPECT_EQ(place({{3, 2, 1}}, kThree, 1), (std::vector<Replicas>{{3}}));
}

TEST(PlacementTest, NewReplicasGoWhereFewAre) {
    EXPECT_EQ(place({{1}, {1}, {1}}, kThree, 2), (std::vector<Replicas>{{1, 2}, {1, 3}, {1, 2}}));
}

TEST(PlacementTest, BrokersThatMayNotStayAreLeft) {
    EXPECT_EQ(place({{9, 1}, {9, 2}}, kThree, 2), (std::vector<Replicas>{{1, 3}, {2, 1}}));
}

TEST(PlacementTest, ReplicasOfAPartitionAreInOtherRacks) {
    EXPECT_EQ(place({{1}, {3}}, kRacks, 2), (std::vector<Replicas>{{1, 4}, {3, 2}}));
    EXPECT_EQ(place({{1, 2}}, kRacks, 3), (std::vector<Replicas>{{1, 2, 3}}));
}

}  // namespace
}  // namespace kcore::topics
