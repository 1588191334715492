#include "controller/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace kcore::controller {
namespace {

class PlacementTest : public testing::Test {
protected:
    void broker(std::int32_t id, const std::string& rack = "", bool fenced = false) {
        brokers_.push_back({id, rack.empty() ? std::nullopt : std::optional(rack), fenced});
    }
    auto place_on(std::int32_t partitions, std::int16_t replicas) {
        return place(brokers_, partitions, replicas, [this] { return random_(); });
    }
    std::string rack_of(std::int32_t id) {
        for (const auto& b : brokers_) {
            if (b.broker == id) return b.rack.value_or("");
        }
        return "none";
    }

    std::vector<Candidate> brokers_;
    std::mt19937_64 random_{7};
};

TEST_F(PlacementTest, LeadersAndReplicasSpreadEvenlyOverBrokers) {
    for (int id = 0; id < 4; ++id) broker(id);
    const auto placed = place_on(40, 3);
    ASSERT_TRUE(placed);
    std::map<std::int32_t, int> leaders;
    std::map<std::int32_t, int> replicas;
    for (const auto& partition : *placed) {
        ++leaders[partition.front()];
        for (const auto id : partition) ++replicas[id];
    }
    for (int id = 0; id < 4; ++id) {
        EXPECT_EQ(leaders[id], 10) << id;
        EXPECT_EQ(replicas[id], 30) << id;
    }
}

TEST_F(PlacementTest, NoBrokerHoldsAPartitionTwice) {
    for (int id = 0; id < 5; ++id) broker(id, id < 4 ? "a" : "b");
    const auto placed = place_on(50, 4);
    ASSERT_TRUE(placed);
    for (const auto& partition : *placed) {
        EXPECT_EQ(std::set<std::int32_t>(partition.begin(), partition.end()).size(), 4U);
    }
}

TEST_F(PlacementTest, EveryRackHasAReplicaBeforeAnyHasTwo) {
    for (int id = 0; id < 6; ++id) broker(id, std::string(1, static_cast<char>('a' + id / 2)));
    const auto placed = place_on(30, 3);
    ASSERT_TRUE(placed);
    for (const auto& partition : *placed) {
        std::set<std::string> racks;
        for (const auto id : partition) racks.insert(rack_of(id));
        EXPECT_EQ(racks.size(), 3U);
    }
}

TEST_F(PlacementTest, FencedBrokersAreUsedOnlyWhenLiveOnesDoNotSuffice) {
    broker(1);
    broker(2);
    broker(3, "", true);
    const auto two = place_on(10, 2);
    ASSERT_TRUE(two);
    for (const auto& partition : *two) EXPECT_THAT(partition, testing::Not(testing::Contains(3)));
    const auto three = place_on(10, 3);
    ASSERT_TRUE(three);
    for (const auto& partition : *three) EXPECT_EQ(partition.back(), 3);
}

TEST_F(PlacementTest, TheFirstReplicaIsLiveEvenWhenItsRackIsNotFirst) {
    broker(1, "a", true);
    broker(2, "b");
    const auto placed = place_on(10, 2);
    ASSERT_TRUE(placed);
    for (const auto& partition : *placed) EXPECT_EQ(partition.front(), 2);
}

TEST_F(PlacementTest, MoreReplicasThanBrokersAreRefused) {
    broker(1);
    const auto placed = place_on(1, 2);
    ASSERT_FALSE(placed);
    EXPECT_EQ(placed.error().code, Errc::invalid_replication_factor);
    EXPECT_EQ(
        placed.error().what,
        "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot "
        "be reached because only 1 broker(s) are registered or some brokers have all their log "
        "directories cordoned.");
}

TEST_F(PlacementTest, WithoutALiveBrokerNothingIsPlaced) {
    EXPECT_FALSE(place_on(1, 1));
    broker(1, "", true);
    EXPECT_FALSE(place_on(1, 1));
}

}  // namespace
}  // namespace kcore::controller
