// Three whole nodes that are the quorum of their own cluster, on one loop over virtual time.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/log_sink.h"
#include "broker/server.h"
#include "io/memory_disk.h"
#include "io/memory_net.h"
#include "io/pool.h"
#include "io/virtual_loop.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/metadata.h"
#include "protocol/api/remove_raft_voter.h"
#include "rpc/channel.h"

namespace kcore::broker {
namespace {

using asio::awaitable;

constexpr std::uint16_t kControllerPort = 9100;
constexpr std::uint16_t kBrokerPort = 9200;
const std::string kClusterId = "AAAAAAAAAAAAAAAAAAAAAQ";

class QuorumTest : public testing::Test {
protected:
    struct Node {
        Node(int number, io::VirtualClock& clock, io::VirtualLoop& loop, io::MemoryNetwork& network)
            : id(number),
              random(static_cast<std::uint64_t>(number)),
              net(io::make_memory_net(network, loop)),
              env{clock, disk, *net, random, loop, pool} {}

        int id;
        io::MemoryDisk disk;
        io::SeededRandom random;
        io::InlinePool pool;
        std::unique_ptr<io::Net> net;
        io::Env env;
        std::unique_ptr<Server> server;
        std::optional<Result<void>> started;
        bool has_stopped = false;
    };

    QuorumTest() {
        for (int id = 1; id <= 3; ++id) {
            nodes[id - 1] = std::make_unique<Node>(id, clock, loop, network);
        }
    }
    ~QuorumTest() override {
        for (auto& node : nodes) {
            if (node->server) stop(*node);
        }
    }

    static std::string at(int port, int id) { return "127.0.0.1:" + std::to_string(port + id); }

    void begin(Node& node) {
        ServerOptions options;
        ConfigMap settings{{"process.roles", "broker,controller"},
                           {"node.id", std::to_string(node.id)},
                           {"listeners", "PLAINTEXT://" + at(kBrokerPort, node.id) +
                                             ",CONTROLLER://" + at(kControllerPort, node.id)},
                           {"controller.listener.names", "CONTROLLER"},
                           {"controller.quorum.voters", "1@" + at(kControllerPort, 1) + ",2@" +
                                                            at(kControllerPort, 2) + ",3@" +
                                                            at(kControllerPort, 3)},
                           {"log.dirs", "/data"}};
        for (const auto& [key, value] : more) settings[key] = value;
        options.config = *make_broker_config(settings);
        options.cluster_id = kClusterId;
        options.logger = Logger(sink, "node" + std::to_string(node.id));
        node.server = std::make_unique<Server>(std::move(options), node.env,
                                               std::vector<io::Env*>{&node.env});
        node.started.reset();
        loop.spawn(run_start(node));
    }
    static awaitable<void> run_start(Node& node) {
        auto started = co_await node.server->start();
        node.started.emplace(std::move(started));
    }
    static awaitable<void> run_stop(Node& node) {
        co_await node.server->stop();
        node.has_stopped = true;
    }
    void stop(Node& node) {
        node.has_stopped = false;
        loop.spawn(run_stop(node));
        for (int i = 0; i < 300 && !node.has_stopped; ++i) loop.advance(io::Milliseconds(100));
        ASSERT_TRUE(node.has_stopped);
        node.server.reset();
    }
    void expect_started(Node& node) {
        for (int i = 0; i < 300 && !node.started; ++i) loop.advance(io::Milliseconds(100));
        ASSERT_TRUE(node.started) << "node " << node.id << " did not start";
        EXPECT_TRUE(*node.started) << node.started->error().what;
    }
    void start_all() {
        for (auto& node : nodes) begin(*node);
        for (auto& node : nodes) expect_started(*node);
    }

