#include "rpc/channel.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/log_sink.h"
#include "io/test_env.h"
#include "protocol/api/describe_cluster.h"
#include "protocol/api/metadata.h"
#include "rpc/header.h"

namespace kcore::rpc {
namespace {

using asio::awaitable;
using protocol::ApiVersionsResponse;
using protocol::DescribeClusterRequest;
using protocol::DescribeClusterResponse;
using protocol::MetadataRequest;
using protocol::MetadataResponse;

// A peer that answers ApiVersions as told and everything else when told.
class FakePeer {
public:
    FakePeer(io::Env& env, io::Address at) : env_(env), served_(env.loop) {
        listener_ = *env.net.listen(at, io::SocketOptions());
        env_.loop.spawn(accept_all());
    }

    io::Address address() const { return listener_->local(); }
    void leave() {
        listener_->close();
        for (auto& stream : streams_) stream->close();
    }
    void hang_up() {
        for (auto& stream : streams_) stream->close();
    }

    std::int16_t api_versions_max = 5;
    bool answers = true;
    std::vector<std::pair<std::int16_t, std::int16_t>> asked;  // Key and version.
    int connections = 0;

    // Answers what waits, in reverse: the channel goes by correlation ids.
    awaitable<void> answer_backwards() {
        while (!waiting_.empty()) {
            auto next = std::move(waiting_.back());
            waiting_.pop_back();
            co_await send(next.first, std::move(next.second));
        }
    }
    awaitable<void> send_stray() {
        Bytes stray(4);
        store_be<std::int32_t>(stray.data(), 4711);
        co_await send(streams_.back().get(), std::move(stray));
    }

private:
    awaitable<void> accept_all() {
        for (;;) {
            auto taken = co_await listener_->accept(env_.net);
            if (!taken) break;
            ++connections;
            streams_.push_back(std::move(*taken));
            env_.loop.spawn(serve(streams_.back().get()));
        }
    }

    awaitable<void> serve(io::Stream* stream) {
        FrameReader reader(*stream, 1 << 20);
        for (;;) {
            auto frame = co_await reader.next();
            if (!frame) break;
            auto header = *RequestHeader::parse_start(frame->view());
            asked.emplace_back(header.api_key, header.api_version);
            auto body = reply(frame->view(), header);
            if (header.api_key != 18 && !answers) {
                waiting_.emplace_back(stream, std::move(body));
                continue;
            }
            co_await send(stream, std::move(body));
        }
    }

    static void add(ApiVersionsResponse& response, std::int16_t key, std::int16_t low,
                    std::int16_t high) {
        auto& api = response.api_keys.emplace_back();
        api.api_key = key;
        api.min_version = low;
        api.max_version = high;
    }

    Bytes reply(BytesView frame, RequestHeader header) const {
        Bytes bytes;
        append_be(bytes, load_be<std::int32_t>(frame.data() + 4));
        if (header.api_key == 18) {
            ApiVersionsResponse response;
            add(response, 18, 0, api_versions_max);
            add(response, 60, 0, 1);
            add(response, 3, 90, 99);
            const bool known = header.api_version <= api_versions_max;
            if (!known) response.error_code = 35;
            EXPECT_TRUE(protocol::encode(response, known ? header.api_version : 0, bytes));
        } else {
            DescribeClusterResponse response;
            response.cluster_id = "cluster";
            response.controller_id = load_be<std::int32_t>(frame.data() + 4);
            bytes.push_back(std::byte{0});
            EXPECT_TRUE(protocol::encode(response, header.api_version, bytes));
        }
        return bytes;
    }

    awaitable<void> send(io::Stream* stream, Bytes body) {
        Bytes framed;
        append_be(framed, static_cast<std::int32_t>(body.size()));
        append(framed, body);
        io::Piece piece;
        piece.bytes = framed;
        const std::span<const io::Piece> pieces(&piece, 1);
        co_await stream->write(pieces);
    }

    io::Env& env_;
    io::Signal served_;
    std::unique_ptr<io::Listener> listener_;
    std::vector<std::unique_ptr<io::Stream>> streams_;
    std::vector<std::pair<io::Stream*, Bytes>> waiting_;
};

// Calls `then` in the middle of the first connection's coming to be.
class OnConnected : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view text) override {
        if (text.ends_with(": connected") && then) std::exchange(then, nullptr)();
    }
    std::function<void()> then;
};

class ChannelTest : public testing::Test, public io::TestEnv {
protected:
    ~ChannelTest() override {
        loop.run(channel.stop());
        if (peer) peer->leave();
        loop.settle();
    }

