#pragma once
// Typed requests to one peer over one connection, made when first needed and again when lost.
// Requests are pipelined; answers find their callers by correlation id. Knows no API but
// ApiVersions and retries nothing: who calls decides. Lives on one loop.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "io/env.h"
#include "io/wait.h"
#include "protocol/api/api_versions.h"
#include "protocol/codec.h"
#include "protocol/release.h"
#include "rpc/frame.h"

namespace kcore::rpc {

struct ChannelOptions {
    std::string peer_name;  // For messages; empty: the address.
    std::string client_id;
    std::string software_name = "kcore";
    std::string software_version = "1";
    std::int64_t connect_timeout_ms = 10'000;
    std::int64_t backoff_ms = 50;  // After a failed attempt, doubled up to the maximum, +-20 %.
    std::int64_t backoff_max_ms = 1'000;
    std::size_t frame_bytes_max = std::numeric_limits<std::int32_t>::max();
    std::optional<protocol::Release> speaks_as;  // As its clients do; nothing: as the newest.
    Logger log;                                  // Connections: info. Requests: debug.
    bool logs_bodies = false;                    // What requests and answers say too.
};

// A request as bytes. `externals` fill the cuts of `body`, and `keep` owns what they point at.
struct Outgoing {
    Outgoing(const protocol::MessageInfo& i, std::int16_t v) : info(&i), version(v) {}

    const protocol::MessageInfo* info;
    std::int16_t version;
    protocol::Encoded body;
    std::vector<BytesView> externals;
    std::shared_ptr<const void> keep;
    bool has_answer = true;
};

// The body of an answer; owns its bytes.
struct Answer {
    Answer() = default;
    Frame frame;
    BytesView body;
};

// A decoded answer with the bytes that its records are views into.
template <class T>
struct Framed {
    Framed() = default;
    T value;
    Frame frame;
};

class Channel {
public:
    Channel(io::Env& env, io::Address peer, ChannelOptions options);
    ~Channel();  // After stop(), or never used.
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    const io::Address& peer() const { return peer_; }
    bool is_connected() const { return state_ == State::ready; }

    // What the peer said of itself when it was connected last; null before.
    const protocol::ApiVersionsResponse* peer_versions() const {
        return versions_ ? &*versions_ : nullptr;
    }

    // Sends `request` in the highest version both sides know and waits for its answer. Errors name
    // peer and API:
    //   network_exception    not connected within the attempt, or the connection ended
    //   request_timed_out    no answer at `deadline`; the connection is closed as Kafka's clients
    //   do unsupported_version  no common version corrupt_message      the answer cannot be read
    //   invalid_request      the request cannot be written in the common version
    template <class Response, class Request>
    io::Async<Response> call(Request request, io::Deadline deadline) {
        auto framed = co_await call_framed<Response, Request>(std::move(request), deadline);
        if (!framed) co_return std::unexpected(std::move(framed).error());
        co_return std::move(framed->value);
    }

    // The same for answers that hold records.
    template <class Response, class Request>
    io::Async<Framed<Response>> call_framed(Request request, io::Deadline deadline) {
        const auto& info = Request::info();
        auto version = co_await version_for(info, deadline);
        if (!version) co_return std::unexpected(std::move(version).error());
        Outgoing outgoing(info, *version);
        auto encoded = protocol::encode_with_cuts(request, *version, outgoing.body);
        if (!encoded) co_return failure(info, encoded.error());
        auto answer = co_await exchange(std::move(outgoing), deadline);
        if (!answer) co_return std::unexpected(std::move(answer).error());
        Framed<Response> framed;
        auto taken = protocol::decode_prefix(answer->body, *version, framed.value);
        if (!taken) co_return failure(info, taken.error());
        framed.frame = std::move(answer->frame);
        co_return framed;
    }

    // The highest version of the request that both sides know; connects first when needed.
    io::Async<std::int16_t> version_for(const protocol::MessageInfo& info, io::Deadline deadline);

    // Sends and waits for the answer's bytes; without an answer due, until it is queued.
    io::Async<Answer> exchange(Outgoing outgoing, io::Deadline deadline);

    // Fails what waits; returns when all coroutines of this channel have ended.
    asio::awaitable<void> stop();

private:
    enum class State : std::uint8_t {
        idle,  // Not connected; the next attempt not before next_attempt_.
        connecting,
        ready,
        closing,  // Lost; what is left of it is tidied up.
    };
    struct Pending;
    struct Dial;
    using PendingPtr = std::shared_ptr<Pending>;

    io::Async<void> ready(io::Deadline deadline);
    void resume(std::vector<io::Signal*>& line);
    asio::awaitable<void> wait_in(std::vector<io::Signal*>& line, io::Deadline deadline);
    asio::awaitable<void> wait_for_change(io::Deadline deadline);
    void change(State state);
    static asio::awaitable<void> dial(io::Net& net, io::Address to, io::Deadline deadline,
                                      std::shared_ptr<Dial> dial, io::Signal::Remote done);
    asio::awaitable<void> run();
    io::Async<void> connect();
    io::Async<void> negotiate(io::Deadline deadline);
    io::Async<std::int16_t> ask_versions(std::int16_t version);
    io::Async<void> read_answers();
    asio::awaitable<void> drain();
    io::Async<void> write_queued();
    Bytes frame_head(const Outgoing& outgoing, std::int32_t correlation_id) const;
    void lost(Error error);
    std::string peer_text() const;
    void log_request(const Pending& pending) const;
    void log_outcome(const Pending& pending) const;
    std::unexpected<Error> failure(const protocol::MessageInfo& info, const Error& error) const;

    io::Env& env_;
    const io::Address peer_;
    const ChannelOptions options_;

    State state_ = State::idle;
    bool stopping_ = false;
    std::uint64_t attempt_ = 0;  // Connections tried so far.
    int failures_ = 0;           // In a row.
    io::Instant next_attempt_{};
    Error last_error_{Errc::network_exception, "never connected"};
    std::unique_ptr<io::Stream> stream_;
    std::optional<FrameReader> reader_;
    std::optional<protocol::ApiVersionsResponse> versions_;
    io::Signal dialled_;

    std::int32_t next_correlation_ = 0;
    std::deque<PendingPtr> queue_;                  // Not yet written.
    std::map<std::int32_t, PendingPtr> in_flight_;  // Written or queued, answer due.
    bool is_writing_ = false;

    std::vector<io::Signal*> watchers_;   // Of state_.
    std::vector<io::Signal*> newcomers_;  // Behind those who resume.
    std::size_t resuming_ = 0;            // Told to go on, and not there yet.
    int active_ = 0;                      // Coroutines of this channel, callers included.
    io::Signal ended_;
};

}  // namespace kcore::rpc
