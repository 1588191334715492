// Random members over simulated time. One seed is one history; a failure names its seed.

#include <gtest/gtest.h>

#include <random>

#include "group/group_fixture.h"

namespace kcore::group {
namespace {

using protocol::JoinGroupResponse;
using protocol::SyncGroupResponse;

struct Actor {
    std::string id;
    std::optional<std::string> instance;
    std::int32_t generation = -1;
    std::vector<std::string> members;  // Told to the leader.
    std::optional<Ticket> join;
    std::optional<Ticket> sync;
};

class HistoryTest : public GroupTest, public testing::WithParamInterface<unsigned> {
protected:
    static Settings settings() {
        Settings settings;
        settings.initial_rebalance_delay_ms = 1'000;
        settings.max_size = 6;
        return settings;
    }
    HistoryTest() : GroupTest(settings()), random_(GetParam()), may_refuse_(GetParam() % 2 == 1) {
        for (int i = 0; i < 8; ++i) {
            auto& actor = actors_.emplace_back();
            if (i < 3) actor.instance = "i-" + std::to_string(i);
        }
    }

    int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

    void send_join(Actor& actor) {
        Member member{.id = below(8) == 0 ? "" : actor.id, .instance = actor.instance};
        member.session_ms = 6'000 + below(6'000);
        member.rebalance_ms = 3'000 + below(10'000);
        member.version = static_cast<std::int16_t>(below(2) == 0 ? 3 : 9);
        if (actor.instance) member.version = 9;
        member.protocols = {{"range", below(40) == 0 ? "other" : "meta"}};
        if (below(4) == 0) member.protocols.emplace_back("sticky", "");
        actor.join = ask(join_request("g", member), member.version);
    }

    void send_sync(Actor& actor) {
        Assignments assignments;
        for (std::size_t i = 0; i < actor.members.size(); ++i) {
            assignments.emplace_back(actor.members[i], "p" + std::to_string(i));
        }
        actor.sync =
            sync("g", {.id = actor.id, .instance = actor.instance}, actor.generation, assignments);
    }

    void read_join(Actor& actor, const JoinGroupResponse& answer) {
        const auto code = code_of(answer.error_code);
        actor.members.clear();
        if (code == Errc::unknown_member_id || code == Errc::fenced_instance_id) actor.id.clear();
        if (code == Errc::member_id_required) actor.id = answer.member_id;
        if (code != Errc::none) {
            actor.generation = -1;
            return;
        }
        EXPECT_GE(answer.generation_id, newest_generation_);
        newest_generation_ = answer.generation_id;
        actor.id = answer.member_id;
        actor.generation = answer.generation_id;
        for (const auto& member : answer.members) actor.members.push_back(member.member_id);
    }

    // Nobody else has been given the same in this generation, unless as the same static member.
    void read_sync(const Actor& actor, const SyncGroupResponse& answer) {
        if (code_of(answer.error_code) != Errc::none || answer.assignment.empty()) return;
        const auto what = std::string(as_text(answer.assignment));
        const auto who = actor.instance.value_or(actor.id);
        const auto owner = owners_.try_emplace({actor.generation, what}, who).first->second;
        EXPECT_EQ(owner, who) << what << " of generation " << actor.generation;
    }

    void read_answers() {
        for (auto& actor : actors_) {
            if (actor.join && is_answered(*actor.join)) {
                read_join(actor, joined(*std::exchange(actor.join, std::nullopt)));
            }
            if (actor.sync && is_answered(*actor.sync)) {
                const auto ticket = *std::exchange(actor.sync, std::nullopt);
                read_sync(actor, answer<SyncGroupResponse>(ticket));
            }
        }
    }

