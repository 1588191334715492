#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <memory>
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

    Async<void> readable() override {
        auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, kAwait);
        if (error) co_return net_fail(fmt::format("read from {}", peer_.to_string()), error);
        co_return Result<void>();
    }

    std::size_t read_now(std::span<std::byte> out) override {
        const auto got = ::recv(socket_.native_handle(), out.data(), out.size(), MSG_DONTWAIT);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }

    using Stream::write;
    Async<void> write(std::span<const Piece> pieces, std::size_t sent) override {
        Cursor cursor{pieces};
        cursor.advance(sent);
        for (;;) {
            auto done = send_all(cursor);
            if (!done) co_return std::unexpected(std::move(done).error());
            if (*done) break;
            auto [error] = co_await socket_.async_wait(tcp::socket::wait_write, kAwait);
            if (error) co_return net_fail(fmt::format("write to {}", peer_.to_string()), error);
        }
        co_return Result<void>();
    }

    Result<std::size_t> write_now(std::span<const Piece> pieces) override {
        Cursor cursor{pieces};
        cursor.advance(0);
        auto done = send_all(cursor);
        if (!done) return std::unexpected(std::move(done).error());
        return cursor.sent;
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
        std::size_t index = 0;
        std::size_t done = 0;
        std::size_t sent = 0;  // Over all pieces.

        void advance(std::size_t bytes) {
            sent += bytes;
            done += bytes;
            while (index < pieces.size() && done >= pieces[index].size_bytes()) {
                done -= pieces[index].size_bytes();
                ++index;
            }
        }
    };

    // False when the socket is full before the end.
    Result<bool> send_all(Cursor& cursor) {
        while (cursor.index < cursor.pieces.size()) {
            auto sent = send_some(cursor);
            if (!sent || !*sent) return sent;
        }
        return true;
    }

    // True when bytes went out, false when the socket is full.
    Result<bool> send_some(Cursor& cursor) {
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
        // Only when bytes do follow: after MSG_MORE the system may sit on what it has for 200 ms.
        const auto rest = cursor.pieces.subspan(i);
        const bool follows =
            std::ranges::any_of(rest, [](const Piece& p) { return p.size_bytes() > 0; });
        const int more = follows ? MSG_MORE : 0;
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
        if (sent < 0 && is_of_disk(errno)) {
            const asio::error_code error(errno, asio::system_category());
            return fail(Errc::kafka_storage_error,
                        fmt::format("read of a file that is sent: {}", error.message()));
        }
        return account(cursor, sent);
    }

    // What a socket never says.
    static bool is_of_disk(int error) {
        return error == EIO || error == EUCLEAN || error == EBADMSG || error == ENODATA;
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
    PosixNet(PosixLoop& loop, std::vector<HeldPort> held) : loop_(loop), held_(std::move(held)) {}

    Result<std::unique_ptr<Listener>> listen(const Address& at,
                                             const SocketOptions& options) override;
    Async<std::unique_ptr<Stream>> connect(Address to, Deadline deadline) override;

    PosixLoop& loop() { return loop_; }

private:
    Result<std::unique_ptr<Listener>> listen_on(std::vector<HeldPort>::iterator held,
                                                const SocketOptions& options);
    Async<tcp::resolver::results_type> resolve(Address to, Deadline deadline);
    Async<tcp::socket> connect_one(tcp::endpoint to, Deadline deadline);

    PosixLoop& loop_;
    std::vector<HeldPort> held_;
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

asio::error_code bind_and_listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint,
                                 bool both_families, const SocketOptions& options) {
    asio::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (error) return error;
    error = set_options(acceptor, options);
    if (error) return error;
    if (both_families) acceptor.set_option(asio::ip::v6_only(false), error);
    if (error) return error;
    acceptor.bind(endpoint, error);
    if (error) return error;
    acceptor.listen(options.backlog, error);
    return error;
}

std::unexpected<Error> not_listening(const Address& at, const SocketOptions& options,
                                     const asio::error_code& error) {
    const auto how = options.congestion.empty()
                         ? ""
                         : fmt::format(" with congestion control {}", options.congestion);
    return net_fail(fmt::format("listen on {}{}", at.to_string(), how), error);
}

// Where to listen for a host: as Java does, an IPv4 address before an IPv6 one, since clients told
// "localhost" are as likely to dial 127.0.0.1.
Result<tcp::endpoint> endpoint_to_bind(asio::io_context& context, const Address& at) {
    asio::error_code error;
    const auto found = tcp::resolver(context).resolve(at.host, std::to_string(at.port),
                                                      tcp::resolver::passive, error);
    if (error || found.empty()) {
        return net_fail(fmt::format("listen on {}", at.to_string()),
                        error ? error : asio::error_code(asio::error::host_not_found));
    }
    for (const auto& entry : found) {
        if (entry.endpoint().protocol() == tcp::v4()) return entry.endpoint();
    }
    return found.begin()->endpoint();
}

