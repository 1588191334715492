#include "broker/connection.h"

#include <gtest/gtest.h>

#include "broker/services.h"
#include "io/test_env.h"
#include "protocol/api/api_versions.h"
#include "protocol/api/describe_cluster.h"
#include "protocol/api/fetch.h"
#include "protocol/api/heartbeat.h"
#include "protocol/api/list_groups.h"

namespace kcore::broker {
namespace {

using asio::awaitable;

// Handlers of the tests. ListGroups answers at once and uses 11 kB of a produce quota, Heartbeat
// waits 100 ms or until the stop, DescribeCluster says nothing, Fetch answers from a file.
Outcome at_once(Request& request) {
    auto decoded = request.decode<protocol::ListGroupsRequest>();
    if (!decoded) return request.malformed(decoded.error());
    request.charge(security::Quota::produce, 11'000);
    return request.answer(protocol::ListGroupsResponse());
}

awaitable<Done> after_a_while(Request& request) {
    io::Signal never(request.env.loop);
    const auto deadline = request.env.clock.in_ms(100);
    co_await request.wait(never, deadline);
    protocol::HeartbeatResponse response;
    response.error_code = request.is_stopping() ? 1 : 0;
    co_return request.answer(response);
}
Outcome waiting(Request& request) { return after_a_while(request); }

Outcome silent(Request& /*request*/) { return Done::silent; }

Outcome versions(Request& request) { return request.answer_as(protocol::ApiVersionsResponse(), 0); }

Outcome from_file(Request& request) {
    protocol::FetchResponse response;
    auto& topic = response.responses.emplace_back();
    auto& partition = topic.partitions.emplace_back();
    partition.records = protocol::Records::external(0, 10);
    std::shared_ptr<io::File> file = std::move(*request.env.disk.open("/log", io::Open::read));
    std::vector<FileRanges> ranges(1);
    ranges[0].push_back({file, 0, 4});
    ranges[0].push_back({file, 6, 6});
    return request.answer(response, std::move(ranges));
}

class ConnectionTest : public testing::Test, public io::TestEnv {
protected:
    explicit ConnectionTest(bool is_capped = false) {
        if (is_capped) limits.memory = &memory;
        listener = *net->listen({"127.0.0.1", 9092}, io::SocketOptions());
        loop.spawn(accept());
        client = std::move(*loop.run(net->connect({"127.0.0.1", 9092}, io::kNever)));
        loop.settle();
    }
    ~ConnectionTest() override {
        client->close();
        loop.settle();
        loop.advance(io::Milliseconds(1000));
        EXPECT_TRUE(ended);
    }

    awaitable<void> accept() {
        auto taken = co_await listener->accept(*net);
        Serving serving{env, services, dispatch, buffers, scratch, limits};
        connection.emplace(serving, info, std::move(*taken));
        co_await connection->run();
        ended = true;
    }

    // A request frame; `client_id` in the header, then the tags of a flexible one, then `body`.
    static Bytes frame(std::int16_t key, std::int16_t version, std::int32_t id,
                       BytesView body = {}) {
        Bytes bytes;
        append_be<std::int32_t>(bytes, 0);
        append_be(bytes, key);
        append_be(bytes, version);
        append_be(bytes, id);
        append_be<std::int16_t>(bytes, -1);
        append(bytes, body);
        store_be(bytes.data(), static_cast<std::int32_t>(bytes.size() - 4));
        return bytes;
    }
    static Bytes list_groups(std::int32_t id) { return frame(16, 0, id); }
    static Bytes heartbeat(std::int32_t id) { return frame(12, 0, id); }

    void send(Bytes bytes) {
        loop.run(write(std::move(bytes)));
        loop.settle();
    }
    awaitable<void> write(Bytes bytes) {
        io::Piece piece;
        piece.bytes = bytes;
        const std::span<const io::Piece> pieces(&piece, 1);
        co_await client->write(pieces);
    }

    // What has arrived at the client.
    Bytes received() {
        Bytes all(1 << 16);
        all.resize(client->read_now(all));
        return all;
    }
    // Correlation ids of the answers that have arrived.
    std::vector<std::int32_t> answered() { return ids_in(received()); }
    static std::vector<std::int32_t> ids_in(const Bytes& all) {
        std::vector<std::int32_t> ids;
        for (std::size_t at = 0; at + 8 <= all.size();) {
            ids.push_back(load_be<std::int32_t>(all.data() + at + 4));
            at += 4 + static_cast<std::size_t>(load_be<std::int32_t>(all.data() + at));
        }
        return ids;
    }

    using Ids = std::vector<std::int32_t>;

    Services services;
    Dispatch dispatch{
        {api<protocol::ListGroupsRequest>(at_once), api<protocol::HeartbeatRequest>(waiting),
         api<protocol::DescribeClusterRequest>(silent), api<protocol::FetchRequest>(from_file),
         api<protocol::ApiVersionsRequest>(versions)},
        false};
    BufferPool buffers{loop};
    record::ValidationScratch scratch;
    ListenerInfo info;
    std::unique_ptr<io::Listener> listener;
    std::optional<Connection> connection;
    std::unique_ptr<io::Stream> client;
    RequestMemory memory{1 << 20};
    ConnectionLimits limits{1 << 20, 60'000, nullptr};
    bool ended = false;
};

TEST_F(ConnectionTest, RequestsCutAtAnyByteAreAnswered) {
    for (std::size_t cut = 1; cut < list_groups(1).size(); ++cut) {
        const auto bytes = list_groups(static_cast<std::int32_t>(cut));
        send(to_bytes(BytesView(bytes).first(cut)));
        EXPECT_EQ(answered(), Ids{});
        send(to_bytes(BytesView(bytes).subspan(cut)));
        EXPECT_EQ(answered(), Ids{static_cast<std::int32_t>(cut)});
    }
}

TEST_F(ConnectionTest, AnswersToPipelinedRequestsLeaveInOrderAndTogether) {
    Bytes all;
    for (std::int32_t id = 0; id < 20; ++id) append(all, list_groups(id));
    const auto writes = network.writes;
    send(all);
    Ids want(20);
    for (std::int32_t id = 0; id < 20; ++id) want[static_cast<std::size_t>(id)] = id;
    EXPECT_EQ(answered(), want);
    EXPECT_EQ(network.writes, writes + 2);  // The client's and ours.
}

TEST_F(ConnectionTest, AnswersThatDoNotGoOutAtOnceAreSentOnce) {
    network.window_bytes = 30;
    Bytes all;
    Ids want;
    for (std::int32_t id = 0; id < 20; ++id) {
        append(all, list_groups(id));
        want.push_back(id);
    }
    loop.spawn(write(all));
    Bytes got;
    for (int i = 0; i < 100; ++i) {
        loop.settle();
        append(got, received());
    }
    EXPECT_EQ(ids_in(got), want);
}

TEST_F(ConnectionTest, AWaitingRequestHoldsBackWhatFollowsButNotWhatWasBefore) {
    auto all = list_groups(1);
    append(all, heartbeat(2));
    append(all, list_groups(3));
    send(all);
    EXPECT_EQ(answered(), Ids{1});
    loop.advance(io::Milliseconds(100));
    EXPECT_EQ(answered(), (Ids{2, 3}));
}

TEST_F(ConnectionTest, WhoUsedMoreThanAQuotaIsAnsweredAtOnceAndThenNotRead) {
    security::ClientQuotas quotas{security::QuotaWindows()};
    security::ClientQuotas::Table table;
    table[{{"user", "ANONYMOUS"}}]["producer_byte_rate"] = 1000;
    quotas.set(table);
    services.client_quotas = &quotas;
    auto all = list_groups(1);
    append(all, list_groups(2));
    send(all);
    EXPECT_EQ(answered(), Ids{1});
    loop.advance(io::Milliseconds(999));
    EXPECT_EQ(answered(), Ids{});
    loop.advance(io::Milliseconds(1));
    EXPECT_EQ(answered(), Ids{2});
    loop.advance(io::Milliseconds(20'000));  // The second is to be waited for as well.
    services.client_quotas = nullptr;
}

TEST_F(ConnectionTest, ASilentRequestIsFollowedByTheNext) {
    auto all = frame(60, 0, 1, as_bytes(std::string_view("\0", 1)));
    append(all, list_groups(2));
    send(all);
    EXPECT_EQ(answered(), Ids{2});
}

TEST_F(ConnectionTest, ABadRequestEndsTheConnectionAfterTheAnswersBeforeIt) {
    auto all = list_groups(1);
    append(all, frame(16, 99, 2));
    append(all, list_groups(3));
    send(all);
    EXPECT_EQ(answered(), Ids{1});
    EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, RangesOfFilesStandInTheAnswer) {
    auto file = std::move(*disk.open("/log", io::Open::create));
    ASSERT_TRUE(file->write(0, as_bytes("abcd--efghij")));
    auto all = list_groups(1);
    append(all, frame(1, 4, 2, Bytes(25)));
    append(all, list_groups(3));
    send(all);
    const auto got = received();
    EXPECT_NE(as_text(got).find("abcdefghij"), std::string_view::npos);
    const auto first = 4 + static_cast<std::size_t>(load_be<std::int32_t>(got.data()));
    const auto second = static_cast<std::size_t>(load_be<std::int32_t>(got.data() + first));
    EXPECT_EQ(load_be<std::int32_t>(got.data() + first + 4 + second + 4), 3);
}

TEST_F(ConnectionTest, AnIdleConnectionIsClosedAndHoldsNoBuffer) {
    send(list_groups(1));
    loop.advance(io::Milliseconds(59'000));
    EXPECT_EQ(buffers.held_bytes(), 0U) << "lent buffers were not given back, or never trimmed";
    EXPECT_FALSE(ended);
    send(list_groups(2));
    loop.advance(io::Milliseconds(59'000));
    EXPECT_FALSE(ended);
    loop.advance(io::Milliseconds(2'000));
    EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, AHalfRequestIdlesOutToo) {
    send(to_bytes(BytesView(list_groups(1)).first(6)));
    loop.advance(io::Milliseconds(61'000));
    EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, StopEndsAConnectionAtRest) {
    send(list_groups(1));
    connection->stop();
    loop.settle();
    EXPECT_EQ(answered(), Ids{1});
    EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, StopBringsAWaitingRequestToItsAnswerAndTakesNoMore) {
    auto all = heartbeat(1);
    append(all, list_groups(2));
    send(all);
    connection->stop();
    loop.settle();
    EXPECT_EQ(answered(), Ids{1});
    EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, APeerThatLeavesWhileItsRequestWaitsEndsTheConnection) {
    send(heartbeat(1));
    client->close();
    loop.advance(io::Milliseconds(200));
    EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, ABodyThatIsNotWhatItsHeaderSaysEndsTheConnection) {
    send(frame(16, 3, 1, as_bytes(std::string_view("\0\0", 2))));
    EXPECT_EQ(answered(), Ids{1});
    send(frame(16, 4, 2, as_bytes(std::string_view("\0\x7f", 2))));
    EXPECT_TRUE(received().empty());
    EXPECT_TRUE(ended);
}

// Everybody together may have 1 MiB of large requests under way.
class CappedConnectionTest : public ConnectionTest {
protected:
    CappedConnectionTest() : ConnectionTest(true) {}
    ~CappedConnectionTest() override { memory.give(others); }

    // A request that needs a buffer of its own, in two parts.
    Bytes large(std::int32_t id) { return frame(16, 0, id, Bytes(300'000)); }
    // As far as it is taken.
    void send_some(Bytes bytes) {
        loop.spawn(write(std::move(bytes)));
        loop.settle();
    }
    void send_half(std::int32_t id) {
        auto half = large(id);
        half.resize(half.size() / 2);
        send_some(std::move(half));
    }

    RequestMemory::Share others;
    RequestMemory::Share beyond;
};

TEST_F(CappedConnectionTest, ALargeFrameBeyondTheCapWaitsAndSmallOnesDoNot) {
    ASSERT_TRUE(memory.take(others, 1 << 20, nullptr));
    ASSERT_TRUE(memory.take(beyond, 1, nullptr)) << "one may go beyond the cap";
    send(list_groups(1));
    EXPECT_EQ(answered(), Ids{1});
    send_some(large(2));
    EXPECT_EQ(answered(), Ids{});
    memory.give(beyond);
    loop.settle();
    EXPECT_EQ(answered(), Ids{2});
    EXPECT_EQ(memory.used_bytes(), 1 << 20) << "given back with its buffer";
}

TEST_F(CappedConnectionTest, WhoIsSlowWhileOthersWaitIsClosed) {
    ASSERT_TRUE(memory.take(others, 1 << 20, nullptr));
    send_half(1);
    EXPECT_GT(memory.used_bytes(), 1 << 20);
    loop.advance(io::Milliseconds(15'000));
    EXPECT_FALSE(ended) << "nobody waits";
    io::Signal other(loop);
    const auto waiter = other.remote();
    EXPECT_FALSE(memory.take(beyond, 1, &waiter));
    loop.advance(io::Milliseconds(1'100));
    EXPECT_TRUE(ended);
    EXPECT_EQ(memory.used_bytes(), 1 << 20);
}

TEST_F(CappedConnectionTest, StopEndsAConnectionThatWaitsForRoom) {
    ASSERT_TRUE(memory.take(others, 1 << 20, nullptr));
    ASSERT_TRUE(memory.take(beyond, 1, nullptr));
    send_half(1);
    connection->stop();
    loop.settle();
    EXPECT_TRUE(ended);
    memory.give(beyond);
    EXPECT_EQ(memory.used_bytes(), 1 << 20);
}

class BadFrameTest : public ConnectionTest, public testing::WithParamInterface<int> {
protected:
    static Bytes bad(int which) {
        switch (which) {
            case 0:
                return Bytes(4);  // Size 0.
            case 1:
                return to_bytes(std::string_view("\xff\xff\xff\xff", 4));
            case 2:
                return to_bytes("GET / HTTP/1.1\r\n\r\n");
            case 3:
                return frame(200, 0, 1);
            case 4:
                return frame(-1, 0, 1);
            case 5:
                return frame(7, 0, 1);  // Not served here.
            case 6:
                return frame(16, 4, 1, as_bytes("\x05\x01"));  // Tags beyond the end.
            default:
                return frame(18, 9, 1);  // A flexible header without its tags.
        }
    }
};

TEST_P(BadFrameTest, ClosesTheConnectionWithoutAByte) {
    send(bad(GetParam()));
    EXPECT_TRUE(received().empty());
    EXPECT_TRUE(ended);
}
INSTANTIATE_TEST_SUITE_P(Frames, BadFrameTest, testing::Range(0, 8));

}  // namespace
}  // namespace kcore::broker
