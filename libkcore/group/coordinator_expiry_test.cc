#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group/group_fixture.h"

namespace kcore::group {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kMinute = 60'000;

struct ExpiryTest : GroupTest {
    static Settings settings() {
        auto settings = quick_settings();
        settings.offsets_retention_ms = 60 * kMinute;
        settings.offsets_retention_check_interval_ms = kMinute;
        return settings;
    }
    ExpiryTest() : GroupTest(settings()) {}

    static std::string subscription(const std::string& topic) {
        std::string bytes("\0\0\0\0\0\1\0", 7);
        bytes += static_cast<char>(topic.size());
        return bytes + topic + std::string("\xff\xff\xff\xff", 4);
    }
    void keep_alive(const Member& member, std::int32_t generation, int minutes) {
        for (int i = 0; i < minutes * 10; ++i) {
            pass(kMinute / 10);
            heartbeat("g", member, generation);
        }
    }
};

TEST_F(ExpiryTest, AnOffsetOfASimpleGroupLivesFromItsCommit) {
    commit("g", {{.offset = 1}, {.partition = 1, .offset = 1}});
    pass(30 * kMinute);
    commit("g", {{.offset = 2}});
    pass(30 * kMinute);
    EXPECT_EQ(committed("g", "orders", 0), 2);
    EXPECT_EQ(committed("g", "orders", 1), -1);
    pass(30 * kMinute);
    EXPECT_EQ(state("g"), "Dead");
    EXPECT_EQ(reloaded()->group_count(), 0U);
    EXPECT_TRUE(reloaded()->offsets().groups().empty());
}

TEST_F(ExpiryTest, AnExplicitRetentionCounts) {
    commit("g", {{.offset = 1}}, 2, 5 * kMinute);
    commit("g", {{.partition = 1, .offset = 1}}, 2, 600 * kMinute);
    fail_over();
    pass(6 * kMinute);
    EXPECT_EQ(committed("g", "orders", 0), -1);
    pass(200 * kMinute);
    EXPECT_EQ(committed("g", "orders", 1), 1);
}

TEST_F(ExpiryTest, OffsetsOfAGroupWithMembersLiveFromItsEnd) {
    Member member{.protocols = {{"range", subscription("orders")}}};
    const auto generation = settle_group("g", {&member});
    commit_as("g", member, generation, {{.offset = 1}});
    keep_alive(member, generation, 90);
    EXPECT_EQ(committed("g", "orders", 0), 1);
    leave("g", {member});
    pass(59 * kMinute);
    EXPECT_EQ(committed("g", "orders", 0), 1);
    pass(2 * kMinute);
    EXPECT_EQ(committed("g", "orders", 0), -1);
    EXPECT_EQ(state("g"), "Dead");
}

TEST_F(ExpiryTest, TopicsNoLongerSubscribedExpireUnderALivingGroup) {
    Member member{.protocols = {{"range", subscription("orders")}}};
    const auto generation = settle_group("g", {&member});
    commit_as("g", member, generation, {{.offset = 1}, {.topic = "payments", .offset = 2}});
    keep_alive(member, generation, 62);
    EXPECT_EQ(committed("g", "orders", 0), 1);
    EXPECT_EQ(committed("g", "payments", 0), -1);
    EXPECT_EQ(state("g"), "Stable");
}

TEST_F(ExpiryTest, UnderABrokenSubscriptionNothingExpires) {
    Member member{.protocols = {{"range", "broken"}}};
    const auto generation = settle_group("g", {&member});
    commit_as("g", member, generation, {{.offset = 1}});
    keep_alive(member, generation, 90);
    EXPECT_EQ(committed("g", "orders", 0), 1);
}

TEST_F(ExpiryTest, AnEmptyGroupThatHoldsNothingGoesAtTheNextSweep) {
    Member member;
    settle_group("g", {&member});
    leave("g", {member});
    pass(kMinute);
    EXPECT_EQ(state("g"), "Dead");
    EXPECT_EQ(reloaded()->group("g"), nullptr);
}

TEST_F(ExpiryTest, AGroupThatSomebodyIsAboutToJoinStays) {
    pass(kMinute - 5'000);
    Member member{.id = joined(ask(join_request("g", {}), 9)).member_id};
    pass(6'000);
    EXPECT_EQ(join_code(join("g", member)), Errc::none);
}

TEST_F(ExpiryTest, ASweepThatCannotBeStoredIsDoneAgain) {
    commit("g", {{.offset = 1}});
    commit("h", {{.offset = 1}});
    refuse_appends_with_ = Errc::not_enough_replicas;
    pass(61 * kMinute);
    EXPECT_EQ(committed("g", "orders", 0), 1);
    refuse_appends_with_.reset();
    pass(kMinute);
    EXPECT_EQ(coordinator_->group_count(), 0U);
}

TEST_F(ExpiryTest, OffsetsOfDeletedTopicsGo) {
    commit("g", {{.offset = 1}, {.topic = "payments", .offset = 2}});
    commit("h", {{.offset = 3}});
    settle(coordinator_->topics_deleted({"orders", "none"}));
    EXPECT_EQ(committed("g", "orders", 0), -1);
    EXPECT_EQ(committed("h", "orders", 0), -1);
    EXPECT_EQ(committed("g", "payments", 0), 2);
    EXPECT_EQ(reloaded()->offsets().find("h", "orders", 0), nullptr);
}

}  // namespace
}  // namespace kcore::group
