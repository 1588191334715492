#include "io/memory_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "io/wait.h"

namespace kcore::io {

namespace {

// One direction of a connection.
struct Pipe {
    Pipe(Loop& reader, Loop& writer) : readable(reader), writable(writer) {}

    std::deque<std::byte> bytes;
    bool ended = false;   // The writer closed: what is left may be read.
    bool broken = false;  // The reader closed.
    Signal readable;
    Signal writable;
};

class MemoryStream : public Stream {
public:
    struct Ends {
        std::shared_ptr<Pipe> in;
        std::shared_ptr<Pipe> out;
        Address local;
        Address peer;
    };

    MemoryStream(MemoryNetwork& network, Ends ends) : network_(network), ends_(std::move(ends)) {}
    ~MemoryStream() override { shut(); }

    Async<void> readable() override {
        const auto pipe = ends_.in;
        while (pipe->bytes.empty() && !pipe->ended && !pipe->broken) {
            co_await pipe->readable.wait_until(kNever);
        }
        if (pipe->broken) co_return fail(Errc::network_exception, "the stream was closed");
        co_return Result<void>();
    }

    Async<std::size_t> read(std::span<std::byte> out) override {
        auto waited = co_await readable();
        if (!waited) co_return std::unexpected(std::move(waited).error());
        co_return read_now(out);
    }

    std::size_t read_now(std::span<std::byte> out) override {
        auto& bytes = ends_.in->bytes;
        const auto size = std::min({out.size(), bytes.size(), network_.read_bytes_max});
        const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
        std::copy(bytes.begin(), end, out.begin());
        bytes.erase(bytes.begin(), end);
        if (size > 0) ends_.in->writable.notify();
        return size;
    }

    using Stream::write;
    Async<void> write(std::span<const Piece> pieces, std::size_t sent) override {
        network_.writes += sent == 0 ? 1 : 0;
        const auto pipe = ends_.out;
        const auto window = network_.window_bytes;
        for (const auto& piece : pieces) {
            const auto skipped = std::min(sent, piece.size_bytes());
            sent -= skipped;
            auto bytes = bytes_of(piece);
            if (!bytes) co_return std::unexpected(std::move(bytes).error());
            for (auto rest = BytesView(*bytes).subspan(skipped); !rest.empty();) {
                const auto put = put_some(*pipe, window, rest);
                if (!put) co_return std::unexpected(put.error());
                rest = rest.subspan(*put);
                if (!rest.empty()) co_await pipe->writable.wait_until(kNever);
            }
        }
        co_return Result<void>();
    }

    Result<std::size_t> write_now(std::span<const Piece> pieces) override {
        ++network_.writes;
        std::size_t sent = 0;
        for (const auto& piece : pieces) {
            const auto bytes = bytes_of(piece);
            if (!bytes) return std::unexpected(bytes.error());
            const auto put = put_some(*ends_.out, network_.window_bytes, *bytes);
            if (!put) return put;
            sent += *put;
            if (*put < bytes->size()) break;
        }
        return sent;
    }

    void close() override { shut(); }
    Address local() const override { return ends_.local; }
    Address peer() const override { return ends_.peer; }

private:
    static Result<Bytes> bytes_of(const Piece& piece) {
        if (piece.file == nullptr) return to_bytes(piece.bytes);
        Bytes bytes(piece.size);
        auto got = piece.file->read(piece.position, bytes);
        if (!got) return std::unexpected(std::move(got).error());
        if (*got < piece.size) return fail(Errc::kafka_storage_error, "a file ended early");
        return bytes;
    }

    // What fits into the window.
    static Result<std::size_t> put_some(Pipe& pipe, std::size_t window, BytesView bytes) {
        if (pipe.ended || pipe.broken) {
            return fail(Errc::network_exception, "write: the connection is closed");
        }
        const auto size = std::min(bytes.size(), window - pipe.bytes.size());
        const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
        pipe.bytes.insert(pipe.bytes.end(), bytes.begin(), end);
        if (size > 0) pipe.readable.notify();
        return size;
    }

    void shut() {
        ends_.in->broken = true;
        ends_.out->ended = true;
        for (const auto& pipe : {ends_.in, ends_.out}) {
            pipe->readable.notify();
            pipe->writable.notify();
        }
    }

    MemoryNetwork& network_;
    Ends ends_;
};

}  // namespace

class MemoryListener : public Listener {
public:
    struct Dialled {
        std::shared_ptr<Pipe> to_listener;
        std::shared_ptr<Pipe> from_listener;
        Address peer;
    };

    MemoryListener(MemoryNetwork& network, Loop& loop, Address local)
        : network_(network), loop_(loop), local_(std::move(local)), arrived_(loop) {
        network_.listeners[local_.port] = this;
    }
    ~MemoryListener() override { close(); }

    Async<std::unique_ptr<Stream>> accept(Net& /*on*/) override {
        while (waiting_.empty() && !closed_) co_await arrived_.wait_until(kNever);
        if (closed_) co_return fail(Errc::network_exception, "accept: the listener is closed");
        auto dialled = std::move(waiting_.front());
        waiting_.pop_front();
        MemoryStream::Ends ends{dialled.to_listener, dialled.from_listener, local_, dialled.peer};
        co_return std::make_unique<MemoryStream>(network_, std::move(ends));
    }

    Address local() const override { return local_; }

    void close() override {
        if (std::exchange(closed_, true)) return;
        network_.listeners.erase(local_.port);
        for (auto& dialled : std::exchange(waiting_, {})) {
            dialled.from_listener->ended = true;
            dialled.from_listener->readable.notify();
            dialled.to_listener->broken = true;
        }
        arrived_.notify();
    }

    std::unique_ptr<Stream> dial(Loop& from, Address peer) {
        auto there = std::make_shared<Pipe>(loop_, from);
        auto back = std::make_shared<Pipe>(from, loop_);
        waiting_.push_back({there, back, peer});
        arrived_.notify();
        MemoryStream::Ends ends{back, there, std::move(peer), local_};
        return std::make_unique<MemoryStream>(network_, std::move(ends));
    }

private:
    MemoryNetwork& network_;
    Loop& loop_;
    Address local_;
    Signal arrived_;
    std::deque<Dialled> waiting_;
    bool closed_ = false;
};

namespace {

class MemoryNet : public Net {
public:
    MemoryNet(MemoryNetwork& network, Loop& loop) : network_(network), loop_(loop) {}

    Result<std::unique_ptr<Listener>> listen(const Address& at,
                                             const SocketOptions& /*options*/) override {
        auto local = at;
        if (local.port == 0) local.port = network_.next_port++;
        if (network_.listeners.contains(local.port)) {
            return fail(Errc::network_exception,
                        fmt::format("listen on {}: Address already in use", local.to_string()));
        }
        return std::make_unique<MemoryListener>(network_, loop_, std::move(local));
    }

    Async<std::unique_ptr<Stream>> connect(Address to, Deadline /*deadline*/) override {
        const auto found = network_.listeners.find(to.port);
        if (found == network_.listeners.end()) {
            co_return fail(Errc::network_exception,
                           fmt::format("connect to {}: Connection refused", to.to_string()));
        }
        Address own{"127.0.0.1", network_.next_port++};
        co_return found->second->dial(loop_, std::move(own));
    }

private:
    MemoryNetwork& network_;
    Loop& loop_;
};

}  // namespace

std::unique_ptr<Net> make_memory_net(MemoryNetwork& network, Loop& loop) {
    return std::make_unique<MemoryNet>(network, loop);
}

}  // namespace kcore::io
