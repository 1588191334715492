#include "broker/controller_link.h"

#include <algorithm>
#include <cassert>

namespace kcore::broker {

namespace {
constexpr std::int64_t kRetryMs = 50;
}

ControllerLink::ControllerLink(io::Env& env, const std::vector<io::Address>& candidates,
                               const std::string& client_id, Logger logger)
    : env_(env), logger_(std::move(logger)) {
    assert(!candidates.empty());
    for (const auto& candidate : candidates) {
        rpc::ChannelOptions options;
        options.client_id = client_id;
        options.peer_name = "controller " + candidate.to_string();
        channels_.push_back(std::make_unique<rpc::Channel>(env_, candidate, std::move(options)));
    }
}

ControllerLink::~ControllerLink() = default;

// The next candidate, after a pause: a controller that answers "not me" answers fast.
asio::awaitable<void> ControllerLink::try_next(io::Deadline deadline) {
    current_ = (current_ + 1) % channels_.size();
    const auto pause = std::min(deadline, env_.clock.in_ms(kRetryMs));
    co_await io::sleep_until(env_.loop, pause);
}

asio::awaitable<void> ControllerLink::stop() {
    stopping_ = true;
    for (const auto& channel : channels_) co_await channel->stop();
}

}  // namespace kcore::broker
