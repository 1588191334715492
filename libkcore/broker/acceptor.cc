#include "broker/acceptor.h"

#include <algorithm>
#include <utility>

namespace kcore::broker {

namespace {
// Out of descriptors, most likely: some will be closed.
constexpr std::int64_t kAfterFailureMs = 100;
constexpr std::int64_t kRateUnlimited = INT32_MAX;
constexpr std::size_t kHeldMax = 200;
}  // namespace

Acceptor::Acceptor(io::Env& env, std::unique_ptr<io::Listener> listener, ListenerInfo info,
                   Target target, Logger logger)
    : env_(env),
      listener_(std::move(listener)),
      info_(std::move(info)),
      target_(std::move(target)),
      open_(std::make_shared<std::atomic<std::int64_t>>(0)),
      logger_(std::move(logger)),
      room_(env.loop),
      ended_(env.loop) {}

// Else room_ is notified once there may be.
bool Acceptor::has_room() {
    return *open_ < target_.connections_max && target_.quota.has_room(room_.remote());
}

// Until there is room under max.connections and max.connection.creation.rate allows one more.
asio::awaitable<void> Acceptor::await_turn() {
    for (bool is_first = true; !stopping_ && !has_room(); is_first = false) {
        if (is_first) {
            logger_.warn(
                "connections wait to be accepted listener={} reason=\"there are as many "
                "as max.connections, or the limit of descriptors, allows\"",
                info_.name);
        }
        co_await room_.wait_until(io::kNever);
    }
    const auto rate = std::min(target_.quota.rate_max(), target_.connection_rate_max);
    if (rate <= 0 || rate == kRateUnlimited) co_return;
    const auto now = env_.clock.now();
    if (now < not_before_) co_await room_.wait_until(not_before_);
    not_before_ = std::max(now, not_before_) + std::chrono::nanoseconds(1'000'000'000 / rate);
}

asio::awaitable<void> Acceptor::run() {
    is_running_ = true;
    while (!stopping_) {
        co_await await_turn();
        if (stopping_) break;
        auto& worker = *target_.workers[next_];
        auto stream = co_await listener_->accept(worker.env().net);
        if (stopping_) break;
        if (stream) {
            hand_over(std::move(*stream));
            continue;
        }
        logger_.warn("accept failed listener={} reason=\"{}\"", info_.name, stream.error().what);
        co_await room_.wait_until(env_.clock.in_ms(kAfterFailureMs));
    }
    is_running_ = false;
    ended_.notify();
}

void Acceptor::hand_over(std::unique_ptr<io::Stream> stream) {
    const auto ip = stream->peer().host;
    if (!info_.is_controller && is_too_fast(ip, stream)) return;
    // Controllers' own connections keep the node in its cluster.
    if (!info_.is_controller && target_.memory != nullptr) {
        if (const auto free = target_.memory->check(); !free) {
            logger_.info("refused a connection peer={} reason=\"{}\"", ip, free.error().what);
            return;
        }
    }
    if (!target_.quota.admit(ip)) {
        logger_.info("refused a connection over its address's limit peer={}", ip);
        return;
    }
    auto* worker = target_.workers[next_];
    next_ = (next_ + 1) % target_.workers.size();
    ++*open_;
    auto release = [quota = &target_.quota, ip, open = open_, room = room_.remote()] {
        --*open;
        quota->release(ip);
        room.notify();
    };
    const auto* apis = &target_.apis;
    const auto* info = &info_;
    worker->env().loop.post([=, release = std::move(release), taken = std::move(stream)]() mutable {
        worker->serve(*apis, *info, std::move(taken), std::move(release));
    });
}

// connection_creation_rate of the address (KIP-612). Who connects too often is kept waiting, or it
// would come back at once.
bool Acceptor::is_too_fast(const std::string& ip, std::unique_ptr<io::Stream>& stream) {
    const auto now = env_.clock.now();
    const auto wait_ms =
        target_.client_quotas.charge_within(security::Quota::connections, {ip, ""}, 1, now);
    if (wait_ms == 0) return false;
    if (held_.size() >= kHeldMax) return true;  // Closed at once: descriptors are for others.
    held_.push_back({now + io::Milliseconds(wait_ms), std::move(stream)});
    close_held();
    return true;
}

void Acceptor::close_held() {
    const auto now = env_.clock.now();
    std::erase_if(held_, [&](const Held& held) { return held.until <= now; });
    if (held_.empty()) return;
    const auto first = std::ranges::min_element(held_, {}, &Held::until)->until;
    env_.loop.call_at(held_timer_, first, [this] { close_held(); });
}

Acceptor::~Acceptor() { env_.loop.cancel(held_timer_); }

void Acceptor::close() {
    stopping_ = true;
    env_.loop.cancel(held_timer_);
    held_.clear();
    listener_->close();
    room_.notify();
}

asio::awaitable<void> Acceptor::stop() {
    close();
    while (is_running_) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::broker
