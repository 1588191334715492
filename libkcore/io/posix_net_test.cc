#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <vector>

#include "io/posix.h"
#include "io/wait.h"

namespace kcore::io {
namespace {

using asio::awaitable;

// Real sockets on loopback, ports given by the system.
class PosixNetTest : public testing::Test {
protected:
    Address bind(std::string host = "127.0.0.1") {
        auto made = net->listen({std::move(host), 0}, SocketOptions());
        EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().what);
        listener = std::move(*made);
        return listener->local();
    }

    void run(awaitable<void> work) {
        loop.spawn(finish(std::move(work)));
        loop.run();
    }

    awaitable<void> finish(awaitable<void> work) {
        co_await std::move(work);
        loop.stop();
    }

    awaitable<void> take_one() {
        auto taken = co_await listener->accept(*net);
        EXPECT_TRUE(taken.has_value());
        if (taken) served = std::move(*taken);
        accepted.notify();
    }

    // Leaves the two ends in `dialled` and `served`.
    awaitable<void> join() {
        loop.spawn(take_one());
        const auto deadline = clock.in_ms(5000);
        auto made = co_await net->connect(listener->local(), deadline);
        EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().what);
        dialled = std::move(*made);
        co_await accepted.wait_until(deadline);
    }

    // Returns with the peer's end of stream.
    awaitable<void> write_all(std::vector<Piece> pieces) {
        auto sent = co_await dialled->write(pieces);
        EXPECT_TRUE(sent.has_value()) << (sent ? "" : sent.error().what);
        dialled->close();
    }

    awaitable<Bytes> read_all() {
        Bytes all;
        std::array<std::byte, 9000> some;
        for (;;) {
            auto got = co_await served->read(some);
            EXPECT_TRUE(got.has_value());
            if (!got || *got == 0) break;
            all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(*got));
        }
        co_return all;
    }

    PosixClock clock;
    PosixLoop loop{clock};
    std::unique_ptr<Net> net = make_posix_net(loop);
    std::unique_ptr<Listener> listener;
    Signal accepted{loop};
    std::unique_ptr<Stream> dialled;
    std::unique_ptr<Stream> served;
};

Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 >> 3);
    return bytes;
}

Piece memory(BytesView bytes) {
    Piece piece;
    piece.bytes = bytes;
    return piece;
}

// A file without a descriptor.
class BytesFile : public File {
public:
    explicit BytesFile(Bytes bytes) : bytes_(std::move(bytes)) {}
    Result<void> write(std::uint64_t, std::span<const BytesView>) override { return {}; }
    Result<std::size_t> read(std::uint64_t position, std::span<std::byte> out) override {
        if (position >= bytes_.size()) return 0;
        const auto size = std::min<std::size_t>(out.size(), bytes_.size() - position);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(position), size, out.begin());
        return size;
    }
    Result<std::uint64_t> size() override { return bytes_.size(); }
    Result<void> truncate(std::uint64_t) override { return {}; }
    Result<void> reserve(std::uint64_t) override { return {}; }
    Result<void> sync() override { return {}; }

private:
    Bytes bytes_;
};

Piece range(File& file, std::uint64_t position, std::size_t size) {
    Piece piece;
    piece.file = &file;
    piece.position = position;
    piece.size = size;
    return piece;
}

class PosixNetDeliveryTest : public PosixNetTest {
protected:
    awaitable<void> deliver(std::vector<Piece> pieces) {
        co_await join();
        loop.spawn(write_all(std::move(pieces)));
        received = co_await read_all();
    }
    Bytes received;
};

TEST_F(PosixNetDeliveryTest, ManySmallPiecesArriveInOrder) {
    bind();
    const auto bytes = pattern(1000);
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < bytes.size(); i += 5) {
        pieces.push_back(memory(BytesView(bytes).subspan(i, 5)));
        pieces.push_back(memory({}));
    }
    run(deliver(std::move(pieces)));
    EXPECT_EQ(received, bytes);
}

TEST_F(PosixNetDeliveryTest, MoreThanTheSocketHoldsArrivesWhole) {
    bind();
    const auto bytes = pattern(16U << 20);
    run(deliver({memory(bytes)}));
    EXPECT_EQ(received.size(), bytes.size());
    EXPECT_TRUE(received == bytes);
}

TEST_F(PosixNetDeliveryTest, RangesOfFilesStandBetweenBytes) {
    bind();
    const auto head = to_bytes("head");
    const auto tail = to_bytes("tail");
    BytesFile file(pattern(300000));
    run(deliver({memory(head), range(file, 1000, 200000), memory(tail)}));
    auto want = head;
    const auto all = pattern(300000);
    append(want, BytesView(all).subspan(1000, 200000));
    append(want, tail);
    EXPECT_TRUE(received == want);
}

class PosixNetSmallTest : public PosixNetTest {
protected:
    awaitable<void> write_head_and_nothing(BytesView head, File& file) {
        co_await join();
        std::vector<Piece> pieces{memory(head), range(file, 0, 0)};
        auto sent = co_await dialled->write(pieces);
        EXPECT_TRUE(sent.has_value());
        std::array<std::byte, 16> got;
        received = served->read_now(got);
    }