    awaitable<void> ask_by(Channel& other) {
        DescribeClusterRequest request;
        const auto deadline = clock.in_ms(1000);
        auto answer = co_await other.call<DescribeClusterResponse>(std::move(request), deadline);
        answers.push_back(std::move(answer));
    }
    awaitable<void> ask_when(io::Signal& told, Channel& other, int who) {
        co_await told.wait_until(io::kNever);
        co_await ask_as(other, who);
    }
    awaitable<void> ask_as(Channel& other, int who) {
        DescribeClusterRequest request;
        const auto deadline = clock.in_ms(1000);
        auto answer = co_await other.call<DescribeClusterResponse>(std::move(request), deadline);
        if (answer) answered.push_back(who);
    }
    awaitable<void> ask(std::int64_t timeout_ms) {
        DescribeClusterRequest request;
        const auto deadline = clock.in_ms(timeout_ms);
        auto answer = co_await channel.call<DescribeClusterResponse>(std::move(request), deadline);
        answers.push_back(std::move(answer));
    }
    awaitable<void> ask_metadata() {
        MetadataRequest request;
        const auto deadline = clock.in_ms(1000);
        auto answer = co_await channel.call<MetadataResponse>(std::move(request), deadline);
        if (!answer) refused.push_back(answer.error());
    }

    std::string codes() const {
        std::string all;
        for (const auto& answer : answers) {
            all += answer ? answer->cluster_id : std::string(errc_name(answer.error().code));
            all += ' ';
        }
        return all;
    }

    const io::Address at{"127.0.0.1", 9093};
    std::unique_ptr<FakePeer> peer = std::make_unique<FakePeer>(env, at);
    std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
    Channel channel{env, at, watched(sink)};

    static ChannelOptions watched(std::shared_ptr<MemorySink> sink) {
        ChannelOptions options;
        sink->level = LogLevel::debug;
        options.log = Logger(std::move(sink), "client");
        options.logs_bodies = true;
        return options;
    }
    std::string log() const { return fmt::format("{}", fmt::join(sink->lines(), "\n")); }

    std::vector<Result<DescribeClusterResponse>> answers;
    std::vector<Error> refused;
    std::vector<int> answered;  // By ask_as(), in the order of the answers.
};

TEST_F(ChannelTest, ConnectsOnTheFirstCallAndUsesTheHighestCommonVersion) {
    loop.run(ask(1000));
    loop.run(ask(1000));
    EXPECT_EQ(codes(), "cluster cluster ");
    EXPECT_EQ(peer->connections, 1);
    EXPECT_EQ(peer->asked.back(), std::make_pair(std::int16_t{60}, std::int16_t{1}));
}

TEST_F(ChannelTest, SpeakingAsAnOlderClientLimitsVersions) {
    ChannelOptions options;
    options.speaks_as = *protocol::Release::parse("3.0");
    Channel older(env, at, options);
    loop.run(ask_by(older));
    EXPECT_EQ(peer->asked.front(), std::make_pair(std::int16_t{18}, std::int16_t{3}));
    EXPECT_EQ(peer->asked.back(), std::make_pair(std::int16_t{60}, std::int16_t{0}));
    loop.run(older.stop());
}

TEST_F(ChannelTest, WhatAnOlderClientDoesNotKnowIsRefused) {
    ChannelOptions options;
    options.speaks_as = *protocol::Release::parse("2.7");
    Channel older(env, at, options);
    loop.run(ask_by(older));
    ASSERT_FALSE(answers.back());
    EXPECT_EQ(answers.back().error().what,
              "DescribeCluster to 127.0.0.1:9093: clients of Kafka 2.7 cannot ask this");
    loop.run(older.stop());
}

TEST_F(ChannelTest, WhoWatchesSeesConnectionsAndRequestsWithWhatTheySay) {
    loop.run(ask(1000));
    const auto* const seen =
        "DEBUG client: 127.0.0.1:9093: ApiVersions v5: it serves 3 APIs\n"
        "INFO client: 127.0.0.1:9093: connected\n"
        "DEBUG client: 127.0.0.1:9093: DescribeCluster v1 asks "
        R"({"includeClusterAuthorizedOperations":false,"endpointType":1})"
        "\n"
        "DEBUG client: 127.0.0.1:9093: DescribeCluster v1: 26 bytes in 0.0 ms\n"
        "DEBUG client: 127.0.0.1:9093: DescribeCluster v1 answers "
        R"({"throttleTimeMs":0,"errorCode":0,"errorMessage":null,"endpointType":1,)"
        R"("clusterId":"cluster","controllerId":1,"brokers":[],)"
        R"("clusterAuthorizedOperations":-2147483648})";
    EXPECT_EQ(log(), seen);
}

