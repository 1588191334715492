#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "io/posix.h"
#include "io/wait.h"

namespace kcore::io {

namespace {

using asio::ip::tcp;
constexpr auto kAwait = asio::experimental::as_tuple(asio::use_awaitable);
constexpr std::size_t kSendfileBytesMax = 1U << 20;
constexpr std::size_t kCopyBytes = 64U << 10;
constexpr std::size_t kPiecesMax = 64;

std::unexpected<Error> net_fail(std::string what, const asio::error_code& error) {
    return fail(Errc::network_exception, fmt::format("{}: {}", what, error.message()));
}

Address address_of(const tcp::endpoint& at) { return {at.address().to_string(), at.port()}; }

class PosixStream : public Stream {
public:
    explicit PosixStream(tcp::socket socket) : socket_(std::move(socket)) {
        asio::error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        socket_.non_blocking(true, ignored);
        local_ = address_of(socket_.local_endpoint(ignored));
        peer_ = address_of(socket_.remote_endpoint(ignored));
    }

    Async<std::size_t> read(std::span<std::byte> out) override {
        const auto buffer = asio::buffer(out.data(), out.size());
        auto [error, got] = co_await socket_.async_read_some(buffer, kAwait);
        if (error == asio::error::eof) co_return std::size_t{0};
        if (error) co_return net_fail(fmt::format("read from {}", peer_.to_string()), error);
        co_return got;
    }

    std::size_t read_now(std::span<std::byte> out) override {
        const auto got = ::recv(socket_.native_handle(), out.data(), out.size(), MSG_DONTWAIT);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }

    Async<void> write(std::span<const Piece> pieces) override {
        Cursor cursor{pieces, 0, 0};
        while (cursor.index < pieces.size()) {
            auto sent = send_some(cursor);
            if (!sent) co_return std::unexpected(std::move(sent).error());
            if (*sent) continue;
            auto [error] = co_await socket_.async_wait(tcp::socket::wait_write, kAwait);
            if (error) co_return net_fail(fmt::format("write to {}", peer_.to_string()), error);
        }
        co_return Result<void>();
    }

    void close() override {
        asio::error_code ignored;
        socket_.close(ignored);
    }

    Address local() const override { return local_; }
    Address peer() const override { return peer_; }

private:
    // The first byte not sent: `done` bytes into piece `index`.
    struct Cursor {
        std::span<const Piece> pieces;
        std::size_t index;
        std::size_t done;

        void advance(std::size_t bytes) {
            done += bytes;
            while (index < pieces.size() && done >= pieces[index].size_bytes()) {
                done -= pieces[index].size_bytes();
                ++index;
            }
        }
    };

    // True when bytes went out, false when the socket is full.
    Result<bool> send_some(Cursor& cursor) {
        cursor.advance(0);
        if (cursor.index == cursor.pieces.size()) return true;
        const auto& piece = cursor.pieces[cursor.index];
        if (piece.file == nullptr) return send_memory(cursor);
        return piece.file->descriptor() >= 0 ? send_file(cursor) : send_copy(cursor);
    }

    Result<bool> send_memory(Cursor& cursor) {
        std::array<iovec, kPiecesMax> vectors;
        std::size_t count = 0;
        auto skip = cursor.done;
        auto i = cursor.index;
        for (; i < cursor.pieces.size() && count < vectors.size(); ++i) {
            if (cursor.pieces[i].file != nullptr) break;
            const auto bytes = cursor.pieces[i].bytes.subspan(std::exchange(skip, 0));
            if (bytes.empty()) continue;
            vectors[count++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
        }
        msghdr message{};
        message.msg_iov = vectors.data();
        message.msg_iovlen = count;
        const int more = i < cursor.pieces.size() ? MSG_MORE : 0;
        const auto sent =
            ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
        return account(cursor, sent);
    }

    Result<bool> send_file(Cursor& cursor) {
        const auto& piece = cursor.pieces[cursor.index];
        auto at = static_cast<off_t>(piece.position + cursor.done);
        const auto size = std::min(piece.size - cursor.done, kSendfileBytesMax);
        const auto sent = ::sendfile(socket_.native_handle(), piece.file->descriptor(), &at, size);
        if (sent == 0) return file_ended(piece);
        return account(cursor, sent);
    }

    Result<bool> send_copy(Cursor& cursor) {
        const auto& piece = cursor.pieces[cursor.index];
        std::vector<std::byte> copy(std::min(piece.size - cursor.done, kCopyBytes));
        auto got = piece.file->read(piece.position + cursor.done, copy);
        if (!got) return std::unexpected(std::move(got).error());
        if (*got == 0) return file_ended(piece);
        const auto sent =
            ::send(socket_.native_handle(), copy.data(), *got, MSG_NOSIGNAL | MSG_DONTWAIT);
        return account(cursor, sent);
    }

    static std::unexpected<Error> file_ended(const Piece& piece) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("a file ended before byte {}", piece.position + piece.size));
    }

