#include <gtest/gtest.h>

#include "client/admin_calls.h"
#include "client/scripted_cluster.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"

namespace kcore::client {
namespace {

using protocol::CreatePartitionsRequest;
using protocol::CreatePartitionsResponse;
using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;

class AdminTopicsTest : public ::testing::Test {
protected:
    AdminTopicsTest() {
        world.node().on<CreateTopicsRequest, CreateTopicsResponse>(
            [](const CreateTopicsRequest& request) -> std::optional<CreateTopicsResponse> {
                CreateTopicsResponse out;
                for (const auto& topic : request.topics) {
                    auto& one = out.topics.emplace_back();
                    one.name = topic.name;
                    if (topic.name != "bad") continue;
                    one.error_code = static_cast<std::int16_t>(Errc::invalid_topic_exception);
                }
                return out;
            });
        world.node().on<CreatePartitionsRequest, CreatePartitionsResponse>(
            [](const CreatePartitionsRequest&) -> std::optional<CreatePartitionsResponse> {
                return CreatePartitionsResponse();
            });
        world.start();
    }

    asio::awaitable<void> create(std::string name, bool validate_only) {
        std::vector<NewTopic> topics;
        topics.push_back({std::move(name), 1, 1, {}});
        const auto made = co_await create_topics(*world.cluster, std::move(topics), validate_only);
        EXPECT_TRUE(made);
        is_done = true;
    }
    asio::awaitable<void> grow(std::string name, std::int32_t total) {
        const auto done = co_await create_partitions(*world.cluster, std::move(name), total, false);
        EXPECT_TRUE(done);
        is_done = true;
    }

    client::testing::ScriptedCluster world;
    bool is_done = false;
};

TEST_F(AdminTopicsTest, CreatingEndsWhenABrokerKnowsTheTopic) {
    world.loop.spawn(create("t", false));
    world.advance(500);
    EXPECT_FALSE(is_done);
    world.topics["t"] = {{-1, 0}};
    world.advance(500);
    EXPECT_FALSE(is_done);
    world.topics["t"] = {{1, 0}};
    world.advance(20);
    EXPECT_TRUE(is_done);
}

TEST_F(AdminTopicsTest, CreatingDoesNotWaitForeverForABrokerToKnow) {
    world.loop.spawn(create("t", false));
    world.advance(2'100);
    EXPECT_TRUE(is_done);
}

TEST_F(AdminTopicsTest, WhatWasNotMadeIsNotWaitedFor) {
    world.loop.spawn(create("bad", false));
    world.advance(20);
    EXPECT_TRUE(std::exchange(is_done, false));
    world.loop.spawn(create("t", true));
    world.advance(20);
    EXPECT_TRUE(is_done);
}

TEST_F(AdminTopicsTest, AddingPartitionsEndsWhenABrokerKnowsThem) {
    world.topics["t"] = {{1, 0}};
    world.loop.spawn(grow("t", 2));
    world.advance(500);
    EXPECT_FALSE(is_done);
    world.topics["t"] = {{1, 0}, {1, 0}};
    world.advance(20);
    EXPECT_TRUE(is_done);
}

}  // namespace
}  // namespace kcore::client