TEST_F(ChannelTest, WhoWatchesSeesWhatFails) {
    peer->answers = false;
    loop.run(ask(500));
    EXPECT_TRUE(
        log().contains("DescribeCluster v1: REQUEST_TIMED_OUT: no answer in time after "
                       "500.0 ms"))
        << log();
    loop.settle();
    EXPECT_TRUE(log().contains("INFO client: 127.0.0.1:9093: disconnected: ")) << log();
    peer->leave();
    loop.run(ask(500));
    EXPECT_TRUE(log().contains("INFO client: 127.0.0.1:9093: cannot connect: ")) << log();
}

TEST_F(ChannelTest, AskingAgainInAnOlderApiVersionsWorks) {
    for (const std::int16_t max : {0, 2, 3, 4}) {
        peer->hang_up();
        loop.settle();
        loop.advance(io::Milliseconds(2000));
        peer->api_versions_max = max;
        loop.run(ask(1000));
    }
    EXPECT_EQ(codes(), "cluster cluster cluster cluster ");
}

TEST_F(ChannelTest, FramesCutAnywhereAreRead) {
    network.read_bytes_max = 1;
    loop.run(ask(1000));
    EXPECT_EQ(codes(), "cluster ");
}

TEST_F(ChannelTest, PipelinedRequestsLeaveTogetherAndFindTheirAnswers) {
    loop.run(ask(1000));
    peer->answers = false;
    const auto writes = network.writes;
    for (int i = 0; i < 5; ++i) loop.spawn(ask(1000));
    loop.settle();
    EXPECT_EQ(network.writes, writes + 1);
    loop.run(peer->answer_backwards());
    loop.settle();
    EXPECT_EQ(codes(), "cluster cluster cluster cluster cluster cluster ");
}

TEST_F(ChannelTest, RequestsKeepTheirOrderWhileTheConnectionIsMade) {
    const auto hook = std::make_shared<OnConnected>();
    ChannelOptions options;
    options.log = Logger(hook, "client");
    Channel other(env, at, options);
    io::Signal told(loop);
    hook->then = [&] { told.notify(); };
    loop.spawn(ask_when(told, other, 3));
    loop.spawn(ask_as(other, 1));
    loop.spawn(ask_as(other, 2));
    loop.settle();
    EXPECT_EQ(answered, (std::vector{1, 2, 3}));
    loop.run(other.stop());
}

TEST_F(ChannelTest, NoAnswerInTimeFailsAndClosesTheConnection) {
    peer->answers = false;
    loop.run(ask(500));
    peer->answers = true;
    loop.run(ask(1000));
    EXPECT_EQ(codes(), "REQUEST_TIMED_OUT cluster ");
    EXPECT_EQ(peer->connections, 2);
}

TEST_F(ChannelTest, ALostConnectionFailsWhatWasSentAndIsMadeAnew) {
    peer->answers = false;
    loop.spawn(ask(5000));
    loop.settle();
    peer->hang_up();
    loop.settle();
    peer->answers = true;
    loop.run(ask(1000));
    EXPECT_EQ(codes(), "NETWORK_EXCEPTION cluster ");
}

TEST_F(ChannelTest, AnUnreachablePeerFailsAtOnceAndIsThenTriedLessAndLess) {
    peer->leave();
    loop.settle();
    const auto start = clock.now();
    loop.run(ask(60'000));
    EXPECT_EQ(clock.now(), start);
    for (int i = 0; i < 8; ++i) loop.run(ask(60'000));
    const auto took = clock.now() - start;
    EXPECT_GT(took, io::Milliseconds(3000));
    EXPECT_LT(took, io::Milliseconds(9000));
    EXPECT_EQ(answers.back().error().code, Errc::network_exception);
    EXPECT_NE(answers.back().error().what.find("DescribeCluster to 127.0.0.1:9093"),
              std::string::npos)
        << answers.back().error().what;
}

TEST_F(ChannelTest, AnApiWithoutACommonVersionIsNamed) {
    loop.run(ask_metadata());
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused.front().code, Errc::unsupported_version);
    EXPECT_NE(refused.front().what.find("90-99"), std::string::npos) << refused.front().what;
}

TEST_F(ChannelTest, AnAnswerToNothingEndsTheConnection) {
    loop.run(ask(1000));
    peer->answers = false;
    loop.spawn(ask(1000));
    loop.settle();
    loop.run(peer->send_stray());
    loop.settle();
    EXPECT_EQ(codes(), "cluster CORRUPT_MESSAGE ");
}

TEST_F(ChannelTest, StopFailsWhatWaits) {
    peer->answers = false;
    loop.spawn(ask(60'000));
    loop.settle();
    loop.run(channel.stop());
    loop.run(ask(1000));
    EXPECT_EQ(codes(), "NETWORK_EXCEPTION NETWORK_EXCEPTION ");
}

}  // namespace
}  // namespace kcore::rpc