    awaitable<void> wait_and_take() {
        co_await join();
        loop.spawn(write_twice());
        std::array<std::byte, 16> some;
        auto first = co_await served->readable();
        EXPECT_TRUE(first.has_value());
        text = as_text(BytesView(some).first(served->read_now(some)));
        EXPECT_EQ(served->read_now(some), 0U);
        auto second = co_await served->readable();
        EXPECT_TRUE(second.has_value());
        text += as_text(BytesView(some).first(served->read_now(some)));
        auto end = co_await served->readable();
        EXPECT_TRUE(end.has_value());
        auto got = co_await served->read(some);
        EXPECT_EQ(got.value_or(99), 0U);
    }

    awaitable<void> write_twice() {
        for (const std::string_view part : {"one", "two"}) {
            const Piece piece = memory(as_bytes(part));
            co_await dialled->write(std::span<const Piece>(&piece, 1));
            co_await sleep_until(loop, clock.in_ms(5));
        }
        dialled->close();
    }

    awaitable<void> close_under_a_reader() {
        co_await join();
        loop.spawn(close_soon());
        std::array<std::byte, 16> some;
        auto got = co_await dialled->read(some);
        EXPECT_FALSE(got.has_value());
        code = got ? Errc::none : got.error().code;
    }

    awaitable<void> close_soon() {
        dialled->close();
        co_return;
    }

    awaitable<void> read_after_the_peer_left() {
        co_await join();
        served.reset();
        std::array<std::byte, 16> some;
        auto got = co_await dialled->read(some);
        EXPECT_TRUE(got.has_value());
        received = got ? *got : 99;
    }

    awaitable<void> connect_to(Address to) {
        auto made = co_await net->connect(to, clock.in_ms(3000));
        EXPECT_FALSE(made.has_value());
        if (!made) {
            code = made.error().code;
            text = made.error().what;
        }
    }

    awaitable<void> connect_by_name(std::string host) {
        loop.spawn(take_one());
        Address to{std::move(host), listener->local().port};
        auto made = co_await net->connect(to, clock.in_ms(5000));
        EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().what);
        co_await accepted.wait_until(clock.in_ms(5000));
    }

    awaitable<void> close_the_listener_under_accept() {
        loop.spawn(close_listener());
        auto taken = co_await listener->accept(*net);
        code = taken ? Errc::none : taken.error().code;
    }

    awaitable<void> close_listener() {
        listener->close();
        co_return;
    }

    std::size_t received = 99;
    Errc code = Errc::none;
    std::string text;
};

TEST_F(PosixNetSmallTest, AnEmptyRangeAfterTheHeaderDoesNotHoldTheHeaderBack) {
    bind();
    BytesFile file(pattern(10));
    const auto head = to_bytes("head");
    run(write_head_and_nothing(head, file));
    EXPECT_EQ(received, 4U);
}

TEST_F(PosixNetSmallTest, WaitingForBytesTakesNone) {
    bind();
    run(wait_and_take());
    EXPECT_EQ(text, "onetwo");
}

TEST_F(PosixNetSmallTest, CloseEndsAWaitingRead) {
    bind();
    run(close_under_a_reader());
    EXPECT_EQ(code, Errc::network_exception);
}

TEST_F(PosixNetSmallTest, ThePeersEndReadsAsNoBytes) {
    bind();
    run(read_after_the_peer_left());
    EXPECT_EQ(received, 0U);
}

TEST_F(PosixNetSmallTest, ADeadPortIsRefusedWithItsAddress) {
    const auto port = bind().port;
    listener.reset();
    run(connect_to({"127.0.0.1", port}));
    EXPECT_EQ(code, Errc::network_exception);
    EXPECT_NE(text.find("127.0.0.1:" + std::to_string(port)), std::string::npos) << text;
}

TEST_F(PosixNetSmallTest, LocalhostListensWhereIpv4ClientsDial) {
    EXPECT_EQ(bind("localhost").host, "127.0.0.1");
    run(connect_by_name("localhost"));
}

TEST_F(PosixNetSmallTest, ATakenPortIsNamed) {
    const auto at = bind();
    const auto again = net->listen(at, SocketOptions());
    ASSERT_FALSE(again.has_value());
    EXPECT_NE(again.error().what.find(at.to_string()), std::string::npos);
}

TEST_F(PosixNetSmallTest, AHeldPortIsTakenOverWithoutBeingFreeInBetween) {
    std::vector<HeldPort> held;
    held.push_back(*HeldPort::take(0));
    const auto at = held.front().address();
    EXPECT_NE(at.port, 0);
    EXPECT_FALSE(net->listen(at, SocketOptions())) << "it is held";
    EXPECT_FALSE(HeldPort::take(at.port));
    net = make_posix_net(loop, std::move(held));
    listener = *net->listen(at, SocketOptions());
    EXPECT_EQ(listener->local(), at);
    EXPECT_FALSE(net->listen(at, SocketOptions())) << "once";
    run(connect_by_name("127.0.0.1"));
}

TEST_F(PosixNetSmallTest, AHeldPortThatNobodyTakesOverIsFreeAgain) {
    const auto port = HeldPort::take(0)->address().port;
    EXPECT_TRUE(HeldPort::take(port));
}

TEST_F(PosixNetSmallTest, AnUnknownCongestionControlIsNamed) {
    SocketOptions options;
    options.congestion = "no such";
    const auto made = net->listen({"127.0.0.1", 0}, options);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().what.find("congestion control no such"), std::string::npos);
}

TEST_F(PosixNetSmallTest, ClosingAListenerEndsAccept) {
    bind();
    run(close_the_listener_under_accept());
    EXPECT_EQ(code, Errc::network_exception);
}

}  // namespace
}  // namespace kcore::io
