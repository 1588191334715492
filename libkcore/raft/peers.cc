#include "raft/peers.h"

#include <algorithm>

#include "raft/wire.h"

namespace kcore::raft {
namespace {

constexpr std::string_view kKraftVersion = "kraft.version";

std::int64_t wait_of(const Request& request) {
    const auto* fetch = std::get_if<FetchRequest>(&request);
    return fetch == nullptr ? 0 : fetch->max_wait_ms;
}

}  // namespace

Peers::Peers(io::Env& env, PeersOptions options, Answered answered)
    : env_(env), options_(std::move(options)), answered_(std::move(answered)), ended_(env.loop) {}

rpc::Channel& Peers::channel(const Send& send) {
    const bool is_fetch = std::holds_alternative<FetchRequest>(send.request) ||
                          std::holds_alternative<FetchSnapshotRequest>(send.request);
    auto& channel = channels_[{send.address.to_string(), is_fetch}];
    if (!channel) {
        rpc::ChannelOptions options;
        options.client_id = options_.client_id;
        options.peer_name = "controller " + send.address.to_string();
        options.connect_timeout_ms = options_.request_timeout_ms;
        channel = std::make_unique<rpc::Channel>(env_, send.address, std::move(options));
    }
    return *channel;
}

void Peers::send(Send request) {
    if (is_stopped_) return;
    ++under_way_;
    env_.loop.spawn(carry(std::make_shared<Send>(std::move(request))));
}

asio::awaitable<void> Peers::carry(std::shared_ptr<Send> send) {
    auto answer = co_await exchange(send, &channel(*send));
    --under_way_;
    ended_.notify();
    if (!is_stopped_) answered_(send->id, std::move(answer));
}

template <class Ask>
asio::awaitable<Peers::Maybe> Peers::ask(rpc::Channel* channel, std::shared_ptr<Send> send,
                                         io::Deadline deadline) {
    auto request = to_wire(std::get<Ask>(send->request), options_.cluster_id);
    using Answer = typename decltype(request)::Response;
    auto answer = co_await channel->call_framed<Answer>(std::move(request), deadline);
    if (!answer) co_return std::nullopt;
    co_return Response(from_wire(answer->value));
}

asio::awaitable<Peers::Maybe> Peers::probe(rpc::Channel* channel, io::Deadline deadline) {
    auto version = co_await channel->version_for(protocol::VoteRequest::info(), deadline);
    const auto* versions = channel->peer_versions();
    if (!version || versions == nullptr) co_return std::nullopt;
    ProbeResponse answer;
    for (const auto& feature : versions->supported_features) {
        if (feature.name != kKraftVersion) continue;
        answer.version_min = feature.min_version;
        answer.version_max = feature.max_version;
    }
    co_return Response(answer);
}

asio::awaitable<Peers::Maybe> Peers::exchange(std::shared_ptr<Send> send, rpc::Channel* channel) {
    const auto deadline = env_.clock.in_ms(wait_of(send->request) + options_.request_timeout_ms);
    Maybe answer;
    if (const auto* vote = std::get_if<VoteRequest>(&send->request)) {
        auto version = co_await channel->version_for(protocol::VoteRequest::info(), deadline);
        if (version && vote->is_pre_vote && *version < 2) {
            co_return Response(VoteResponse{Errc::unsupported_version, {}, false});
        }
        answer = co_await ask<VoteRequest>(channel, send, deadline);
    } else if (std::holds_alternative<BeginEpochRequest>(send->request)) {
        answer = co_await ask<BeginEpochRequest>(channel, send, deadline);
    } else if (std::holds_alternative<EndEpochRequest>(send->request)) {
        answer = co_await ask<EndEpochRequest>(channel, send, deadline);
    } else if (std::holds_alternative<FetchRequest>(send->request)) {
        answer = co_await ask<FetchRequest>(channel, send, deadline);
    } else if (std::holds_alternative<FetchSnapshotRequest>(send->request)) {
        answer = co_await ask<FetchSnapshotRequest>(channel, send, deadline);
    } else if (std::holds_alternative<AddVoterRequest>(send->request)) {
        answer = co_await ask<AddVoterRequest>(channel, send, deadline);
    } else if (std::holds_alternative<RemoveVoterRequest>(send->request)) {
        answer = co_await ask<RemoveVoterRequest>(channel, send, deadline);
    } else if (std::holds_alternative<UpdateVoterRequest>(send->request)) {
        answer = co_await ask<UpdateVoterRequest>(channel, send, deadline);
    } else {
        answer = co_await probe(channel, deadline);
    }
    co_return answer;
}

asio::awaitable<void> Peers::stop() {
    is_stopped_ = true;
    for (const auto& [key, channel] : channels_) co_await channel->stop();
    while (under_way_ > 0) co_await ended_.wait_until(io::kNever);
}

}  // namespace kcore::raft
