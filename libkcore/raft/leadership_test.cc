#include "raft/leadership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcore::raft {
namespace {

using testing::ElementsAre;

VoterSet voters(std::initializer_list<std::int32_t> ids) {
    std::vector<Voter> all;
    for (const auto id : ids) {
        Voter voter;
        voter.key.id = id;
        all.push_back(voter);
    }
    return VoterSet(std::move(all));
}

class LeadershipTest : public testing::Test {
protected:
    Leadership lead(std::initializer_list<std::int32_t> ids, std::int64_t epoch_start = 0) {
        return Leadership({1, {}}, epoch_start, voters(ids), 0);
    }
    static void fetch(Leadership& leadership, std::int32_t id, std::int64_t offset,
                      std::int64_t now_ms = 0) {
        leadership.on_fetch({id, {}}, offset, 100, now_ms);
    }
};

TEST_F(LeadershipTest, CommittedIsWhatMoreThanHalfHaveOnDisk) {
    auto leadership = lead({1, 2, 3}, 10);
    leadership.on_own_sync(20);
    EXPECT_FALSE(leadership.committed());
    fetch(leadership, 3, 15);
    EXPECT_EQ(leadership.committed(), 15);
    fetch(leadership, 2, 18);
    EXPECT_EQ(leadership.committed(), 18);
}

TEST_F(LeadershipTest, TheLeadersOwnDiskCountsLikeAnyOther) {
    auto leadership = lead({1, 2, 3});
    fetch(leadership, 2, 20);
    EXPECT_FALSE(leadership.committed()) << "one of three";
    leadership.on_own_sync(5);
    EXPECT_EQ(leadership.committed(), 5);
    fetch(leadership, 3, 12);
    EXPECT_EQ(leadership.committed(), 12);
}

TEST_F(LeadershipTest, HalfOfAnEvenNumberIsNotEnough) {
    auto leadership = lead({1, 2, 3, 4});
    leadership.on_own_sync(20);
    fetch(leadership, 2, 20);
    EXPECT_FALSE(leadership.committed());
    fetch(leadership, 3, 9);
    EXPECT_EQ(leadership.committed(), 9);
}

TEST_F(LeadershipTest, EntriesOfEarlierEpochsAreCommittedOnlyByOneOfTheOwn) {
    auto leadership = lead({1}, 10);
    leadership.on_own_sync(10);
    EXPECT_FALSE(leadership.committed());
    leadership.on_own_sync(11);
    EXPECT_EQ(leadership.committed(), 11);
}

TEST_F(LeadershipTest, ALeaderThatIsNoVoterDoesNotCountItself) {
    auto leadership = lead({2, 3});
    leadership.on_own_sync(50);
    fetch(leadership, 2, 8);
    EXPECT_FALSE(leadership.committed());
    fetch(leadership, 3, 7);
    EXPECT_EQ(leadership.committed(), 7);
}

TEST_F(LeadershipTest, AnObserverThatBecomesAVoterBringsWhatItHas) {
    auto leadership = lead({1, 2});
    leadership.on_own_sync(20);
    fetch(leadership, 2, 10);
    fetch(leadership, 3, 20);
    EXPECT_EQ(leadership.observers().size(), 1U);
    EXPECT_EQ(leadership.committed(), 10);
    leadership.set_voters(voters({1, 2, 3}), 0);
    EXPECT_TRUE(leadership.observers().empty());
    EXPECT_EQ(leadership.committed(), 20);
}

TEST_F(LeadershipTest, SuccessorsAreInTheOrderOfTheirLogs) {
    auto leadership = lead({1, 2, 3, 4});
    fetch(leadership, 3, 9);
    fetch(leadership, 4, 5);
    std::vector<std::int32_t> ids;
    for (const auto& key : leadership.successors()) ids.push_back(key.id);
    EXPECT_THAT(ids, ElementsAre(3, 4, 2));
}

TEST_F(LeadershipTest, AMajorityIsAsFreshAsItsOldestContact) {
    auto leadership = lead({1, 2, 3, 4, 5});
    fetch(leadership, 2, 1, 700);
    fetch(leadership, 3, 1, 400);
    EXPECT_EQ(leadership.majority_contact_ms(1000), 400);
    EXPECT_EQ(lead({1}).majority_contact_ms(1000), 1000) << "alone it always has one";
}

TEST_F(LeadershipTest, AVoterWithAnotherDiskIsAnObserver) {
    Voter one;
    one.key = {1, Uuid{1, 1}};
    Voter two;
    two.key = {2, Uuid{2, 2}};
    Leadership leadership({1, Uuid{1, 1}}, 0, VoterSet({one, two}), 0);
    leadership.on_own_sync(5);
    leadership.on_fetch({2, Uuid{9, 9}}, 5, 5, 0);
    EXPECT_FALSE(leadership.committed());
    EXPECT_EQ(leadership.observers().size(), 1U);
}

}  // namespace
}  // namespace kcore::raft
