#include "replication/followers.h"

#include <gtest/gtest.h>

namespace kcore::replication {
namespace {

constexpr std::int64_t kLagMs = 1000;

class FollowersTest : public testing::Test {
protected:
    FollowersTest() {
        set_live({1, 2, 3});
        followers_.begin(leadership_, 10, now_);
    }
    void set_live(const std::vector<std::int32_t>& ids) {
        metadata::Image image;
        auto brokers =
            std::make_shared<std::map<std::int32_t, std::shared_ptr<const metadata::Broker>>>();
        for (const auto id : ids) {
            auto broker = std::make_shared<metadata::Broker>();
            broker->id = id;
            broker->epoch = 100 + id;
            broker->fenced = false;
            (*brokers)[id] = broker;
        }
        image.brokers = brokers;
        live_.set(image);
    }
    void fetched(std::int32_t id, std::int64_t offset, std::int64_t epoch = 0) {
        followers_.fetched({id, epoch == 0 ? 100 + id : epoch, 0, now_}, offset, end_);
    }
    std::optional<std::int64_t> committed(std::int32_t min = 1) const {
        return followers_.committed(leadership_, end_, min);
    }
    std::vector<std::int32_t> proposed(std::int64_t high_watermark = 10) {
        std::vector<std::int32_t> ids;
        const auto proposal = followers_.propose(leadership_, high_watermark, end_);
        if (proposal) {
            for (const auto& member : proposal->isr) ids.push_back(member.broker);
        }
        return ids;
    }
    using Ids = std::vector<std::int32_t>;

    LiveBrokers live_;
    Followers followers_{1, live_, kLagMs};
    Leadership leadership_{1, 5, 7, {1, 2, 3}, {1, 2}};
    std::int64_t end_ = 20;
    std::int64_t now_ = 10'000;
};

TEST_F(FollowersTest, WhatAnIsrMemberLacksIsNotCommitted) {
    EXPECT_EQ(committed(), -1) << "nothing is known of it yet";
    fetched(2, 15);
    EXPECT_EQ(committed(), 15);
    fetched(2, 20);
    EXPECT_EQ(committed(), 20);
}

TEST_F(FollowersTest, BelowTheMinimumNothingIsCommitted) {
    fetched(2, 20);
    EXPECT_EQ(committed(2), 20);
    EXPECT_EQ(committed(3), std::nullopt);
    leadership_.replicas = {1, 2};
    EXPECT_EQ(committed(3), 20) << "there are not more replicas than two";
}

TEST_F(FollowersTest, OneThatKeepsUpCountsBeforeItIsInTheIsr) {
    fetched(2, 20);
    fetched(3, 18);
    EXPECT_EQ(committed(), 20) << "it never had all";
    fetched(3, 20);
    end_ = 30;
    fetched(2, 30);
    EXPECT_EQ(committed(), 20);
    set_live({1, 2});
    EXPECT_EQ(committed(), 30) << "it is fenced";
}

TEST_F(FollowersTest, WhoHasWhatIsCommittedIsProposedWithItsEpoch) {
    fetched(2, 20);
    fetched(3, 12);
    EXPECT_FALSE(followers_.may_join(leadership_, 3, 15));
    EXPECT_TRUE(followers_.may_join(leadership_, 3, 12));
    EXPECT_EQ(proposed(12), (Ids{1, 2, 3}));
    EXPECT_EQ(followers_.proposal()->isr.back(), (IsrMember{3, 103}));
    EXPECT_EQ(followers_.proposal()->partition_epoch, 7);
}

TEST_F(FollowersTest, NobodyJoinsWithoutWhatEarlierLeadersLeft) {
    fetched(2, 20);
    fetched(3, 9);
    EXPECT_FALSE(followers_.may_join(leadership_, 3, 5)) << "the epoch began at 10";
}

TEST_F(FollowersTest, AnotherProcessUnderTheSameIdIsNotProposed) {
    fetched(2, 20);
    fetched(3, 20, 99);
    EXPECT_EQ(proposed(20), Ids());
}

TEST_F(FollowersTest, OnlyOneProposalIsOpenAndItsNewMembersCount) {
    fetched(2, 20);
    fetched(3, 15);
    EXPECT_EQ(proposed(15), (Ids{1, 2, 3}));
    EXPECT_EQ(proposed(15), Ids());
    EXPECT_EQ(committed(), 15);
    followers_.forget_proposal();
    EXPECT_EQ(committed(), 20);
}

TEST_F(FollowersTest, WhoDoesNotKeepUpIsToLeave) {
    fetched(2, 15);
    now_ += kLagMs;
    followers_.at_time(now_);
    EXPECT_EQ(proposed(20), Ids());
    now_ += 1;
    followers_.at_time(now_);
    EXPECT_EQ(proposed(20), (Ids{1}));
    EXPECT_EQ(committed(), 15) << "until the controller agrees it counts";
}

TEST_F(FollowersTest, WhoHasItAllStaysHoweverLongNothingCame) {
    fetched(2, 20);
    now_ += 100 * kLagMs;
    followers_.at_time(now_);
    EXPECT_EQ(proposed(20), Ids());
}

}  // namespace
}  // namespace kcore::replication
