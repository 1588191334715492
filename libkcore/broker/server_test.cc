#include "broker/server.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/log_sink.h"
#include "io/fault_disk.h"
#include "io/memory_disk.h"
#include "io/memory_net.h"
#include "io/pool.h"
#include "io/virtual_loop.h"
#include "protocol/api/api_versions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_groups.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/find_coordinator.h"
#include "protocol/api/init_producer_id.h"
#include "protocol/api/metadata.h"
#include "protocol/api/produce.h"
#include "record/batch.h"
#include "record/builder.h"
#include "rpc/channel.h"

namespace kcore::broker {
namespace {

using asio::awaitable;

// A whole node on one loop over virtual time, with a client beside it.
class ServerTest : public testing::Test {
protected:
    ~ServerTest() override {
        if (client) loop.run(client->stop());
        if (server) loop.run(server->stop());
    }

    static ConfigMap settings() {
        return {{"process.roles", "broker,controller"},
                {"node.id", "1"},
                {"listeners", "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0"},
                {"controller.listener.names", "CONTROLLER"},
                {"controller.quorum.voters", "1@127.0.0.1:0"},
                {"offsets.topic.replication.factor", "1"},
                {"offsets.topic.num.partitions", "3"},
                {"log.dirs", "/data"}};
    }

    Result<void> start(const ConfigMap& with = {}) {
        auto values = settings();
        for (const auto& [key, value] : with) values[key] = value;
        ServerOptions options;
        options.config = *make_broker_config(values);
        options.logger = Logger(sink, "broker");
        options.on_fatal = [this](const Error& error) { fatal = error; };
        server = std::make_unique<Server>(std::move(options), env, std::vector<io::Env*>{&env});
        auto started = loop.run(server->start());
        if (!started) return started;
        rpc::ChannelOptions how;
        client = std::make_unique<rpc::Channel>(env, server->listeners().front().bound, how);
        return started;
    }
    void stop() {
        if (client) loop.run(client->stop());
        client.reset();
        loop.run(server->stop());
        server.reset();
    }

    template <class Request>
    typename Request::Response ask(Request request) {
        using Response = typename Request::Response;
        const auto deadline = clock.in_ms(30'000);
        auto answer = loop.run(client->call<Response>(std::move(request), deadline));
        EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().what);
        return answer ? std::move(*answer) : Response();
    }

