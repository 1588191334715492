#pragma once
// One client's connection: frames in, handlers one after the other, answers out in the same order.
// Knows no API. Lives on the loop that accepted it, for life.
//
// 1. Requests are handled strictly in turn: while one waits, nothing more is read.
// 2. The frame of a request stays in the input until the request is done.
// 3. Answers leave together, at the latest before a request waits or the connection does.
// 4. Buffers beyond a small one count into the cap on requests under way: over it nothing more is
//    read, and a frame that is slow to come while others wait ends its connection.
// 5. Whatever cannot be parsed ends the connection without a byte for it; earlier answers are sent.
// 6. After so many requests in a row the loop's other connections have their turn.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "broker/buffer_pool.h"
#include "broker/dispatch.h"
#include "broker/input.h"
#include "broker/output.h"
#include "broker/request.h"
#include "broker/request_memory.h"
#include "io/env.h"

namespace kcore::broker {

struct ConnectionLimits {
    std::int32_t frame_bytes_max = 100 << 20;
    std::int64_t idle_ms = 600'000;   // Negative: never closed for idling.
    RequestMemory* memory = nullptr;  // Null: requests under way are not limited.
};

// What all connections of a listener share on one loop.
struct Serving {
    io::Env& env;
    Services& services;
    const Dispatch& dispatch;
    BufferPool& buffers;
    record::ValidationScratch& scratch;
    ConnectionLimits limits;
};

class Connection {
public:
    Connection(Serving serving, const ListenerInfo& listener, std::unique_ptr<io::Stream> stream);
    ~Connection();

    // Serves until the peer leaves, breaks the protocol, idles too long, or stop().
    asio::awaitable<void> run();

    // Finishes the request at hand and sends its answer; a waiting one is told to come to an end.
    void stop();
    // Ends at once.
    void cut() { stream_->close(); }

    const Sender& sender() const { return sender_; }

private:
    asio::awaitable<bool> receive();
    asio::awaitable<bool> serve_frames();
    bool needs_room() const;
    asio::awaitable<bool> admit();
    void give_back();
    void watch_slowness();
    std::optional<bool> flush_now();
    asio::awaitable<bool> flush();
    asio::awaitable<bool> flush_rest();
    bool flushed(Result<void> sent);
    asio::awaitable<void> check_unsent();
    asio::awaitable<void> stay_muted();
    Outcome begin(BytesView frame, Request& request);
    Outcome start(BytesView frame, Request& request);
    void watch_idling();

    Serving serving_;
    std::unique_ptr<io::Stream> stream_;
    Sender sender_;
    Input input_;
    Output output_;
    Request::Waits waits_;
    io::Loop::Timer idle_timer_;
    io::Instant last_active_;
    io::Signal wake_;             // Memory was freed, or the end has come.
    std::size_t sent_bytes_ = 0;  // Of what flush_now() left.
    FileRanges unsent_;           // Whose files could not be read.
    std::int64_t muted_ms_ = 0;   // What the last request's quotas say.
    RequestMemory::Share share_;  // Of limits.memory, for the input's buffer.
    io::Instant frame_began_{};   // With a share: when its frame, or the last one, did.
    io::Loop::Timer slow_timer_;
    bool is_busy_ = false;      // Between bytes taken and answers sent.
    bool is_handling_ = false;  // A handler runs or waits.
};

}  // namespace kcore::broker
