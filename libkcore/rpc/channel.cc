#include "rpc/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>

#include "protocol/api_table.h"
#include "rpc/body_text.h"
#include "rpc/header.h"

namespace kcore::rpc {

namespace {

constexpr std::int16_t kApiVersions = 18;

// Counts a coroutine that runs inside the channel; the last one out tells stop().
class Visit {
public:
    Visit(int& active, io::Signal& ended) : active_(active), ended_(ended) { ++active_; }
    ~Visit() {
        if (--active_ == 0) ended_.notify();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

private:
    int& active_;
    io::Signal& ended_;
};

io::Piece memory(BytesView bytes) {
    io::Piece piece;
    piece.bytes = bytes;
    return piece;
}

std::string_view api_name(const protocol::MessageInfo& info) {
    auto name = info.name;
    if (name.ends_with("Request")) name.remove_suffix(7);
    return name;
}

std::string error_text(const Error& error) {
    return fmt::format("{}: {}", errc_name(error.code), error.what);
}

// The body as it goes out, external records in their places.
std::vector<BytesView> parts_of(const Outgoing& outgoing) {
    std::vector<BytesView> parts;
    const BytesView bytes(outgoing.body.bytes);
    std::size_t done = 0;
    for (const auto& cut : outgoing.body.cuts) {
        parts.push_back(bytes.subspan(done, cut.position - done));
        parts.push_back(outgoing.externals.at(static_cast<std::size_t>(cut.external_index)));
        done = cut.position;
    }
    parts.push_back(bytes.subspan(done));
    return parts;
}

}  // namespace

struct Channel::Pending {
    Pending(io::Loop& loop, Outgoing o) : outgoing(std::move(o)), done(loop) {}

    Outgoing outgoing;
    io::Instant since{};
    Bytes head;  // Size, request header and what comes before the first cut is in outgoing.body.
    std::int32_t correlation_id = 0;
    std::optional<Result<Answer>> result;
    io::Signal done;