    template <class Request>
    awaitable<void> ask_into(rpc::Channel& channel, Request request,
                             std::optional<Result<typename Request::Response>>& out) {
        const auto deadline = clock.in_ms(30'000);
        auto answer =
            co_await channel.call<typename Request::Response>(std::move(request), deadline);
        out.emplace(std::move(answer));
    }
    template <class Request>
    typename Request::Response ask(int id, Request request, std::uint16_t port = kBrokerPort) {
        const io::Address to{"127.0.0.1", static_cast<std::uint16_t>(port + id)};
        rpc::Channel channel(nodes[0]->env, to, {});
        std::optional<Result<typename Request::Response>> out;
        loop.spawn(ask_into(channel, std::move(request), out));
        for (int i = 0; i < 400 && !out; ++i) loop.advance(io::Milliseconds(100));
        loop.run(channel.stop());
        if (!out || !*out) {
            ADD_FAILURE() << (out ? (*out).error().what : "no answer");
            return {};
        }
        return std::move(**out);
    }
    std::int16_t create(int asked, const std::string& name) {
        protocol::CreateTopicsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = 1;
        topic.replication_factor = 1;
        request.timeout_ms = 20'000;
        return ask(asked, std::move(request)).topics.at(0).error_code;
    }
    // Of the leader on its controllers' listener, or of any node as a client.
    template <class Request>
    std::int16_t change_voters(const Request& request, std::uint16_t port) {
        for (int id = 1; id <= 3; ++id) {
            const auto code = ask(id, request, port).error_code;
            if (code != static_cast<std::int16_t>(Errc::not_leader_or_follower)) return code;
        }
        return -1;
    }
    bool knows(int asked, const std::string& name) {
        protocol::MetadataRequest request;
        request.topics->emplace_back().name = name;
        request.allow_auto_topic_creation = false;
        return ask(asked, std::move(request)).topics.at(0).error_code == 0;
    }

    ConfigMap more;
    io::VirtualClock clock;
    io::VirtualLoop loop{clock};
    io::MemoryNetwork network;
    std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
    std::array<std::unique_ptr<Node>, 3> nodes;
};

TEST_F(QuorumTest, ThreeNodesAgreeAndEachKnowsWhatWasDecided) {
    start_all();
    EXPECT_EQ(create(2, "orders"), 0);
    loop.advance(io::Milliseconds(1000));
    for (int id = 1; id <= 3; ++id) EXPECT_TRUE(knows(id, "orders")) << id;
}

TEST_F(QuorumTest, EachMayStopAndComeBackWhileTheOthersGoOn) {
    start_all();
    for (int id = 1; id <= 3; ++id) {
        auto& node = *nodes[id - 1];
        stop(node);
        const auto name = "without-" + std::to_string(id);
        EXPECT_EQ(create(id % 3 + 1, name), 0);
        begin(node);
        expect_started(node);
        EXPECT_TRUE(knows(id, name));
    }
}

TEST_F(QuorumTest, ChangesOfVotersAreJudgedTheSameWhoeverIsAsked) {
    start_all();
    for (const auto port : {kBrokerPort, kControllerPort}) {
        protocol::AddRaftVoterRequest add;
        add.cluster_id = kClusterId;
        add.voter_id = 9;
        add.voter_directory_id = Uuid{1, 1};
        add.listeners.emplace_back().name = "CONTROLLER";
        EXPECT_EQ(change_voters(add, port), 35) << "kraft.version is 0";
        add.listeners.front().name = "OTHER";
        EXPECT_EQ(change_voters(add, port), 42);
        add.voter_id = -1;
        EXPECT_EQ(change_voters(add, port), 42);
        add.cluster_id = "other";
        EXPECT_EQ(change_voters(add, port), 104);
        protocol::RemoveRaftVoterRequest remove;
        remove.cluster_id = kClusterId;
        remove.voter_id = 2;
        EXPECT_EQ(change_voters(remove, port), 35);
        remove.cluster_id = "other";
        EXPECT_EQ(change_voters(remove, port), 104);
    }
}

TEST_F(QuorumTest, WhoMissedWhatTheOthersHaveDroppedLoadsASnapshot) {
    more = {{"metadata.log.max.record.bytes.between.snapshots", "300"},
            {"metadata.max.retention.bytes", "1"}};
    start_all();
    stop(*nodes[2]);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(create(1 + i % 2, "topic-" + std::to_string(i)), 0);
        loop.advance(io::Milliseconds(1000));
    }
    begin(*nodes[2]);
    expect_started(*nodes[2]);
    const auto has_received = std::ranges::any_of(sink->lines(), [](const std::string& line) {
        return line.find("snapshot received") != std::string::npos;
    });
    EXPECT_TRUE(has_received);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(knows(3, "topic-" + std::to_string(i)));
}

}  // namespace
}  // namespace kcore::broker
