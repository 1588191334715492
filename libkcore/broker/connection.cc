#include "broker/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "broker/services.h"
#include "broker/traffic.h"
#include "io/pool.h"
#include "log/reads.h"

namespace kcore::broker {

namespace {
// More waiting answers than this are sent before the next request.
constexpr std::size_t kOutputBytesMax = 256U << 10;
constexpr int kRequestsMax = 100;  // In a row.
// How long a frame may take to come while memory is short, and how often that is looked at.
constexpr io::Milliseconds kSlow{10'000};
constexpr io::Milliseconds kLook{1'000};
constexpr std::int16_t kApiVersionsKey = 18;
}  // namespace

Connection::Connection(Serving serving, const ListenerInfo& listener,
                       std::unique_ptr<io::Stream> stream)
    : serving_(serving),
      stream_(std::move(stream)),
      sender_{listener, stream_->local(), stream_->peer(), Principal(), "", ""},
      input_(serving.buffers, serving.limits.frame_bytes_max),
      last_active_(serving.env.clock.now()),
      wake_(serving.env.loop) {}

Connection::~Connection() {
    serving_.env.loop.cancel(idle_timer_);
    give_back();
}

asio::awaitable<void> Connection::run() {
    watch_idling();
    while (!waits_.stopping) {
        const bool more = co_await receive();
        if (!more) break;
        is_busy_ = true;
        const bool go_on = co_await serve_frames();
        is_busy_ = false;
        if (!go_on) break;
    }
    serving_.env.loop.cancel(idle_timer_);
    stream_->close();
    give_back();
    if (!unsent_.empty()) co_await check_unsent();
}

asio::awaitable<bool> Connection::receive() {
    std::size_t taken = 0;
    input_.rest();
    if (input_.held_bytes() == 0) give_back();
    if (input_.empty()) {
        auto ready = co_await stream_->readable();
        if (!ready) co_return false;
    }
    if (needs_room()) {
        const bool is_admitted = co_await admit();
        if (!is_admitted) co_return false;
    }
    if (input_.empty()) taken = stream_->read_now(input_.room());
    if (taken == 0) {
        // The rest of a frame, or the end of the stream.
        const auto room = input_.room();
        auto got = co_await stream_->read(room);
        if (!got || *got == 0) co_return false;
        taken = *got;
    }
    input_.received(taken);
    last_active_ = serving_.env.clock.now();
    co_return true;
}

Outcome Connection::start(BytesView frame, Request& request) {
    auto& header = request.header;
    auto begun = rpc::RequestHeader::parse_start(frame);
    if (!begun) return request.malformed(begun.error());
    header = std::move(*begun);
    const auto version = header.api_version;
    const auto* api = serving_.dispatch.find(header.api_key);
    if (api == nullptr) {
        return request.malformed({Errc::invalid_request, "this listener does not serve the API"});
    }
    if (auto* traffic = serving_.services.traffic) traffic->count_request(header.api_key);
    // ApiVersions answers every version, in a header that never changed: clients begin with it.
    const bool is_api_versions = header.api_key == kApiVersionsKey;
    if (!api->versions.contains(version) && !is_api_versions) {
        return request.malformed({Errc::unsupported_version, "the version is not served"});
    }
    const bool is_flexible = api->is_flexible(version);
    request.flexible_answer_ = is_flexible && !is_api_versions;
    auto rest = header.parse_rest(frame, is_flexible);
    if (!rest) return request.malformed(rest.error());
    return api->handler(request);
}

Outcome Connection::begin(BytesView frame, Request& request) {
    request.frame = frame;
    request.output_ = &output_;
    request.scratch_ = &serving_.scratch;
    request.waits_ = &waits_;
    if (request.is_metered()) {
        request.is_timed_ = true;
        request.began_ = serving_.env.clock.now();
    }
    is_handling_ = true;
    return start(frame, request);
}

// The input's next buffer counts into what all may have together, and is not counted yet.
bool Connection::needs_room() const {
    if (serving_.limits.memory == nullptr) return false;
    const auto next = input_.next_bytes();
    return next > Input::kFirst && static_cast<std::int64_t>(next) > share_.bytes;
}

// Waits until the buffer may be had; false when the connection ends instead.
asio::awaitable<bool> Connection::admit() {
    auto* memory = serving_.limits.memory;
    const auto more = static_cast<std::int64_t>(input_.next_bytes()) - share_.bytes;
    if (share_.bytes == 0) frame_began_ = serving_.env.clock.now();
    bool is_taken = memory->take(share_, more, nullptr);
    if (!is_taken && input_.held_bytes() == 0) {
        input_.begin_small();
        co_return true;
    }
    if (!is_taken) co_await flush();
    is_handling_ = true;  // Waiting here is not the client's idling.
    const auto freed = wake_.remote();
    while (!is_taken && !waits_.stopping) {
        is_taken = memory->take(share_, more, &freed);
        if (!is_taken) co_await wake_.wait_until(io::kNever);
    }
    is_handling_ = false;
    last_active_ = serving_.env.clock.now();
    if (is_taken && !slow_timer_.pending()) watch_slowness();
    co_return is_taken;
}

void Connection::give_back() {
    if (share_.bytes == 0) return;
    serving_.env.loop.cancel(slow_timer_);
    serving_.limits.memory->give(share_);
}

// Who holds much of what others wait for has to make use of it.
void Connection::watch_slowness() {
    auto& env = serving_.env;
    env.loop.call_at(slow_timer_, env.clock.now() + kLook, [this] {
        const bool is_slow =
            !is_busy_ && !is_handling_ && serving_.env.clock.now() - frame_began_ >= kSlow;
        if (!is_slow || !serving_.limits.memory->is_wanted()) return watch_slowness();
        serving_.services.logger.info(
            "closing peer={} reason=\"its request is slow to come, and others wait for the memory "
            "(queued.max.request.bytes)\"",
            sender_.peer.to_string());
        stream_->close();
    });
}

asio::awaitable<bool> Connection::serve_frames() {
    for (int served = 1;; ++served) {
        auto frame = input_.frame();
        if (!frame) {
            serving_.services.logger.info("closing peer={} reason=\"{}\"", sender_.peer.to_string(),
                                          frame.error().what);
            co_await flush();
            co_return false;
        }
        if (!*frame) break;
        Request request(sender_, serving_.services, serving_.dispatch, serving_.env);
        auto outcome = begin(**frame, request);
        if (auto* rest = std::get_if<asio::awaitable<Done>>(&outcome)) {
            co_await flush();
            outcome = co_await std::move(*rest);
        }
        is_handling_ = false;
        muted_ms_ = request.meter();
        const Done done = std::get<Done>(outcome);
        input_.drop_frame();
        if (share_.bytes > 0) frame_began_ = serving_.env.clock.now();
        if (done == Done::close) {
            co_await flush();
            co_return false;
        }
        if (waits_.stopping) break;
        if (served % kRequestsMax == 0) {
            const auto now = serving_.env.clock.now();
            co_await io::sleep_until(serving_.env.loop, now);
        }
        if (muted_ms_ == 0 && output_.size_bytes() < kOutputBytesMax) continue;
        const bool sent = co_await flush();
        if (!sent) co_return false;
        if (muted_ms_ > 0) co_await stay_muted();
        if (waits_.stopping) break;
    }
    if (const auto done = flush_now()) co_return *done;
    const bool sent = co_await flush_rest();
    co_return sent;
}

// Nothing is read from a client that used more than its quotas (KIP-219).
asio::awaitable<void> Connection::stay_muted() {
    const auto until = serving_.env.clock.in_ms(std::exchange(muted_ms_, 0));
    is_handling_ = true;  // Not the client's idling.
    while (!waits_.stopping && serving_.env.clock.now() < until) co_await wake_.wait_until(until);
    is_handling_ = false;
    last_active_ = serving_.env.clock.now();
}

// Sends what goes out without waiting. Nothing when that is not all; else whether it went well.
std::optional<bool> Connection::flush_now() {
    if (output_.empty()) return true;
    const auto sent = stream_->write_now(output_.pieces());
    if (!sent) return flushed(std::unexpected(sent.error()));
    sent_bytes_ = *sent;
    if (sent_bytes_ < output_.size_bytes()) return std::nullopt;
    return flushed({});
}

asio::awaitable<bool> Connection::flush() {
    if (const auto done = flush_now()) co_return *done;
    const bool sent = co_await flush_rest();
    co_return sent;
}

// What flush_now() left.
asio::awaitable<bool> Connection::flush_rest() {
    const std::span<const io::Piece> pieces(output_.pieces());
    auto sent = co_await stream_->write(pieces, sent_bytes_);
    co_return flushed(std::move(sent));
}

bool Connection::flushed(Result<void> sent) {
    if (!sent && sent.error().code == Errc::kafka_storage_error) unsent_ = output_.files();
    output_.clear();
    last_active_ = serving_.env.clock.now();
    if (!sent) {
        serving_.services.logger.debug("closing peer={} reason=\"{}\"", sender_.peer.to_string(),
                                       sent.error().what);
    }
    return sent.has_value();
}

// A disk that fails is found out by reading, too: its directory goes offline.
asio::awaitable<void> Connection::check_unsent() {
    std::move_only_function<bool()> check = [this] {
        std::ranges::for_each(unsent_, log::check_readable);
        return true;
    };
    co_await io::on_pool<bool>(serving_.env.loop, serving_.env.pool, std::move(check));
}

void Connection::stop() {
    waits_.stopping = true;
    if (!is_busy_) stream_->close();
    if (waits_.signal != nullptr) waits_.signal->notify();
    wake_.notify();
}

void Connection::watch_idling() {
    if (serving_.limits.idle_ms < 0) return;
    auto& env = serving_.env;
    const auto due = last_active_ + io::Milliseconds(serving_.limits.idle_ms);
    env.loop.call_at(idle_timer_, due, [this] {
        const auto idle = serving_.env.clock.now() - last_active_;
        if (!is_handling_ && idle >= io::Milliseconds(serving_.limits.idle_ms)) {
            stream_->close();
            return;
        }
        if (is_handling_) last_active_ = serving_.env.clock.now();
        watch_idling();
    });
}

}  // namespace kcore::broker