    Result<bool> account(Cursor& cursor, ssize_t sent) const {
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (sent < 0) {
            return net_fail(fmt::format("write to {}", peer_.to_string()),
                            asio::error_code(errno, asio::system_category()));
        }
        cursor.advance(static_cast<std::size_t>(sent));
        return true;
    }

    tcp::socket socket_;
    Address local_;
    Address peer_;
};

class PosixNet : public Net {
public:
    explicit PosixNet(PosixLoop& loop) : loop_(loop) {}

    Result<std::unique_ptr<Listener>> listen(const Address& at,
                                             const SocketOptions& options) override;
    Async<std::unique_ptr<Stream>> connect(Address to, Deadline deadline) override;

    PosixLoop& loop() { return loop_; }

private:
    PosixLoop& loop_;
};

class PosixListener : public Listener {
public:
    explicit PosixListener(tcp::acceptor acceptor) : acceptor_(std::move(acceptor)) {
        asio::error_code ignored;
        local_ = address_of(acceptor_.local_endpoint(ignored));
    }

    Async<std::unique_ptr<Stream>> accept(Net& on) override {
        auto& context = static_cast<PosixNet&>(on).loop().context();
        auto [error, socket] = co_await acceptor_.async_accept(context, kAwait);
        if (error) co_return net_fail(fmt::format("accept on {}", local_.to_string()), error);
        co_return std::make_unique<PosixStream>(std::move(socket));
    }

    Address local() const override { return local_; }

    void close() override {
        asio::error_code ignored;
        acceptor_.close(ignored);
    }

private:
    tcp::acceptor acceptor_;
    Address local_;
};

asio::error_code set_options(tcp::acceptor& acceptor, const SocketOptions& options) {
    asio::error_code error;
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && options.send_buffer_bytes > 0) {
        acceptor.set_option(asio::socket_base::send_buffer_size(options.send_buffer_bytes), error);
    }
    if (!error && options.receive_buffer_bytes > 0) {
        acceptor.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_bytes),
                            error);
    }
    const auto& name = options.congestion;
    if (!error && !name.empty() &&
        ::setsockopt(acceptor.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(),
                     static_cast<socklen_t>(name.size())) != 0) {
        error.assign(errno, asio::system_category());
    }
    return error;
}

Result<std::unique_ptr<Listener>> PosixNet::listen(const Address& at,
                                                   const SocketOptions& options) {
    const auto what = fmt::format("listen on {}", at.to_string());
    auto& context = loop_.context();
    asio::error_code error;
    const auto host = at.host.empty() ? std::string("::") : at.host;
    const auto found = tcp::resolver(context).resolve(host, std::to_string(at.port),
                                                      tcp::resolver::passive, error);
    if (error || found.empty()) return net_fail(what, error);
    tcp::endpoint endpoint = *found.begin();
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), error);
    if (error && at.host.empty()) {  // A machine without IPv6.
        endpoint = tcp::endpoint(tcp::v4(), at.port);
        acceptor.open(endpoint.protocol(), error);
    }
    if (error) return net_fail(what, error);
    error = set_options(acceptor, options);
    if (error) return net_fail(what, error);
    if (at.host.empty() && endpoint.protocol() == tcp::v6()) {
        acceptor.set_option(asio::ip::v6_only(false), error);
    }
    acceptor.bind(endpoint, error);
    if (error) return net_fail(what, error);
    acceptor.listen(options.backlog, error);
    if (error) return net_fail(what, error);
    return std::make_unique<PosixListener>(std::move(acceptor));
}

Async<std::unique_ptr<Stream>> PosixNet::connect(Address to, Deadline deadline) {
    const auto what = fmt::format("connect to {}", to.to_string());
    auto& context = loop_.context();
    asio::error_code last = asio::error::host_not_found;
    tcp::resolver::results_type found;
    const auto literal = asio::ip::make_address(to.host, last);
    if (!last) {
        found = tcp::resolver::results_type::create(tcp::endpoint(literal, to.port), to.host, "");
    } else {
        tcp::resolver resolver(context);
        auto answer = co_await resolver.async_resolve(to.host, std::to_string(to.port), kAwait);
        last = std::get<0>(answer);
        if (last) co_return net_fail(what, last);
        found = std::get<1>(answer);
    }
    for (const auto& entry : found) {
        tcp::socket socket(context);
        bool late = false;
        Loop::Timer timer;
        loop_.call_at(timer, deadline, [&socket, &late] {
            late = true;
            asio::error_code ignored;
            socket.close(ignored);
        });
        const tcp::endpoint endpoint = entry.endpoint();
        auto [error] = co_await socket.async_connect(endpoint, kAwait);
        loop_.cancel(timer);
        if (!error) co_return std::make_unique<PosixStream>(std::move(socket));
        last = late ? asio::error_code(asio::error::timed_out) : error;
        if (late) break;
    }
    co_return net_fail(what, last);
}

}  // namespace

std::unique_ptr<Net> make_posix_net(PosixLoop& loop) { return std::make_unique<PosixNet>(loop); }

}  // namespace kcore::io