    void finish(Result<Answer> with) {
        if (result) return;
        result.emplace(std::move(with));
        done.notify();
    }
};

struct Channel::Dial {
    std::optional<Result<std::unique_ptr<io::Stream>>> made;
};

Channel::Channel(io::Env& env, io::Address peer, ChannelOptions options)
    : env_(env),
      peer_(std::move(peer)),
      options_(std::move(options)),
      dialled_(env.loop),
      ended_(env.loop) {}

Channel::~Channel() { assert(active_ == 0); }

std::unexpected<Error> Channel::failure(const protocol::MessageInfo& info,
                                        const Error& error) const {
    return fail(error.code, fmt::format("{} to {}: {}", api_name(info), peer_text(), error.what));
}

std::string Channel::peer_text() const {
    return options_.peer_name.empty() ? peer_.to_string() : options_.peer_name;
}

// --- What those see who watch

void Channel::log_request(const Pending& pending) const {
    const auto& log = options_.log;
    if (!options_.logs_bodies || !log.enabled(LogLevel::debug)) return;
    const auto& outgoing = pending.outgoing;
    Bytes body;
    for (const auto& part : parts_of(outgoing)) append(body, part);
    log.debug("{}: {} v{} asks {}", peer_text(), api_name(*outgoing.info), outgoing.version,
              body_text(*outgoing.info, outgoing.version, body));
}

void Channel::log_outcome(const Pending& pending) const {
    const auto& log = options_.log;
    if (!log.enabled(LogLevel::debug)) return;
    const auto& outgoing = pending.outgoing;
    const auto call =
        fmt::format("{}: {} v{}", peer_text(), api_name(*outgoing.info), outgoing.version);
    const std::chrono::duration<double, std::milli> spent = env_.clock.now() - pending.since;
    if (!pending.result) {
        log.debug("{}: sent, no answer is due", call);
    } else if (!*pending.result) {
        log.debug("{}: {} after {:.1f} ms", call, error_text(pending.result->error()),
                  spent.count());
    } else {
        const auto body = (*pending.result)->body;
        log.debug("{}: {} bytes in {:.1f} ms", call, body.size(), spent.count());
        const auto* api = protocol::find_api(outgoing.info->api_key);
        if (!options_.logs_bodies || api == nullptr) return;
        log.debug("{} answers {}", call, body_text(*api->response, outgoing.version, body));
    }
}

// --- Connecting

void Channel::change(State state) {
    state_ = state;
    resume(watchers_);
}

void Channel::resume(std::vector<io::Signal*>& line) {
    const auto waiting = std::exchange(line, {});
    resuming_ += waiting.size();
    for (auto* one : waiting) one->notify();
}

asio::awaitable<void> Channel::wait_in(std::vector<io::Signal*>& line, io::Deadline deadline) {
    io::Signal turn(env_.loop);
    line.push_back(&turn);
    co_await turn.wait_until(deadline);
    if (std::erase(line, &turn) > 0) co_return;  // The deadline came.
    if (--resuming_ == 0) resume(newcomers_);
}

asio::awaitable<void> Channel::wait_for_change(io::Deadline deadline) {
    co_await wait_in(watchers_, deadline);
}

// Callers fail with the attempt they waited for; those that come while the next one is held back
// wait for that.
io::Async<void> Channel::ready(io::Deadline deadline) {
    const auto first = attempt_ + (state_ == State::connecting ? 0 : 1);
    while (state_ != State::ready) {
        if (stopping_) co_return fail(Errc::network_exception, "the channel is stopped");
        const auto now = env_.clock.now();
        if (state_ == State::idle && attempt_ >= first) {
            co_return std::unexpected(last_error_);
        }
        if (now >= deadline) {
            co_return fail(Errc::request_timed_out,
                           fmt::format("not connected in time; {}", last_error_.what));
        }
        if (state_ == State::idle && now >= next_attempt_) {
            ++attempt_;
            change(State::connecting);
            env_.loop.spawn(run());
            continue;  // It may have failed already.
        }
        const auto until = state_ == State::idle ? std::min(deadline, next_attempt_) : deadline;
        co_await wait_for_change(until);
    }
    co_return Result<void>();
}

asio::awaitable<void> Channel::run() {
    const Visit visit(active_, ended_);
    auto outcome = co_await connect();
    if (outcome) {
        failures_ = 0;
        options_.log.info("{}: connected", peer_text());
        change(State::ready);
        outcome = co_await read_answers();
        if (!stopping_) {
            options_.log.info("{}: disconnected: {}", peer_text(), error_text(outcome.error()));
        }
    } else {
        ++failures_;
        options_.log.info("{}: cannot connect: {}", peer_text(), error_text(outcome.error()));
    }
    lost(std::move(outcome).error());
    while (is_writing_) co_await wait_for_change(io::kNever);
    stream_.reset();
    const auto doublings = std::clamp(failures_ - 1, 0, 20);
    const auto delay_ms = std::min(options_.backoff_ms << doublings, options_.backoff_max_ms);
    const auto jittered_ms = delay_ms * static_cast<std::int64_t>(80 + env_.random.below(41)) / 100;
    next_attempt_ = env_.clock.in_ms(jittered_ms);
    change(State::idle);
}

// The connection is no more: whoever waits for an answer on it hears why.
void Channel::lost(Error error) {
    last_error_ = std::move(error);
    if (stream_) stream_->close();
    reader_.reset();
    change(State::closing);
    queue_.clear();
    for (auto& [id, pending] : std::exchange(in_flight_, {})) {
        pending->finish(std::unexpected(last_error_));
    }
}

asio::awaitable<void> Channel::dial(io::Net& net, io::Address to, io::Deadline deadline,
                                    std::shared_ptr<Dial> dial, io::Signal::Remote done) {
    auto made = co_await net.connect(std::move(to), deadline);
    dial->made.emplace(std::move(made));
    done.notify();
}

// Dialling may outlast stop(): it touches nothing of the channel.
io::Async<void> Channel::connect() {
    const auto deadline = env_.clock.in_ms(options_.connect_timeout_ms);
    const auto attempt = std::make_shared<Dial>();
    env_.loop.spawn(dial(env_.net, peer_, deadline, attempt, dialled_.remote()));
    while (!attempt->made && !stopping_) co_await dialled_.wait_until(io::kNever);
    if (stopping_) co_return fail(Errc::network_exception, "the channel is stopped");
    if (!*attempt->made) co_return std::unexpected(std::move(*attempt->made).error());
    stream_ = std::move(**attempt->made);
    reader_.emplace(*stream_, options_.frame_bytes_max);
    auto negotiated = co_await negotiate(deadline);
    co_return negotiated;
}

io::Async<void> Channel::negotiate(io::Deadline deadline) {
    io::Loop::Timer timer;
    env_.loop.call_at(timer, deadline, [this] { stream_->close(); });
    auto version = protocol::ApiVersionsRequest::info().versions.high;
    if (options_.speaks_as) version = options_.speaks_as->newest(kApiVersions).value_or(version);
    for (int round = 0; round < 2; ++round) {
        auto next = co_await ask_versions(version);
        if (!next || *next == version) {
            env_.loop.cancel(timer);
            if (!next) co_return std::unexpected(std::move(next).error());
            co_return Result<void>();
        }
        version = *next;
    }
    env_.loop.cancel(timer);
    co_return fail(Errc::unsupported_version,
                   fmt::format("{}: no version of ApiVersions in common", peer_.to_string()));
}

// Asks in `version`; gives that, or the version in which to ask again.
io::Async<std::int16_t> Channel::ask_versions(std::int16_t version) {
    Outgoing outgoing(protocol::ApiVersionsRequest::info(), version);
    protocol::ApiVersionsRequest request;
    request.client_software_name = options_.software_name;
    request.client_software_version = options_.software_version;
    if (version < 3) request = protocol::ApiVersionsRequest();
    auto encoded = protocol::encode_with_cuts(request, version, outgoing.body);
    if (!encoded) co_return std::unexpected(std::move(encoded).error());
    const auto id = next_correlation_++;
    const auto head = frame_head(outgoing, id);
    const std::array<io::Piece, 2> pieces{memory(head), memory(outgoing.body.bytes)};
    const std::span<const io::Piece> all(pieces);
    auto sent = co_await stream_->write(all);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    auto frame = co_await reader_->next();
    if (!frame) co_return std::unexpected(std::move(frame).error());
    const auto bytes = frame->view();
    if (bytes.size() < 6 || load_be<std::int32_t>(bytes.data()) != id) {
        co_return fail(Errc::corrupt_message,
                       fmt::format("{} does not answer ApiVersions", peer_.to_string()));
    }
    const auto body = bytes.subspan(4);
    const auto code = errc_from_wire(load_be<std::int16_t>(body.data()));
    // A refusal comes in version 0, whatever was asked.
    const auto answer_version = code == Errc::unsupported_version ? std::int16_t{0} : version;
    auto answer = protocol::decode<protocol::ApiVersionsResponse>(body, answer_version,
                                                                  protocol::Trailing::allow);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (code == Errc::unsupported_version) {
        std::int16_t best = 0;
        for (const auto& api : answer->api_keys) {
            if (api.api_key == kApiVersions) best = std::min(version, api.max_version);
        }
        if (best >= version) best = 0;
        co_return best;
    }
    if (code != Errc::none) {
        co_return fail(code, fmt::format("{} refuses ApiVersions: {}", peer_.to_string(),
                                         error_info(code).message));
    }
    versions_ = std::move(*answer);
    options_.log.debug("{}: ApiVersions v{}: it serves {} APIs", peer_text(), version,
                       versions_->api_keys.size());
    co_return version;
}

io::Async<std::int16_t> Channel::version_for(const protocol::MessageInfo& info,
                                             io::Deadline deadline) {
    const Visit visit(active_, ended_);
    // Who waited for the connection sends first: requests keep the order they were made in.
    if (state_ == State::ready && resuming_ > 0) co_await wait_in(newcomers_, deadline);
    auto connected = co_await ready(deadline);
    if (!connected) co_return failure(info, connected.error());
    for (const auto& api : versions_->api_keys) {
        if (api.api_key != info.api_key) continue;
        auto high = std::min(api.max_version, info.versions.high);
        if (const auto& as = options_.speaks_as) {
            high = std::min(high, as->newest(info.api_key).value_or(-1));
            if (high < info.versions.low) {
                const auto why =
                    fmt::format("clients of Kafka {} cannot ask this", as->to_string());
                co_return failure(info, Error(Errc::unsupported_version, why));
            }
        }
        if (high >= std::max(api.min_version, info.versions.low)) co_return high;
        const Error none(Errc::unsupported_version,
                         fmt::format("it serves versions {}-{}, known are {}-{}", api.min_version,
                                     api.max_version, info.versions.low, info.versions.high));
        co_return failure(info, none);
    }
    const Error none(Errc::unsupported_version, "it does not serve this API");
    co_return failure(info, none);
}

// --- Requests and answers

Bytes Channel::frame_head(const Outgoing& outgoing, std::int32_t correlation_id) const {
    Bytes head;
    head.reserve(32 + options_.client_id.size());
    append_be<std::int32_t>(head, 0);
    append_be(head, outgoing.info->api_key);
    append_be(head, outgoing.version);
    append_be(head, correlation_id);
    append_be(head, static_cast<std::int16_t>(options_.client_id.size()));
    append(head, as_bytes(options_.client_id));
    if (outgoing.info->flexible.contains(outgoing.version)) head.push_back(std::byte{0});
    const auto size = head.size() - 4 + outgoing.body.bytes.size() + outgoing.body.external_bytes;
    store_be(head.data(), static_cast<std::int32_t>(size));
    return head;
}

io::Async<Answer> Channel::exchange(Outgoing outgoing, io::Deadline deadline) {
    const Visit visit(active_, ended_);
    const auto& info = *outgoing.info;
    auto connected = co_await ready(deadline);
    if (!connected) co_return failure(info, connected.error());
    const auto pending = std::make_shared<Pending>(env_.loop, std::move(outgoing));
    pending->since = env_.clock.now();
    pending->correlation_id = next_correlation_++;
    pending->head = frame_head(pending->outgoing, pending->correlation_id);
    queue_.push_back(pending);
    log_request(*pending);
    if (pending->outgoing.has_answer) in_flight_.emplace(pending->correlation_id, pending);
    // Later, so that what is asked in the same turn of the loop leaves together.
    if (!std::exchange(is_writing_, true)) {
        env_.loop.post([this] { env_.loop.spawn(drain()); });
    }
    if (!pending->outgoing.has_answer) {
        log_outcome(*pending);
        co_return Answer();
    }
    co_await pending->done.wait_until(deadline);
    if (!pending->result) {
        // The peer may be gone; and what follows on this connection would wait behind this answer.
        in_flight_.erase(pending->correlation_id);
        if (stream_) stream_->close();
        pending->finish(fail(Errc::request_timed_out, "no answer in time"));
    }
    log_outcome(*pending);
    if (!*pending->result) co_return failure(info, pending->result->error());
    co_return std::move(**pending->result);
}

asio::awaitable<void> Channel::drain() {
    const Visit visit(active_, ended_);
    while (!queue_.empty() && state_ == State::ready) {
        auto sent = co_await write_queued();
        if (sent) continue;
        if (stream_) stream_->close();  // read_answers() finds out.
        queue_.clear();
    }
    is_writing_ = false;
    change(state_);
}

// Everything that has queued up leaves in one write.
io::Async<void> Channel::write_queued() {
    const auto batch = std::exchange(queue_, {});
    std::vector<io::Piece> pieces;
    for (const auto& pending : batch) {
        pieces.push_back(memory(pending->head));
        for (const auto& part : parts_of(pending->outgoing)) pieces.push_back(memory(part));
    }
    const std::span<const io::Piece> all(pieces);
    auto sent = co_await stream_->write(all);
    co_return sent;
}

io::Async<void> Channel::read_answers() {
    for (;;) {
        auto frame = co_await reader_->next();
        if (!frame) co_return std::unexpected(std::move(frame).error());
        const auto bytes = frame->view();
        const auto id = bytes.size() < 4 ? -1 : load_be<std::int32_t>(bytes.data());
        const auto found = in_flight_.find(id);
        if (found == in_flight_.end()) {
            co_return fail(Errc::corrupt_message,
                           fmt::format("an answer to request {} that nobody sent", id));
        }
        const auto pending = found->second;
        in_flight_.erase(found);
        const auto& outgoing = pending->outgoing;
        const bool is_flexible = outgoing.info->flexible.contains(outgoing.version) &&
                                 outgoing.info->api_key != kApiVersions;
        Answer answer;
        answer.body = bytes.subspan(4);
        if (is_flexible) {
            auto body = skip_tags(answer.body);
            if (!body) co_return std::unexpected(std::move(body).error());
            answer.body = *body;
        }
        answer.frame = std::move(*frame);
        pending->finish(std::move(answer));
    }
}

asio::awaitable<void> Channel::stop() {
    stopping_ = true;
    if (stream_) stream_->close();
    dialled_.notify();
    change(state_);
    while (active_ > 0) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::rpc
