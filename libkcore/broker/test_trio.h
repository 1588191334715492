#pragma once
// For tests: three whole nodes that are one cluster, on one loop over virtual time. Each has its
// own disk, which survives a crash of its node.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log_sink.h"
#include "broker/server.h"
#include "io/memory_disk.h"
#include "io/memory_net.h"
#include "io/pool.h"
#include "io/virtual_loop.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/metadata.h"
#include "rpc/channel.h"

namespace kcore::broker {

class TrioTest : public testing::Test {
protected:
    template <class T = void>
    using awaitable = asio::awaitable<T>;
    static constexpr std::uint16_t kControllerPort = 9100;
    static constexpr std::uint16_t kBrokerPort = 9200;
    static constexpr const char* kClusterId = "AAAAAAAAAAAAAAAAAAAAAQ";

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
        std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
        std::unique_ptr<Server> server;
        std::optional<Result<void>> started;
        bool has_stopped = false;
    };

    TrioTest() {
        for (int id = 1; id <= 3; ++id) {
            nodes[id - 1] = std::make_unique<Node>(id, clock, loop, network);
        }
    }
    ~TrioTest() override {
        for (auto& node : nodes) {
            if (node->server) stop(*node);
        }
    }

    static bool said(const Node& node, std::string_view text) {
        const auto lines = node.sink->lines();
        return std::ranges::any_of(
            lines, [&](const std::string& line) { return line.find(text) != std::string::npos; });
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
                           {"broker.rack", "rack-" + std::to_string(node.id)},
                           {"log.dirs", "/data"}};
        for (const auto& [key, value] : more) settings[key] = value;
        options.config = *make_broker_config(settings);
        options.cluster_id = kClusterId;
        options.logger = Logger(node.sink, "node");
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
    std::int16_t create(int asked, const std::string& name, std::int16_t replicas = 1) {
        protocol::CreateTopicsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = 1;
        topic.replication_factor = replicas;
        request.timeout_ms = 20'000;
        return ask(asked, std::move(request)).topics.at(0).error_code;
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
    std::array<std::unique_ptr<Node>, 3> nodes;
};

}  // namespace kcore::broker
