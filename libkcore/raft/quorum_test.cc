#include "raft/quorum.h"

#include <gtest/gtest.h>

namespace kcore::raft {
namespace {

Election past(std::int32_t epoch, std::int32_t leader = kNobody) {
    Election election;
    election.epoch = epoch;
    election.leader = leader;
    return election;
}

TEST(QuorumTest, TheOnlyVoterElectsItselfAtOnce) {
    Quorum quorum(1, {1}, past(4, 1));
    EXPECT_EQ(quorum.role(), QuorumRole::unattached);
    quorum.start_election(4);
    EXPECT_EQ(quorum.role(), QuorumRole::leader);
    EXPECT_EQ(quorum.epoch(), 5);
    EXPECT_EQ(quorum.election().leader, 1);
    EXPECT_EQ(quorum.election().voted, 1);
}

TEST(QuorumTest, AnEpochInTheLogAboveTheStateFileIsNotUsedAgain) {
    Quorum quorum(1, {1}, past(0));
    quorum.start_election(7);
    EXPECT_EQ(quorum.epoch(), 8);
}

TEST(QuorumTest, OneOfThreeVotesDoesNotLead) {
    Quorum quorum(1, {1, 2, 3}, {});
    quorum.start_election(0);
    EXPECT_EQ(quorum.role(), QuorumRole::candidate);
    EXPECT_EQ(quorum.election().leader, kNobody);
    quorum.on_vote(2, false);
    EXPECT_EQ(quorum.role(), QuorumRole::candidate);
    quorum.on_vote(9, true);
    EXPECT_EQ(quorum.role(), QuorumRole::candidate) << "a stranger's vote does not count";
    quorum.on_vote(3, true);
    EXPECT_EQ(quorum.role(), QuorumRole::leader);
}

TEST(QuorumTest, ACandidateThatLosesStandsInTheNextEpoch) {
    Quorum quorum(1, {1, 2, 3}, {});
    quorum.start_election(0);
    quorum.start_election(0);
    EXPECT_EQ(quorum.epoch(), 2);
    EXPECT_EQ(quorum.granted(), std::set<std::int32_t>{1}) << "old votes are void";
}

TEST(QuorumTest, TheHighWatermarkIsWhatMoreThanHalfHaveStored) {
    Quorum quorum(1, {1, 2, 3}, {});
    quorum.start_election(0);
    quorum.on_vote(2, true);
    quorum.on_epoch_start(10);
    EXPECT_FALSE(quorum.on_stored(1, 20));
    EXPECT_TRUE(quorum.on_stored(3, 15));
    EXPECT_EQ(quorum.high_watermark(), 15);
    EXPECT_TRUE(quorum.on_stored(2, 18));
    EXPECT_EQ(quorum.high_watermark(), 18);
}

TEST(QuorumTest, TheLeaderItselfIsPartOfEveryMajority) {
    Quorum quorum(1, {1, 2, 3}, {});
    quorum.start_election(0);
    quorum.on_vote(2, true);
    quorum.on_epoch_start(0);
    EXPECT_FALSE(quorum.on_stored(2, 20));
    EXPECT_FALSE(quorum.on_stored(3, 20));
    EXPECT_TRUE(quorum.on_stored(1, 5));
    EXPECT_EQ(quorum.high_watermark(), 5);
}

TEST(QuorumTest, EntriesOfEarlierEpochsAreCommittedOnlyByOneOfTheOwn) {
    Quorum quorum(1, {1}, {});
    quorum.start_election(0);
    quorum.on_epoch_start(10);
    EXPECT_FALSE(quorum.on_stored(1, 10));
    EXPECT_EQ(quorum.high_watermark(), 0);
    EXPECT_TRUE(quorum.on_stored(1, 11));
    EXPECT_EQ(quorum.high_watermark(), 11);
}

TEST(QuorumTest, TheHighWatermarkNeverFalls) {
    Quorum quorum(1, {1}, {});
    quorum.start_election(0);
    quorum.on_epoch_start(0);
    EXPECT_TRUE(quorum.on_stored(1, 8));
    EXPECT_FALSE(quorum.on_stored(1, 6));
    EXPECT_EQ(quorum.high_watermark(), 8);
}

}  // namespace
}  // namespace kcore::raft
