#include "group/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "group/group_fixture.h"

namespace kcore::group {
namespace {

using protocol::DeleteGroupsResponse;
using protocol::DescribeGroupsResponse;
using protocol::ListGroupsResponse;
using testing::ElementsAre;
using testing::IsEmpty;

struct AdminTest : GroupTest {
    DescribeGroupsResponse::DescribedGroup describe(const std::string& group,
                                                    std::int16_t version = 6) {
        protocol::DescribeGroupsRequest request;
        request.groups = {group};
        return answer<DescribeGroupsResponse>(ask(request, version)).groups.at(0);
    }

    std::vector<std::string> list(std::vector<std::string> states = {},
                                  std::vector<std::string> types = {}) {
        protocol::ListGroupsRequest request;
        request.states_filter = std::move(states);
        request.types_filter = std::move(types);
        std::vector<std::string> out;
        for (const auto& g : answer<ListGroupsResponse>(ask(request, 5)).groups) {
            out.push_back(g.group_id + ":" + g.protocol_type + ":" + g.group_state + ":" +
                          g.group_type);
        }
        return out;
    }

    std::vector<std::pair<std::string, Errc>> remove(std::vector<std::string> groups) {
        protocol::DeleteGroupsRequest request;
        request.groups_names = std::move(groups);
        std::vector<std::pair<std::string, Errc>> out;
        for (const auto& r : answer<DeleteGroupsResponse>(ask(request, 3)).results) {
            out.emplace_back(r.group_id, code_of(r.error_code));
        }
        return out;
    }
};

TEST_F(AdminTest, AStableGroupIsDescribedWhole) {
    Member member{.client = "reader"};
    settle_group("g", {&member});
    const auto group = describe("g");
    EXPECT_EQ(group.group_state, "Stable");
    EXPECT_EQ(group.protocol_type, "consumer");
    EXPECT_EQ(group.protocol_data, "range");
    ASSERT_EQ(group.members.size(), 1U);
    EXPECT_EQ(group.members[0].member_id, member.id);
    EXPECT_EQ(group.members[0].client_id, "reader");
    EXPECT_EQ(group.members[0].client_host, "/host");
    EXPECT_EQ(as_text(group.members[0].member_metadata), "meta");
    EXPECT_EQ(as_text(group.members[0].member_assignment), "of " + member.id);
    EXPECT_EQ(group.authorized_operations, INT32_MIN);
}

TEST_F(AdminTest, ARebalancingGroupTellsNoProtocolButTheOldAssignment) {
    Member member;
    settle_group("g", {&member});
    join("g", member);
    const auto group = describe("g");
    EXPECT_EQ(group.group_state, "CompletingRebalance");
    EXPECT_EQ(group.protocol_data, "");
    EXPECT_THAT(group.members.at(0).member_metadata, IsEmpty());
    EXPECT_EQ(as_text(group.members.at(0).member_assignment), "of " + member.id);
}

TEST_F(AdminTest, AnUnknownGroupIsDeadAndFromVersion6AnError) {
    EXPECT_EQ(describe("none").group_state, "Dead");
    EXPECT_EQ(code_of(describe("none").error_code), Errc::group_id_not_found);
    EXPECT_EQ(describe("none").error_message, "Group none not found.");
    EXPECT_EQ(code_of(describe("none", 5).error_code), Errc::none);
    EXPECT_EQ(describe("none", 5).error_message, std::nullopt);
}

TEST_F(AdminTest, GroupsAreListedByStateAndType) {
    Member member;
    settle_group("g", {&member});
    commit("simple", {{.offset = 1}});
    const auto g = "g:consumer:Stable:classic";
    const auto simple = "simple::Empty:classic";
    EXPECT_THAT(list(), ElementsAre(g, simple));
    EXPECT_THAT(list({"stable"}), ElementsAre(g));
    EXPECT_THAT(list({"Stable", "Empty"}), ElementsAre(g, simple));
    EXPECT_THAT(list({"Nonsense"}), IsEmpty());
    EXPECT_THAT(list({}, {"Classic"}), ElementsAre(g, simple));
    EXPECT_THAT(list({}, {"consumer"}), IsEmpty());
    EXPECT_THAT(list({"Empty"}, {"classic", "share"}), ElementsAre(simple));
}

TEST_F(AdminTest, OnlyEmptyGroupsAreDeleted) {
    Member member;
    settle_group("living", {&member});
    commit("empty", {{.offset = 1}, {.partition = 1, .offset = 2}});
    using Result = std::pair<std::string, Errc>;
    EXPECT_THAT(remove({"living", "empty", "none", "", "empty"}),
                ElementsAre(Result("living", Errc::non_empty_group), Result("empty", Errc::none),
                            Result("none", Errc::group_id_not_found),
                            Result("", Errc::group_id_not_found)));
    EXPECT_EQ(committed("empty", "orders", 0), -1);
    EXPECT_EQ(state("empty"), "Dead");
    EXPECT_EQ(reloaded()->group("empty"), nullptr);
    EXPECT_EQ(reloaded()->offsets().of_group("empty"), nullptr);
}

TEST_F(AdminTest, ADeletionThatCannotBeStoredDeletesNothing) {
    commit("g", {{.offset = 1}});
    refuse_appends_with_ = Errc::not_leader_or_follower;
    using Result = std::pair<std::string, Errc>;
    EXPECT_THAT(remove({"g", "none"}), ElementsAre(Result("g", Errc::not_coordinator),
                                                   Result("none", Errc::group_id_not_found)));
    EXPECT_EQ(committed("g", "orders", 0), 1);
}

TEST_F(AdminTest, AnErrorForARequestNamesWhatWasAsked) {
    const auto code = Errc::coordinator_load_in_progress;
    const auto join = error_response(join_request("g", Member{.id = "m"}), 5, code);
    EXPECT_EQ(std::get<protocol::JoinGroupResponse>(join).member_id, "m");
    protocol::OffsetCommitRequest request;
    request.topics.emplace_back().name = "orders";
    request.topics[0].partitions.emplace_back().partition_index = 3;
    const auto commit = error_response(request, 8, code);
    const auto& topic = std::get<protocol::OffsetCommitResponse>(commit).topics.at(0);
    EXPECT_EQ(topic.name, "orders");
    EXPECT_EQ(topic.partitions.at(0).partition_index, 3);
    EXPECT_EQ(code_of(topic.partitions.at(0).error_code), code);
}

}  // namespace
}  // namespace kcore::group