Result<std::unique_ptr<Listener>> PosixNet::listen(const Address& at,
                                                   const SocketOptions& options) {
    const auto held = std::ranges::find(held_, at, &HeldPort::address);
    if (held != held_.end()) return listen_on(held, options);
    auto& context = loop_.context();
    asio::error_code error;
    tcp::endpoint endpoint(tcp::v6(), at.port);
    if (!at.host.empty()) {
        auto found = endpoint_to_bind(context, at);
        if (!found) return std::unexpected(std::move(found).error());
        endpoint = *found;
    }
    tcp::acceptor acceptor(context);
    error = bind_and_listen(acceptor, endpoint, at.host.empty(), options);
    if (at.host.empty() && (error == asio::error::address_family_not_supported ||
                            error == std::errc::address_not_available)) {
        // A machine without IPv6.
        acceptor = tcp::acceptor(context);
        error = bind_and_listen(acceptor, tcp::endpoint(tcp::v4(), at.port), false, options);
    }
    if (error) return not_listening(at, options, error);
    return std::make_unique<PosixListener>(std::move(acceptor));
}

Result<std::unique_ptr<Listener>> PosixNet::listen_on(std::vector<HeldPort>::iterator held,
                                                      const SocketOptions& options) {
    const auto at = held->address();
    tcp::acceptor acceptor(loop_.context());
    asio::error_code error;
    acceptor.assign(tcp::v4(), held->release(), error);
    held_.erase(held);
    if (!error) error = set_options(acceptor, options);
    if (!error) acceptor.listen(options.backlog, error);
    if (error) return not_listening(at, options, error);
    return std::make_unique<PosixListener>(std::move(acceptor));
}

// A name being looked up on asio's own thread; it may outlive the one who asked.
struct Lookup {
    asio::error_code error = asio::error::timed_out;
    tcp::resolver::results_type found;
};

asio::awaitable<void> look_up(asio::io_context& context, Address name,
                              std::shared_ptr<Lookup> lookup, Signal::Remote done) {
    tcp::resolver resolver(context);
    auto [error, found] =
        co_await resolver.async_resolve(name.host, std::to_string(name.port), kAwait);
    lookup->error = error;
    lookup->found = found;
    done.notify();
}

Async<tcp::resolver::results_type> PosixNet::resolve(Address to, Deadline deadline) {
    asio::error_code error;
    const auto literal = asio::ip::make_address(to.host, error);
    if (!error) {
        const tcp::endpoint endpoint(literal, to.port);
        co_return tcp::resolver::results_type::create(endpoint, to.host, "");
    }
    auto lookup = std::make_shared<Lookup>();
    Signal done(loop_);
    loop_.spawn(look_up(loop_.context(), to, lookup, done.remote()));
    co_await done.wait_until(deadline);
    if (lookup->error) {
        co_return net_fail(fmt::format("look up {}", to.host), lookup->error);
    }
    co_return lookup->found;
}

// On loopback a socket that dials a free ephemeral port can meet itself.
bool met_itself(const tcp::socket& socket) {
    asio::error_code ignored;
    return socket.local_endpoint(ignored) == socket.remote_endpoint(ignored);
}

Async<tcp::socket> PosixNet::connect_one(tcp::endpoint to, Deadline deadline) {
    const auto what = fmt::format("connect to {}", address_of(to).to_string());
    tcp::socket socket(loop_.context());
    bool late = false;
    Loop::Timer timer;
    loop_.call_at(timer, deadline, [&socket, &late] {
        late = true;
        asio::error_code ignored;
        socket.close(ignored);
    });
    auto [error] = co_await socket.async_connect(to, kAwait);
    loop_.cancel(timer);
    if (late) co_return net_fail(what, asio::error::timed_out);
    if (error) co_return net_fail(what, error);
    if (met_itself(socket)) co_return net_fail(what, asio::error::connection_refused);
    co_return std::move(socket);
}

Async<std::unique_ptr<Stream>> PosixNet::connect(Address to, Deadline deadline) {
    auto found = co_await resolve(to, deadline);
    if (!found) co_return std::unexpected(std::move(found).error());
    Error last(Errc::network_exception, fmt::format("{} has no address", to.host));
    for (const auto& entry : *found) {
        const tcp::endpoint endpoint = entry.endpoint();
        auto socket = co_await connect_one(endpoint, deadline);
        if (socket) co_return std::make_unique<PosixStream>(std::move(*socket));
        last = std::move(socket).error();
        if (loop_.clock().now() >= deadline) break;
    }
    co_return std::unexpected(std::move(last));
}

}  // namespace

Result<HeldPort> HeldPort::take(std::uint16_t port) {
    HeldPort out({"127.0.0.1", port}, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto size = static_cast<socklen_t>(sizeof at);
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    const int yes = 1;
    // A free one must not be shared with who has bound it that way and does not listen yet.
    const bool is_reused =
        port == 0 || ::setsockopt(out.descriptor_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0;
    if (!is_reused || ::bind(out.descriptor_, address, size) != 0 ||
        ::listen(out.descriptor_, SocketOptions().backlog) != 0 ||
        ::getsockname(out.descriptor_, address, &size) != 0) {
        return net_fail(fmt::format("listen on {}", out.address_.to_string()),
                        asio::error_code(errno, asio::system_category()));
    }
    out.address_.port = ntohs(at.sin_port);
    return out;
}

HeldPort::~HeldPort() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::unique_ptr<Net> make_posix_net(PosixLoop& loop, std::vector<HeldPort> held) {
    return std::make_unique<PosixNet>(loop, std::move(held));
}

}  // namespace kcore::io
