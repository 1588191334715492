#include <gtest/gtest.h>

#include "client/admin_calls.h"
#include "client/scripted_cluster.h"
#include "protocol/api/list_groups.h"

namespace kcore::client {
namespace {

using protocol::ListGroupsRequest;
using protocol::ListGroupsResponse;

class AdminGroupsTest : public ::testing::Test {
protected:
    // Node 1 has a group; node 2 is silent.
    AdminGroupsTest() {
        world.node(1).on<ListGroupsRequest, ListGroupsResponse>(
            [this](const ListGroupsRequest&) -> std::optional<ListGroupsResponse> {
                if (!first_answers) return std::nullopt;
                ListGroupsResponse out;
                out.groups.emplace_back().group_id = "g";
                return out;
            });
        world.node(2).on<ListGroupsRequest, ListGroupsResponse>(
            [](const ListGroupsRequest&) -> std::optional<ListGroupsResponse> {
                return std::nullopt;
            });
        world.start();
    }

    asio::awaitable<void> list() {
        std::vector<std::string> none;
        auto answer = co_await list_groups(*world.cluster, none, none);
        found = std::move(answer);
    }

    client::testing::ScriptedCluster world{2};
    std::optional<Result<GroupList>> found;
    bool first_answers = true;
};

TEST_F(AdminGroupsTest, ABrokerThatIsSilentHidesOnlyItsOwnGroups) {
    world.loop.spawn(list());
    world.advance(1'000);
    EXPECT_FALSE(found);
    world.advance(1'500);
    ASSERT_TRUE(found && *found);
    ASSERT_EQ((*found)->groups.size(), 1U);
    EXPECT_EQ((*found)->groups[0].group, "g");
    EXPECT_EQ((*found)->groups[0].coordinator, 1);
    ASSERT_EQ((*found)->failed.size(), 1U);
    EXPECT_EQ((*found)->failed[0].name, "broker 2");
}

TEST_F(AdminGroupsTest, WhereNobodyAnswersTheListFails) {
    first_answers = false;
    world.loop.spawn(list());
    world.advance(5'000);
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
}

}  // namespace
}  // namespace kcore::client
