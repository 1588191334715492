#include "io/memory_net.h"

#include <gtest/gtest.h>

#include <array>

#include "io/virtual_loop.h"

namespace kcore::io {
namespace {

using asio::awaitable;

class MemoryNetTest : public testing::Test {
protected:
    awaitable<void> echo_one() {
        auto taken = co_await listener->accept(*net);
        std::array<std::byte, 8> some;
        for (;;) {
            auto got = co_await (*taken)->read(some);
            if (!got || *got == 0) break;
            Piece piece;
            piece.bytes = BytesView(some).first(*got);
            const std::span<const Piece> pieces(&piece, 1);
            auto sent = co_await (*taken)->write(pieces);
            if (!sent) break;
        }
    }

    awaitable<std::string> ask(std::string text) {
        auto made = co_await net->connect(listener->local(), kNever);
        Piece piece;
        piece.bytes = as_bytes(text);
        const std::span<const Piece> pieces(&piece, 1);
        co_await (*made)->write(pieces);
        std::string answer;
        std::array<std::byte, 64> some;
        while (answer.size() < text.size()) {
            auto got = co_await (*made)->read(some);
            if (!got || *got == 0) break;
            answer += as_text(BytesView(some).first(*got));
        }
        co_return answer;
    }

    awaitable<Errc> dial(std::uint16_t port) {
        Address to{"127.0.0.1", port};
        auto made = co_await net->connect(to, kNever);
        co_return made ? Errc::none : made.error().code;
    }

    VirtualClock clock;
    VirtualLoop loop{clock};
    MemoryNetwork network;
    std::unique_ptr<Net> net = make_memory_net(network, loop);
    std::unique_ptr<Listener> listener = *net->listen({"127.0.0.1", 0}, SocketOptions());
};

TEST_F(MemoryNetTest, BytesComeBackThroughSmallWindowsAndReads) {
    network.window_bytes = 16;  // Less than the text one way, more both ways.
    network.read_bytes_max = 2;
    loop.spawn(echo_one());
    EXPECT_EQ(loop.run(ask("some words that do not fit")), "some words that do not fit");
}

TEST_F(MemoryNetTest, APortIsTakenOnceAndFreeAfterClose) {
    const auto at = listener->local();
    EXPECT_FALSE(net->listen(at, SocketOptions()).has_value());
    listener->close();
    EXPECT_EQ(loop.run(dial(at.port)), Errc::network_exception);
    EXPECT_TRUE(net->listen(at, SocketOptions()).has_value());
}

}  // namespace
}  // namespace kcore::io
