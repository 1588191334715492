#include "broker/server.h"

#include "base/crc32c.h"
#include "broker/test_server.h"
#include "protocol/api/alter_client_quotas.h"
#include "protocol/api/api_versions.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/find_coordinator.h"
#include "protocol/api/incremental_alter_configs.h"
#include "protocol/api/init_producer_id.h"
#include "protocol/api/produce.h"
#include "protocol/api/unregister_broker.h"
#include "record/batch.h"
#include "record/builder.h"

namespace kcore::broker {
namespace {

TEST_F(ServerTest, AnEmptyDirectoryIsFormattedAndServedWithoutWaiting) {
    const auto before = clock.now();
    ASSERT_TRUE(start());
    EXPECT_LT(clock.now() - before, io::Milliseconds(25)) << "something slept during the start";
    const auto answer = metadata_of("none");
    EXPECT_EQ(answer.cluster_id, server->cluster_id());
    ASSERT_EQ(answer.brokers.size(), 1U);
    EXPECT_EQ(answer.brokers[0].port, server->listeners().front().bound.port);
}

TEST_F(ServerTest, ACreatedTopicIsThereAtOnceAndAfterARestart) {
    ASSERT_TRUE(start());
    EXPECT_EQ(create("orders", 3), 0);
    const auto made = metadata_of("orders");
    ASSERT_EQ(code(made), 0);
    EXPECT_EQ(made.topics[0].partitions.size(), 3U);
    EXPECT_EQ(made.topics[0].partitions[2].leader_id, 1);
    const auto cluster = server->cluster_id();
    stop();
    ASSERT_TRUE(start());
    EXPECT_EQ(server->cluster_id(), cluster);
    const auto again = metadata_of("orders");
    EXPECT_EQ(again.topics.at(0).topic_id, made.topics[0].topic_id);
    EXPECT_EQ(again.topics[0].partitions.at(0).leader_id, 1);
}

class InterruptedStartTest : public ServerTest {
protected:
    // Whether it had started before.
    bool start_for(int turns_of_the_loop) {
        make_server();
        turns_left = turns_of_the_loop;
        take_turn();
        const auto started = loop.run(server->start());
        turns_left = -1;
        loop.settle();
        return started.has_value();
    }
    void take_turn() {
        loop.post([this] {
            if (turns_left == 0) server->interrupt();
            if (turns_left-- > 0) take_turn();
        });
    }
    int turns_left = -1;
};

TEST_F(InterruptedStartTest, LeavesAllInOrderWheneverItComes) {
    ASSERT_TRUE(start());
    EXPECT_EQ(create("orders", 3), 0);
    stop();
    int turns = 0;
    for (bool has_started = false; !has_started; ++turns) {
        ASSERT_LT(turns, 10'000);
        const auto before = clock.now();
        has_started = start_for(turns);
        loop.run(server->stop());
        server.reset();
        EXPECT_LT(clock.now() - before, io::Milliseconds(500)) << turns;
        EXPECT_TRUE((*disk.stat("/data/.kafka_cleanshutdown")).has_value()) << turns;
    }
    EXPECT_GT(turns, 5);
    ASSERT_TRUE(start());
    EXPECT_EQ(metadata_of("orders").topics.at(0).partitions.size(), 3U);
}

TEST_F(ServerTest, AskingForATopicCreatesItWhereThatIsAllowed) {
    ASSERT_TRUE(start());
    EXPECT_EQ(code(metadata_of("made", true)), 3);
    loop.advance(io::Milliseconds(100));
    EXPECT_EQ(code(metadata_of("made")), 0);
    EXPECT_EQ(code(metadata_of("not made", true)), 17);
    stop();
    ASSERT_TRUE(start({{"auto.create.topics.enable", "false"}}));
    EXPECT_EQ(code(metadata_of("other", true)), 3);
    loop.advance(io::Milliseconds(100));
    EXPECT_EQ(code(metadata_of("other")), 3);
}

TEST_F(ServerTest, LookingForAGroupsCoordinatorMakesItsTopic) {
    ASSERT_TRUE(start());
    protocol::FindCoordinatorRequest request;
    request.coordinator_keys = {"a group"};
    EXPECT_EQ(ask(request).coordinators.at(0).error_code, 15);
    loop.advance(io::Milliseconds(100));
    const auto found = ask(request).coordinators.at(0);
    EXPECT_EQ(found.error_code, 0);
    EXPECT_EQ(found.node_id, 1);
    EXPECT_TRUE(metadata_of("__consumer_offsets").topics.at(0).is_internal);
}

class ProducerIdsTest : public ServerTest {
protected:
    std::int64_t producer_id() {
        protocol::InitProducerIdRequest request;
        request.transactional_id.reset();
        return ask(std::move(request)).producer_id;
    }
};

TEST_F(ProducerIdsTest, ProducerIdsNeverComeTwiceAcrossBlocksAndRestarts) {
    ASSERT_TRUE(start());
    auto last = producer_id();
    for (int i = 0; i < 2'500; ++i) {
        const auto next = producer_id();
        ASSERT_GT(next, last);
        last = next;
    }
    stop();
    ASSERT_TRUE(start());
    EXPECT_GT(producer_id(), last);
}

TEST_F(ServerTest, AnUnknownCodecRefusesAllPartitionsBeforeVersion7AndItsOwnFromThen) {
    ASSERT_TRUE(start());
    create("orders", 2);
    record::BatchBuilder builder;
    builder.append(1, std::nullopt, std::nullopt);
    builder.close();
    const auto good = builder.take();
    auto unknown = good;
    unknown[record::kAttributesAt + 1] = std::byte{6};
    protocol::ProduceRequest request;
    request.acks = 1;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.partition_data.emplace_back().records = protocol::Records(unknown);
    auto& second = topic.partition_data.emplace_back();
    second.index = 1;
    second.records = protocol::Records(good);
    const auto old = ask_in(6, request).responses.at(0).partition_responses;
    EXPECT_EQ(old.at(0).error_code, 76);
    EXPECT_EQ(old.at(1).error_code, 76);
    const auto now = ask_in(7, request).responses.at(0).partition_responses;
    EXPECT_NE(now.at(0).error_code, 0);
    EXPECT_EQ(now.at(1).error_code, 0);
    EXPECT_EQ(now.at(1).base_offset, 0);
}

TEST_F(ServerTest, CompressedBatchesAreOpenedUnlessTheirHeaderIsToBeBelieved) {
    record::BatchBuilder builder;
    builder.append(1, std::nullopt, as_bytes("not compressed"));
    builder.close();
    auto batch = builder.take();
    const auto codec = static_cast<std::int16_t>(record::Codec::lz4);
    store_be(batch.data() + record::kAttributesAt, codec);
    const auto crc = crc32c(BytesView(batch).subspan(record::kAttributesAt));
    store_be(batch.data() + record::kCrcAt, crc);
    protocol::ProduceRequest request;
    request.acks = 1;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.partition_data.emplace_back().records = protocol::Records(batch);
    const auto produced = [&] {
        return ask_in(7, request).responses.at(0).partition_responses.at(0).error_code;
    };
    ASSERT_TRUE(start());
    create("orders", 1);
    EXPECT_NE(produced(), 0);
    stop();
    ASSERT_TRUE(start({{"kcore.produce.validation", "header"}}));
    EXPECT_EQ(produced(), 0);
}

TEST_F(ServerTest, TransactionalProducersAreRefusedForGood) {
    ASSERT_TRUE(start());
    protocol::FindCoordinatorRequest coordinator;
    coordinator.key_type = 1;
    coordinator.coordinator_keys = {"transfers"};
    EXPECT_EQ(ask(coordinator).coordinators.at(0).error_code, 35);
    protocol::InitProducerIdRequest request;
    request.transactional_id = "transfers";
    EXPECT_EQ(ask(request).error_code, 35);
}

TEST_F(ServerTest, OnlyWhatIsServedIsAdvertised) {
    ASSERT_TRUE(start());
    metadata_of("x");
    int produce_min = -1;
    for (const auto& api : client->peer_versions()->api_keys) {
        EXPECT_FALSE(api.api_key >= 52 && api.api_key <= 54) << "raft on a clients' listener";
        EXPECT_NE(api.api_key, 71) << "telemetry is answered, not advertised";
        if (api.api_key == 0) produce_min = api.min_version;
    }
    EXPECT_EQ(produce_min, 0);
}

TEST_F(ServerTest, TheAdminPagesShowTheNode) {
    ASSERT_TRUE(start());
    EXPECT_EQ(create("orders", 3), 0);
    EXPECT_EQ(server->page("/healthz").status, 200);
    EXPECT_EQ(server->page("/readyz").status, 200);
    EXPECT_EQ(server->page("/").status, 404);
    const auto metrics = server->page("/metrics").body;
    for (const auto* line :
         {"kafka_controller_kafkacontroller_globalpartitioncount 3\n",
          "kafka_network_requestmetrics_requests_total{request=\"CreateTopics\"} 1\n",
          "kafka_log_log_logendoffset{topic=\"orders\",partition=\"2\"} 0\n"}) {
        EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
    }
    EXPECT_NE(server->page("/api/v1/topics").body.find("\"name\":\"orders\""), std::string::npos);
    EXPECT_NE(server->page("/api/v1/partitions").body.find("\"high_watermark\":0"),
              std::string::npos);
    EXPECT_NE(server->page("/api/v1/brokers").body.find("\"id\":1"), std::string::npos);
    EXPECT_EQ(server->page("/api/v1/groups").body, "{\"groups\":[]}\n");
}

TEST_F(ServerTest, MutationsBeyondTheirQuotaAreRefusedUntilItIsPaid) {
    ASSERT_TRUE(start());
    protocol::AlterClientQuotasRequest request;
    auto& entry = request.entries.emplace_back();
    auto& part = entry.entity.emplace_back();
    part.entity_type = "user";
    part.entity_name = "ANONYMOUS";
    auto& op = entry.ops.emplace_back();
    op.key = "controller_mutation_rate";
    op.value = 1;
    EXPECT_EQ(ask(request).entries.at(0).error_code, 0);
    EXPECT_EQ(create("whole", 12), 0) << "a window of 11 partitions, and what goes beyond it";
    EXPECT_EQ(create("orders", 1), 89);
    loop.advance(io::Milliseconds(1100));
    EXPECT_EQ(create("orders", 1), 0);
}

TEST_F(ServerTest, NewTopicsKeepToTheRulesOfTheCluster) {
    ASSERT_TRUE(start({{"create.topic.policy.rules", "partitions<=2"}}));
    EXPECT_EQ(create("orders", 3), 44);
    EXPECT_EQ(create("orders", 2), 0);
}

TEST_F(ServerTest, AnotherNodesDirectoryIsRefused) {
    ASSERT_TRUE(start());
    stop();
    const auto refused = start({{"node.id", "2"}, {"controller.quorum.voters", "2@127.0.0.1:0"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::inconsistent_cluster_id);
    EXPECT_NE(refused.error().what.find("belongs to node 1"), std::string::npos);
}

TEST_F(ServerTest, ANodeThatIsUnregisteredGoesOnAndComesBackWithARestart) {
    ASSERT_TRUE(start());
    ASSERT_EQ(create("orders", 1), 0);
    protocol::UnregisterBrokerRequest request;
    request.broker_id = 1;
    EXPECT_EQ(ask(std::move(request)).error_code, 0);
    loop.advance(io::Milliseconds(5'000));
    EXPECT_FALSE(fatal.has_value());
    EXPECT_TRUE(said("unregistered, it serves again after a restart"));
    EXPECT_TRUE(metadata_of("orders").brokers.empty());
    const auto before = clock.now();
    stop();
    EXPECT_LT(clock.now() - before, io::Milliseconds(1'000));
    EXPECT_TRUE(said("stopped clean=true"));
    ASSERT_TRUE(start());
    EXPECT_EQ(metadata_of("orders").topics.at(0).partitions.at(0).leader_id, 1);
}

TEST_F(ServerTest, AStopIsCleanAndSaysSo) {
    ASSERT_TRUE(start());
    create("orders", 2);
    stop();
    EXPECT_TRUE(said("stopped clean=true"));
    EXPECT_TRUE((*disk.stat("/data/.kafka_cleanshutdown")).has_value());
    EXPECT_FALSE(fatal.has_value());
}

TEST_F(ServerTest, ATakenPortStopsTheStartAndNamesIt) {
    auto held = *net->listen({"127.0.0.1", 9092}, io::SocketOptions());
    const auto refused =
        start({{"listeners", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:0"}});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("127.0.0.1:9092"), std::string::npos);
}

TEST_F(ServerTest, NewWorkIsRefusedWhileTheMemoryIsUsedUp) {
    ASSERT_TRUE(start({{"kcore.memory.max", "1000000000"}}));
    EXPECT_EQ(create("before", 1), 0);
    resident_bytes = 900'000'000;
    loop.advance(io::Milliseconds(1'000));
    EXPECT_TRUE(said("memory is used up kcore.memory.max=1000000000 resident=900000000"));
    EXPECT_EQ(create("during", 1), 44);
    EXPECT_EQ(metadata_of("before").topics.at(0).error_code, 0) << "what is there goes on";
    rpc::Channel late(env, server->listeners().front().bound, {});
    EXPECT_FALSE(loop.run(
        late.call<protocol::MetadataResponse>(protocol::MetadataRequest(), clock.in_ms(1'000))));
    resident_bytes = 800'000'000;
    loop.advance(io::Milliseconds(1'000));
    EXPECT_EQ(create("after", 1), 0);
    EXPECT_TRUE(loop.run(
        late.call<protocol::MetadataResponse>(protocol::MetadataRequest(), clock.in_ms(5'000))));
    loop.run(late.stop());
}

class DynamicListenersTest : public ServerTest {
protected:
    std::int16_t listen(const std::string& listeners) {
        protocol::IncrementalAlterConfigsRequest request;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = 4;
        resource.resource_name = "1";
        for (const auto& [name, value] :
             ConfigMap{{"listeners", listeners},
                       {"listener.security.protocol.map",
                        "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTRA:PLAINTEXT,SAFE:SSL"}}) {
            auto& config = resource.configs.emplace_back();
            config.name = name;
            config.value = value;
        }
        return ask(std::move(request)).responses.at(0).error_code;
    }
    bool answers(rpc::Channel& channel) {
        return loop
            .run(channel.call<protocol::MetadataResponse>(protocol::MetadataRequest(),
                                                          clock.in_ms(1'000)))
            .has_value();
    }

    const std::string usual = "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0";
    const std::string both = usual + ",EXTRA://127.0.0.1:7777";
};

TEST_F(DynamicListenersTest, AListenerComesGoesAndOutlivesARestart) {
    ASSERT_TRUE(start());
    rpc::Channel extra(env, {"127.0.0.1", 7777}, {});
    EXPECT_FALSE(answers(extra));
    EXPECT_EQ(listen(both), 0);
    EXPECT_TRUE(answers(extra));
    stop();
    ASSERT_TRUE(start());
    EXPECT_TRUE(answers(extra));
    EXPECT_EQ(listen(usual), 0);
    EXPECT_FALSE(answers(extra));
    EXPECT_TRUE(said("listener closed name=EXTRA"));
    EXPECT_EQ(create("still", 1), 0);
    loop.run(extra.stop());
}

TEST_F(DynamicListenersTest, WhatMustStayStays) {
    ASSERT_TRUE(start());
    EXPECT_EQ(listen("CONTROLLER://127.0.0.1:0,EXTRA://127.0.0.1:7777"), 42) << "brokers' own";
    EXPECT_EQ(listen("PLAINTEXT://127.0.0.1:0"), 42) << "the controllers'";
    EXPECT_EQ(listen(usual + ",OTHER://127.0.0.1:7777"), 42) << "of no protocol";
    EXPECT_EQ(listen(usual + ",SAFE://127.0.0.1:7777"), 42) << "of one that is not served";
    EXPECT_EQ(listen(usual + ",EXTRA"), 42);
}

}  // namespace
}  // namespace kcore::broker
