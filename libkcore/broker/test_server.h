#pragma once
// For tests: a whole node on one loop over virtual time, with a client beside it.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log_sink.h"
#include "broker/server.h"
#include "io/test_env.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/metadata.h"
#include "rpc/channel.h"

namespace kcore::broker {

class ServerTest : public testing::Test, public io::TestEnvOf<io::FaultyMemoryDisk> {
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

    void make_server(const ConfigMap& with = {}) {
        auto values = settings();
        for (const auto& [key, value] : with) values[key] = value;
        ServerOptions options;
        options.config = *make_broker_config(values);
        options.logger = Logger(sink, "broker");
        options.memory.resident = [this] { return resident_bytes; };
        options.on_fatal = [this](const Error& error) { fatal = error; };
        server = std::make_unique<Server>(std::move(options), env, std::vector<io::Env*>{&env});
    }
    Result<void> start(const ConfigMap& with = {}) {
        make_server(with);
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
    std::int16_t create(const std::string& name, std::int32_t partitions,
                        const ConfigMap& configs = {}) {
        protocol::CreateTopicsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = name;
        topic.num_partitions = partitions;
        topic.replication_factor = 1;
        for (const auto& [key, value] : configs) {
            auto& config = topic.configs.emplace_back();
            config.name = key;
            config.value = value;
        }
        return ask(std::move(request)).topics.at(0).error_code;
    }
    bool said(std::string_view text) const {
        for (const auto& line : sink->lines()) {
            if (line.find(text) != std::string::npos) return true;
        }
        return false;
    }

    std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
    std::unique_ptr<Server> server;
    std::unique_ptr<rpc::Channel> client;
    std::int64_t resident_bytes = 0;  // What the node believes to have.
    std::optional<Error> fatal;
};

}  // namespace kcore::broker