    void act() {
        refuse_appends_with_.reset();
        if (may_refuse_ && below(30) == 0) refuse_appends_with_ = Errc::not_enough_replicas;
        auto& actor = actors_[static_cast<std::size_t>(below(static_cast<int>(actors_.size())))];
        const Member self{.id = actor.id, .instance = actor.instance};
        switch (below(12)) {
            case 0:
            case 1:
                pass(below(2'000));
                break;
            case 2:
                if (below(6) == 0) leave("g", {self});
                break;
            case 3:
            case 4:
                if (!actor.join && (actor.generation < 0 || below(6) == 0)) send_join(actor);
                break;
            case 5:
            case 6:
            case 7:
                if (!actor.sync && actor.generation >= 0) send_sync(actor);
                break;
            case 8:
                commit_as("g", self, actor.generation, {{.offset = below(100)}});
                break;
            default:
                if (heartbeat("g", self, actor.generation) == Errc::rebalance_in_progress &&
                    !actor.join) {
                    send_join(actor);
                }
        }
    }

    void check_group() {
        const auto* group = coordinator_->group("g");
        if (group == nullptr) return;
        const auto state = group->state();
        std::size_t parked = 0;
        for (const auto& [id, member] : group->members()) {
            parked += member.join.has_value();
            EXPECT_TRUE(!member.join || state == GroupState::preparing_rebalance);
            EXPECT_TRUE(!member.sync || state == GroupState::completing_rebalance);
            if (member.instance_id) {
                const auto* owner = group->static_member(*member.instance_id);
                EXPECT_TRUE(owner != nullptr && *owner == id);
            }
        }
        EXPECT_EQ(parked, group->awaiting_join());
        EXPECT_EQ(group->members().empty(), group->leader().empty());
        EXPECT_TRUE(group->leader().empty() || group->member(group->leader()) != nullptr);
        EXPECT_TRUE(state != GroupState::empty || group->members().empty());
        EXPECT_LE(parked, 6U);
    }

    void check_log() {
        const auto* here = coordinator_->group("g");
        const auto rebuilt = reloaded();
        const auto* there = rebuilt->group("g");
        EXPECT_EQ(rebuilt->offsets().groups(), coordinator_->offsets().groups());
        ASSERT_EQ(here == nullptr, there == nullptr);
        if (here == nullptr || may_refuse_) return;
        if (!here->is(GroupState::stable) && !here->is(GroupState::empty)) return;
        EXPECT_EQ(there->state(), here->state());
        EXPECT_EQ(there->generation(), here->generation());
        EXPECT_EQ(there->protocol_type(), here->protocol_type());
        EXPECT_EQ(there->protocol(), here->protocol());
        EXPECT_EQ(there->leader(), here->leader());
        EXPECT_EQ(there->state_since_ms(), here->state_since_ms());
        EXPECT_EQ(there->subscribed_topics(), here->subscribed_topics());
        ASSERT_EQ(there->members().size(), here->members().size());
        for (const auto& [id, member] : here->members()) {
            const auto* same = there->member(id);
            ASSERT_NE(same, nullptr);
            EXPECT_EQ(same->assignment, member.assignment);
            EXPECT_EQ(same->instance_id, member.instance_id);
            EXPECT_EQ(same->metadata(*here->protocol()), member.metadata(*here->protocol()));
        }
    }

    std::mt19937 random_;
    bool may_refuse_;
    std::vector<Actor> actors_;
    std::int32_t newest_generation_ = 0;
    std::map<std::pair<std::int32_t, std::string>, std::string> owners_;
};

TEST_P(HistoryTest, HoldsTogether) {
    for (int step = 0; step < 800 && !HasFailure(); ++step) {
        act();
        read_answers();
        check_group();
        if (step % 10 == 0) check_log();
    }
    // Left alone, every wait ends and every session too.
    refuse_appends_with_.reset();
    pass(400'000);
    EXPECT_TRUE(open_.empty());
    EXPECT_TRUE(state("g") == "Empty" || state("g") == "Dead");
    check_log();
    EXPECT_GT(newest_generation_, 3);
    EXPECT_GT(owners_.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistoryTest, testing::Range(1U, 41U));

}  // namespace
}  // namespace kcore::group
