#include "broker/membership.h"

#include <algorithm>
#include <utility>

#include "metadata/features.h"

namespace kcore::broker {

namespace {

// Errors that the next attempt may not meet.
bool may_pass(Errc code) {
    return is_retriable(code) || code == Errc::network_exception ||
           code == Errc::request_timed_out || code == Errc::not_controller ||
           code == Errc::duplicate_broker_registration;
}

constexpr std::int64_t kRegisterRetryMs = 100;

}  // namespace

Membership::Membership(io::Env& env, const BrokerConfig& config, Identity identity,
                       ControllerLink& link, const metadata::Publisher& images, Logger logger)
    : env_(env),
      config_(config),
      identity_(std::move(identity)),
      link_(link),
      images_(images),
      logger_(std::move(logger)),
      news_(env.loop),
      news_remote_(news_.remote()),
      left_(env.loop) {}

protocol::BrokerRegistrationRequest Membership::registration() const {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = config_.node_id;
    request.cluster_id = identity_.cluster_id;
    request.incarnation_id = identity_.incarnation;
    request.previous_broker_epoch = identity_.previous_epoch;
    request.log_dirs = identity_.log_dirs;
    request.rack.reset();
    if (!config_.rack.empty()) request.rack = config_.rack;
    for (std::size_t i = 0; i < config_.listeners.size(); ++i) {
        const auto& listener = config_.listeners[i];
        if (!listener.is_advertised) continue;
        auto& added = request.listeners.emplace_back();
        added.name = listener.name;
        added.host = identity_.advertised[i].host;
        added.port = identity_.advertised[i].port;
        added.security_protocol = static_cast<std::int16_t>(listener.protocol);
    }
    for (const auto& feature : metadata::supported_features()) {
        auto& added = request.features.emplace_back();
        added.name = feature.name;
        added.min_supported_version = feature.min;
        added.max_supported_version = feature.max;
    }
    return request;
}

io::Async<void> Membership::join() {
    const auto deadline = env_.clock.in_ms(config_.registration_timeout_ms);
    Errc refused = Errc::none;
    for (;;) {
        auto request = registration();
        auto answer = co_await link_.call_here(std::move(request), deadline);
        const auto code = answer ? errc_from_wire(answer->error_code) : answer.error().code;
        if (code == Errc::none) {
            epoch_.store(answer->broker_epoch, std::memory_order_release);
            logger_.info("registered broker={} epoch={}", config_.node_id, answer->broker_epoch);
            become(MembershipState::recovery);
            co_return Result<void>();
        }
        const std::string why(answer ? error_info(code).message : answer.error().what);
        if (stopping_ || !may_pass(code) || env_.clock.now() >= deadline) {
            co_return fail(code, "registration of broker " + std::to_string(config_.node_id) +
                                     " refused: " + std::string(errc_name(code)) + ", " + why);
        }
        if (std::exchange(refused, code) != code) {
            logger_.warn("registration refused, trying again error={} reason=\"{}\"",
                         errc_name(code), why);
        }
        co_await io::sleep_until(env_.loop, env_.clock.in_ms(kRegisterRetryMs));
    }
}

asio::awaitable<bool> Membership::catch_up(io::Deadline deadline) {
    while (!stopping_ && images_.current()->offset < epoch()) {
        const bool in_time = co_await news_.wait_until(deadline);
        if (!in_time) co_return false;
    }
    co_return true;
}

asio::awaitable<void> Membership::keep_alive() {
    while (!stopping_ && state() != MembershipState::gone && state() != MembershipState::replaced) {
        const auto before = state();
        co_await beat();
        const bool goes_on = state() != before && state() != MembershipState::running;
        if (goes_on) continue;
        const bool waits_for_more = state() != MembershipState::running;
        const auto pause_ms = waits_for_more
                                  ? std::min(kRegisterRetryMs, config_.heartbeat_interval_ms)
                                  : config_.heartbeat_interval_ms;
        const auto next = env_.clock.in_ms(pause_ms);
        co_await news_.wait_until(next);
    }
    left_.notify();
}

asio::awaitable<void> Membership::beat() {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = config_.node_id;
    request.broker_epoch = epoch();
    request.current_metadata_offset = images_.current()->offset;
    request.want_shut_down = state() == MembershipState::leaving;
    request.offline_log_dirs = offline_dirs_;
    const auto image = images_.current();
    const auto* known = image->broker(config_.node_id);
    const bool is_any_known = known != nullptr && known->cordoned_log_dirs.has_value();
    if (image->metadata_version().cordons_directories() &&
        (is_any_known || !cordoned_dirs_.empty())) {
        request.cordoned_log_dirs = cordoned_dirs_;
    }
    const auto told = offline_dirs_.size();
    const auto deadline = env_.clock.in_ms(config_.session_timeout_ms);
    auto answer = co_await link_.call_here(std::move(request), deadline);
    if (!answer) {
        if (!stopping_) logger_.warn("heartbeat failed reason=\"{}\"", answer.error().what);
        co_return;
    }
    if (errc_from_wire(answer->error_code) == Errc::none) told_dirs_ = told;
    take(*answer);
}

void Membership::take(const protocol::BrokerHeartbeatResponse& answer) {
    const auto code = errc_from_wire(answer.error_code);
    if (code == Errc::stale_broker_epoch || code == Errc::broker_id_not_registered) {
        const auto* known = images_.current()->broker(config_.node_id);
        if (known != nullptr && known->epoch != epoch()) {
            logger_.error("another registration replaced this broker's error={}", errc_name(code));
            return become(MembershipState::replaced);
        }
        logger_.warn("heartbeat refused error={}: unregistered, it serves again after a restart",
                     errc_name(code));
        if (state() == MembershipState::leaving) become(MembershipState::gone);
        return;
    }
    if (code != Errc::none) {
        logger_.warn("heartbeat refused error={}", errc_name(code));
        return;
    }
    if (state() == MembershipState::leaving) {
        if (answer.should_shut_down) become(MembershipState::gone);
    } else if (answer.is_fenced) {
        if (state() == MembershipState::running) {
            logger_.warn("fenced by the controller");
            become(MembershipState::recovery);
        }
    } else if (state() == MembershipState::recovery) {
        become(MembershipState::running);
    }
}

void Membership::become(MembershipState state) {
    if (state_.exchange(state, std::memory_order_acq_rel) == state) return;
    if (on_state) on_state(state);
}

asio::awaitable<void> Membership::leave(io::Deadline deadline) {
    if (state() != MembershipState::running && state() != MembershipState::recovery) co_return;
    become(MembershipState::leaving);
    news_.notify();
    co_await left_.wait_until(deadline);
}

void Membership::stop() {
    stopping_ = true;
    news_.notify();
}

void Membership::directories_failed(std::vector<Uuid> offline) {
    offline_dirs_ = std::move(offline);
    news_.notify();
}

void Membership::directories_cordoned(std::vector<Uuid> cordoned) {
    if (cordoned == cordoned_dirs_) return;
    cordoned_dirs_ = std::move(cordoned);
    news_.notify();
}

}  // namespace kcore::broker