    // In this version, where ask() takes the highest.
    template <class Request>
    typename Request::Response ask_in(std::int16_t version, const Request& request) {
        rpc::Outgoing outgoing(Request::info(), version);
        EXPECT_TRUE(protocol::encode_with_cuts(request, version, outgoing.body));
        const auto answer = loop.run(client->exchange(std::move(outgoing), clock.in_ms(30'000)));
        typename Request::Response response;
        EXPECT_TRUE(answer && protocol::decode_prefix(answer->body, version, response));
        return response;
    }

    protocol::MetadataResponse metadata_of(const std::string& topic, bool create = false) {
        protocol::MetadataRequest request;
        request.topics->emplace_back().name = topic;
        request.allow_auto_topic_creation = create;
        return ask(std::move(request));
    }
    static std::int16_t code(const protocol::MetadataResponse& answer) {
        return answer.topics.at(0).error_code;
    }
    std::int16_t create(const std::string& name, std::int32_t partitions) {
        protocol::CreateTopicsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = partitions;
        topic.replication_factor = 1;
        return ask(std::move(request)).topics.at(0).error_code;
    }
    // Of one record; the partition's error.
    std::int16_t produce(const std::string& topic, std::int32_t partition) {
        record::BatchBuilder builder;
        builder.append(1, std::nullopt, std::nullopt);
        builder.close();
        const auto batch = builder.take();
        protocol::ProduceRequest request;
        request.acks = -1;
        auto& data = request.topic_data.emplace_back();
        data.name = topic;
        data.topic_id = metadata_of(topic).topics.at(0).topic_id;
        auto& one = data.partition_data.emplace_back();
        one.index = partition;
        one.records = protocol::Records(batch);
        return ask(request).responses.at(0).partition_responses.at(0).error_code;
    }
    // A node with two log directories and a topic with a partition in each, led and written to.
    void start_with_two() {
        ASSERT_TRUE(start(kTwo));
        ASSERT_EQ(create("orders", 2), 0);
        loop.advance(io::Milliseconds(100));
        for (const int partition : {0, 1}) ASSERT_EQ(produce("orders", partition), 0);
        in_b = (*disk.stat("/b/orders-0")).has_value() ? 0 : 1;
    }
    std::int32_t leader(std::int32_t partition) {
        return metadata_of("orders").topics.at(0).partitions.at(partition).leader_id;
    }
    std::map<std::string, std::int16_t> log_dirs() {
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        std::map<std::string, std::int16_t> codes;
        for (const auto& each : ask(std::move(request)).results) {
            codes[each.log_dir] = each.error_code;
        }
        return codes;
    }
    void flip_byte(const std::string& path, std::uint64_t at) {
        auto file = *disk.open(path, io::Open::write);
        std::byte byte{};
        ASSERT_TRUE(file->read(at, std::span(&byte, 1)));
        byte ^= std::byte{0xff};
        ASSERT_TRUE(file->write(at, BytesView(&byte, 1)));
    }
    std::int64_t producer_id() {
        protocol::InitProducerIdRequest request;
        request.transactional_id.reset();
        return ask(std::move(request)).producer_id;
    }
    bool said(std::string_view text) const {
        for (const auto& line : sink->lines()) {
            if (line.find(text) != std::string::npos) return true;
        }
        return false;
    }

    const ConfigMap kTwo = {{"log.dirs", "/a,/b"}};
    std::int32_t in_b = -1;  // The partition of "orders" in /b.
    io::VirtualClock clock;
    io::VirtualLoop loop{clock};
    io::MemoryNetwork network;
    std::unique_ptr<io::Net> net = io::make_memory_net(network, loop);
    io::MemoryDisk memory;
    io::FaultDisk disk{memory};
    io::SeededRandom random{7};
    io::InlinePool pool;
    io::Env env{clock, disk, *net, random, loop, pool};
    std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
    std::unique_ptr<Server> server;
    std::unique_ptr<rpc::Channel> client;
    std::optional<Error> fatal;
};

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

TEST_F(ServerTest, ManyPartitionsAtOnceAreServedAndTheirGroupsCoordinated) {
    ASSERT_TRUE(start({{"offsets.topic.num.partitions", "150"}}));
    ASSERT_EQ(create("orders", 250), 0);
    loop.settle();
    EXPECT_EQ(produce("orders", 249), 0);
    protocol::FindCoordinatorRequest request;
    request.coordinator_keys = {"a group"};
    ask(request);
    loop.advance(io::Milliseconds(100));
    protocol::DeleteGroupsRequest unknown;
    unknown.groups_names = {"a group"};
    EXPECT_EQ(ask(unknown).results.at(0).error_code, 69) << "its coordinator says so";
    stop();
    EXPECT_TRUE(said("stopped clean=true"));
}

TEST_F(ServerTest, ProducerIdsNeverComeTwiceAcrossBlocksAndRestarts) {
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

TEST_F(ServerTest, AnotherNodesDirectoryIsRefused) {
    ASSERT_TRUE(start());
    stop();
    const auto refused = start({{"node.id", "2"}, {"controller.quorum.voters", "2@127.0.0.1:0"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::inconsistent_cluster_id);
    EXPECT_NE(refused.error().what.find("belongs to node 1"), std::string::npos);
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

TEST_F(ServerTest, ADirectoryThatFailsTakesItsPartitionsOfflineAndTheRestGoesOn) {
    start_with_two();
    disk.fail_below("/b");
    EXPECT_EQ(produce("orders", in_b), 56);
    loop.advance(io::Milliseconds(100));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(leader(1 - in_b), 1);
    EXPECT_EQ(produce("orders", 1 - in_b), 0);
    EXPECT_EQ(log_dirs(), (std::map<std::string, std::int16_t>{{"/a", 0}, {"/b", 56}}));
    EXPECT_TRUE(said("log directory failed path=/b reason=\"/b/orders-"));
    EXPECT_FALSE(fatal.has_value());
    stop();
    disk.fail_below("");
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(leader(in_b), 1) << "the directory is back";
}

TEST_F(ServerTest, TheLastDirectoryThatFailsStopsTheNode) {
    start_with_two();
    disk.fail_below("/a");
    produce("orders", 1 - in_b);
    loop.advance(io::Milliseconds(100));
    EXPECT_TRUE(fatal.has_value()) << "the metadata log lies there";
}

TEST_F(ServerTest, AnUnusableDirectoryOfTwoDoesNotStopTheStart) {
    start_with_two();
    stop();
    ASSERT_TRUE(disk.rename("/b", "/away"));
    ASSERT_TRUE(disk.open("/b", io::Open::create)) << "a file";
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(produce("orders", 1 - in_b), 0);
    EXPECT_EQ(produce("orders", in_b), 56);
    EXPECT_EQ(log_dirs(), (std::map<std::string, std::int16_t>{{"/a", 0}, {"/b", 56}}));
    stop();
    ASSERT_TRUE(disk.rename("/a", "/gone"));
    ASSERT_TRUE(disk.open("/a", io::Open::create));
    const auto refused = start(kTwo);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("/a"), std::string::npos) << refused.error().what;
}

TEST_F(ServerTest, AnEmptiedDirectoryStopsTheStartAndIsNotFormatted) {
    start_with_two();
    stop();
    ASSERT_TRUE(disk.rename("/b", "/away"));
    ASSERT_TRUE(disk.make_directory("/b"));
    const auto refused = start(kTwo);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("/b has no meta.properties"), std::string::npos);
    EXPECT_TRUE(disk.list("/b")->empty());
}

TEST_F(ServerTest, ARottenPartitionHasNoLeaderAndIsNotMadeAnew) {
    start_with_two();
    const auto name = "/b/orders-" + std::to_string(in_b);
    ASSERT_EQ(produce("orders", in_b), 0);
    stop();
    ASSERT_TRUE(disk.remove("/b/.kafka_cleanshutdown"));
    ASSERT_TRUE(disk.remove("/b/recovery-point-offset-checkpoint"));
    flip_byte(name + "/00000000000000000000.log", 65);
    ASSERT_TRUE(start(kTwo));
    EXPECT_EQ(leader(in_b), -1);
    EXPECT_EQ(leader(1 - in_b), 1);
    EXPECT_EQ(produce("orders", in_b), 56);
    EXPECT_FALSE((*disk.stat("/a/orders-" + std::to_string(in_b))).has_value());
}

}  // namespace
}  // namespace kcore::broker
