#include "sim/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "io/wait.h"

namespace kcore::sim {

// One direction of a connection.
struct Pipe {
    int from = -1;
    int to = -1;
    std::deque<std::byte> bytes;  // Arrived, not read.
    bool has_ended = false;       // What is left may be read.
    bool is_broken = false;       // Nobody reads any more.
    bool is_mute = false;         // Nobody writes any more.
    io::Instant last_arrival{};
    std::optional<io::Signal::Remote> reader;
    std::weak_ptr<Pipe> back;

    void tell() const {
        if (reader) reader->notify();
    }
    void break_off() {
        is_broken = is_mute = true;
        tell();
    }
};

namespace {

constexpr std::int64_t kRetransmitUs = 200'000;

std::unexpected<Error> closed() {
    return fail(Errc::network_exception, "the connection is closed");
}

}  // namespace

class SimStream : public io::Stream {
public:
    struct Ends {
        std::shared_ptr<Pipe> in;
        std::shared_ptr<Pipe> out;
        io::Address local;
        io::Address peer;
    };

    SimStream(Network& network, io::Loop& loop, Ends ends)
        : network_(network), ends_(std::move(ends)), arrived_(std::make_shared<io::Signal>(loop)) {
        ends_.in->reader = arrived_->remote();
    }
    ~SimStream() override {
        shut();
        ends_.in->reader.reset();
    }

    io::Async<void> readable() override {
        const auto pipe = ends_.in;
        const auto arrived = arrived_;  // The stream may be gone when it wakes.
        while (pipe->bytes.empty() && !pipe->has_ended && !pipe->is_broken) {
            co_await arrived->wait_until(io::kNever);
        }
        if (pipe->is_broken) co_return closed();
        co_return Result<void>();
    }

    io::Async<std::size_t> read(std::span<std::byte> out) override {
        auto waited = co_await readable();
        if (!waited) co_return std::unexpected(std::move(waited).error());
        co_return read_now(out);
    }

    std::size_t read_now(std::span<std::byte> out) override {
        auto& bytes = ends_.in->bytes;
        const auto size = std::min(out.size(), bytes.size());
        const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
        std::copy(bytes.begin(), end, out.begin());
        bytes.erase(bytes.begin(), end);
        return size;
    }

    using Stream::write;
    io::Async<void> write(std::span<const io::Piece> pieces, std::size_t sent) override {
        const auto done = send(pieces, sent);
        if (!done) co_return std::unexpected(done.error());
        co_return Result<void>();
    }
    Result<std::size_t> write_now(std::span<const io::Piece> pieces) override {
        return send(pieces, 0);
    }

    void close() override { shut(); }
    io::Address local() const override { return ends_.local; }
    io::Address peer() const override { return ends_.peer; }

private:
    // There is always room: all but the first `sent` bytes go, and how many that were.
    Result<std::size_t> send(std::span<const io::Piece> pieces, std::size_t sent) {
        if (is_shut_ || ends_.out->is_mute) return closed();
        Bytes all;
        for (const auto& piece : pieces) {
            if (auto ok = add(piece, all); !ok) return std::unexpected(std::move(ok).error());
        }
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(sent));
        const auto size = all.size();
        network_.send(ends_.out, std::move(all), false);
        return size;
    }

    static Result<void> add(const io::Piece& piece, Bytes& to) {
        if (piece.file == nullptr) {
            append(to, piece.bytes);
            return {};
        }
        const auto at = to.size();
        to.resize(at + piece.size);
        auto got = piece.file->read(piece.position, std::span(to).subspan(at));
        if (!got) return std::unexpected(std::move(got).error());
        if (*got < piece.size) return fail(Errc::kafka_storage_error, "a file ended early");
        return {};
    }

    void shut() {
        if (std::exchange(is_shut_, true)) return;
        ends_.in->is_broken = true;
        ends_.in->tell();
        network_.send(ends_.out, {}, true);
    }

    Network& network_;
    Ends ends_;
    const std::shared_ptr<io::Signal> arrived_;
    bool is_shut_ = false;
};

class SimListener : public io::Listener {
public:
    SimListener(Network& network, int host, io::Loop& loop, io::Address local)
        : network_(network), host_(host), loop_(loop), local_(std::move(local)), arrived_(loop) {
        network_.listeners_[local_.port] = this;
    }
    ~SimListener() override { close(); }

    io::Async<std::unique_ptr<io::Stream>> accept(io::Net& /*on*/) override {
        while (waiting_.empty() && !is_closed_) co_await arrived_.wait_until(io::kNever);
        if (is_closed_) co_return closed();
        auto ends = std::move(waiting_.front());
        waiting_.pop_front();
        co_return std::make_unique<SimStream>(network_, loop_, std::move(ends));
    }

    io::Address local() const override { return local_; }
    void close() override {
        if (std::exchange(is_closed_, true)) return;
        network_.listeners_.erase(local_.port);
        for (const auto& ends : waiting_) network_.send(ends.out, {}, true);
        waiting_.clear();
        arrived_.notify();
    }

    int host() const { return host_; }
    void dialled(SimStream::Ends ends) {
        waiting_.push_back(std::move(ends));
        arrived_.notify();
    }

private:
    Network& network_;
    const int host_;
    io::Loop& loop_;
    const io::Address local_;
    io::Signal arrived_;
    std::deque<SimStream::Ends> waiting_;
    bool is_closed_ = false;
};

class SimNet : public io::Net {
public:
    SimNet(Network& network, int host, io::Loop& loop)
        : network_(network), host_(host), loop_(loop) {}

