#include "broker/controller_link.h"

#include <algorithm>

namespace kcore::broker {

namespace {
constexpr std::int64_t kLinkRetryMs = 50;
}

ControllerLink::ControllerLink(io::Env& env, std::string client_id, Logger logger)
    : env_(env), client_id_(std::move(client_id)), logger_(std::move(logger)), retired_(env.loop) {}

ControllerLink::~ControllerLink() = default;

void ControllerLink::lead_by(std::optional<io::Address> controller) {
    if (stopping_) return;
    const bool is_same = channel_ ? controller == channel_->peer() : !controller;
    if (is_same) return;
    if (channel_) env_.loop.spawn(retire(std::move(channel_)));
    channel_.reset();
    if (!controller) return logger_.info("no active controller is known");
    logger_.info("the active controller is at address={}", controller->to_string());
    rpc::ChannelOptions options;
    options.client_id = client_id_;
    options.peer_name = "controller " + controller->to_string();
    channel_ = std::make_shared<rpc::Channel>(env_, *controller, std::move(options));
}

asio::awaitable<void> ControllerLink::retire(ChannelPtr channel) {
    ++retiring_;
    co_await channel->stop();
    channel.reset();
    --retiring_;
    retired_.notify();
}

// A controller that answers "not me" answers fast.
asio::awaitable<void> ControllerLink::pause(io::Deadline deadline) {
    const auto until = std::min(deadline, env_.clock.in_ms(kLinkRetryMs));
    co_await io::sleep_until(env_.loop, until);
}

void ControllerLink::give_up() {
    stopping_ = true;
    if (channel_) env_.loop.spawn(retire(std::move(channel_)));
    channel_.reset();
}

asio::awaitable<void> ControllerLink::stop() {
    give_up();
    while (retiring_ > 0) co_await retired_.wait_until(io::kNever);
}

}  // namespace kcore::broker