    Result<std::unique_ptr<io::Listener>> listen(const io::Address& at,
                                                 const io::SocketOptions& /*how*/) override {
        auto local = at;
        if (local.port == 0) local.port = network_.next_port_++;
        if (network_.listeners_.contains(local.port)) {
            return fail(Errc::network_exception,
                        fmt::format("listen on {}: Address already in use", local.to_string()));
        }
        return std::make_unique<SimListener>(network_, host_, loop_, std::move(local));
    }

    io::Async<std::unique_ptr<io::Stream>> connect(io::Address to, io::Deadline deadline) override {
        const auto found = network_.listeners_.find(to.port);
        const auto there = found == network_.listeners_.end() ? host_ : found->second->host();
        const auto answered = network_.arrival(host_, there);
        co_await io::sleep_until(loop_, std::min(answered, deadline));
        const bool is_lost = network_.is_cut(host_, there) || network_.is_cut(there, host_);
        if (is_lost || answered > deadline) {
            co_await io::sleep_until(loop_, deadline);
            co_return fail(Errc::network_exception,
                           fmt::format("connect to {}: timed out", to.to_string()));
        }
        co_return meet(to);
    }

private:
    Result<std::unique_ptr<io::Stream>> meet(const io::Address& to) {
        const auto found = network_.listeners_.find(to.port);
        if (found == network_.listeners_.end() || network_.gone_.contains(host_)) {
            return fail(Errc::network_exception,
                        fmt::format("connect to {}: Connection refused", to.to_string()));
        }
        auto& listener = *found->second;
        const auto [there, back] = network_.make_pipes(host_, listener.host());
        const io::Address own{"127.0.0.1", network_.next_port_++};
        SimStream::Ends theirs{there, back, listener.local(), own};
        listener.dialled(std::move(theirs));
        SimStream::Ends ours{back, there, own, to};
        return std::make_unique<SimStream>(network_, loop_, std::move(ours));
    }

    Network& network_;
    const int host_;
    io::Loop& loop_;
};

Network::Network(io::Clock& clock, io::Random& random, NetworkOptions options)
    : clock_(clock), random_(random), options_(options) {}

Network::~Network() = default;

std::unique_ptr<io::Net> Network::join(int host, io::Loop& loop) {
    gone_.erase(host);
    return std::make_unique<SimNet>(*this, host, loop);
}

std::pair<Network::PipePtr, Network::PipePtr> Network::make_pipes(int one, int other) {
    auto there = std::make_shared<Pipe>();
    auto back = std::make_shared<Pipe>();
    there->from = back->to = one;
    there->to = back->from = other;
    there->back = back;
    back->back = there;
    std::erase_if(pipes_, [](const auto& pipe) { return pipe.expired(); });
    pipes_.insert(pipes_.end(), {there, back});
    return {there, back};
}

io::Instant Network::arrival(int from, int to) {
    auto us = static_cast<std::int64_t>(random_.below(options_.delay_max_us)) + 1;
    if (random_.below(100) < static_cast<std::uint64_t>(options_.loss_percent)) us += kRetransmitUs;
    if (const auto slow = slow_us_.find({from, to}); slow != slow_us_.end()) us += slow->second;
    return clock_.now() + std::chrono::microseconds(us);
}

void Network::send(const PipePtr& pipe, Bytes bytes, bool is_end) {
    if (pipe->is_mute) return;
    pipe->is_mute = is_end;
    pipe->last_arrival = std::max(pipe->last_arrival, arrival(pipe->from, pipe->to));
    under_way_.emplace(pipe->last_arrival, Parcel{pipe, std::move(bytes), is_end});
}

void Network::disconnect(int one, int other) {
    for (const auto& weak : pipes_) {
        const auto pipe = weak.lock();
        if (!pipe) continue;
        const bool is_theirs = std::minmax(pipe->from, pipe->to) == std::minmax(one, other);
        if (is_theirs) pipe->break_off();
    }
}

void Network::slow_down(int one, int other, std::int64_t by_us) {
    slow_us_[{one, other}] = slow_us_[{other, one}] = by_us;
}

void Network::heal_all() {
    cuts_.clear();
    slow_us_.clear();
    for (auto& parcel : std::exchange(held_, {})) hand_over(std::move(parcel));
}

void Network::vanish(int host, bool says_so) {
    gone_.insert(host);
    std::erase_if(listeners_, [&](const auto& one) { return one.second->host() == host; });
    for (const auto& weak : pipes_) {
        const auto pipe = weak.lock();
        if (!pipe) continue;
        if (pipe->from == host) {
            if (says_so) send(pipe, {}, true);
            pipe->is_mute = true;
        }
        if (pipe->to == host) {
            pipe->is_broken = true;
            pipe->tell();
        }
    }
}

io::Instant Network::next_arrival() const {
    return under_way_.empty() ? io::kNever : under_way_.begin()->first;
}

void Network::arrive(io::Instant now) {
    while (!under_way_.empty() && under_way_.begin()->first <= now) {
        hand_over(std::move(under_way_.extract(under_way_.begin()).mapped()));
    }
}

void Network::hand_over(Parcel parcel) {
    auto& pipe = *parcel.pipe;
    if (is_cut(pipe.from, pipe.to)) return held_.push_back(std::move(parcel));
    if (pipe.is_broken) {
        // Nobody is there any more; once the host is back its system says so.
        const auto back = pipe.back.lock();
        if (back && !back->has_ended && !gone_.contains(pipe.to)) back->break_off();
        return;
    }
    if (pipe.has_ended) return;
    pipe.bytes.insert(pipe.bytes.end(), parcel.bytes.begin(), parcel.bytes.end());
    pipe.has_ended = parcel.is_end;
    pipe.tell();
}

}  // namespace kcore::sim
