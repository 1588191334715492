#include "client/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/address.h"
#include "protocol/api/find_coordinator.h"

namespace kcore::client {

namespace {

TopicView topic_view(const protocol::MetadataResponse::MetadataResponseTopic& from) {
    TopicView topic;
    topic.name = from.name.value_or("");
    topic.id = from.topic_id;
    topic.is_internal = from.is_internal;
    topic.error = errc_from_wire(from.error_code);
    for (const auto& partition : from.partitions) {
        PartitionView view;
        view.index = partition.partition_index;
        view.leader = partition.leader_id;
        view.leader_epoch = partition.leader_epoch;
        view.replicas = partition.replica_nodes;
        view.isr = partition.isr_nodes;
        view.offline = partition.offline_replicas;
        view.error = errc_from_wire(partition.error_code);
        topic.partitions.push_back(std::move(view));
    }
    std::ranges::sort(topic.partitions, {}, &PartitionView::index);
    // A gap would shift the rest: what follows it cannot be addressed.
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        if (topic.partitions[i].index == static_cast<std::int32_t>(i)) continue;
        topic.partitions.resize(i);
    }
    return topic;
}

protocol::MetadataRequest metadata_request(const Topics& topics, bool allow_create) {
    protocol::MetadataRequest request;
    request.allow_auto_topic_creation = allow_create;
    request.topics.reset();
    if (!topics) return request;
    auto& list = request.topics.emplace();
    for (const auto& name : *topics) list.emplace_back().name = name;
    return request;
}

// A broker that is cut off knows old leaders: whoever was sent to a newer one does not go back.
void keep_newer(const TopicView& known, TopicView& learned) {
    if (known.id != learned.id) return;
    const auto count = std::min(known.partitions.size(), learned.partitions.size());
    for (std::size_t i = 0; i < count; ++i) {
        const auto& before = known.partitions[i];
        if (before.leader_epoch > learned.partitions[i].leader_epoch) {
            learned.partitions[i] = before;
        }
    }
}

}  // namespace

std::unexpected<Error> refused(Errc code, const std::optional<std::string>& message,
                               std::string_view resource) {
    std::string text(message && !message->empty() ? *message
                                                  : std::string(error_info(code).message));
    if (!resource.empty()) text = fmt::format("{}: {}", resource, text);
    return fail(code, std::move(text));
}

Cluster::Cluster(io::Env& env, Config config) : env_(env), config_(std::move(config)) {}

io::Deadline Cluster::limited(io::Deadline deadline) {
    return std::min(deadline, env_.clock.in_ms(config_.request_timeout_ms));
}

rpc::Channel* Cluster::open(const io::Address& address, Lane lane, std::string name) {
    auto& channel = channels_[{address.to_string(), lane}];
    if (!channel) {
        rpc::ChannelOptions options;
        options.peer_name = std::move(name);
        options.client_id = config_.client_id;
        options.connect_timeout_ms = config_.connect_timeout_ms;
        options.backoff_ms = config_.retry_backoff_ms;
        options.backoff_max_ms = config_.retry_backoff_max_ms;
        options.speaks_as = config_.speaks_as;
        options.log = config_.log;
        options.logs_bodies = config_.logs_bodies;
        channel = std::make_unique<rpc::Channel>(env_, address, std::move(options));
    }
    return channel.get();
}

Result<rpc::Channel*> Cluster::channel(std::int32_t node, Lane lane) {
    const auto found = view_->brokers.find(node);
    if (found == view_->brokers.end()) {
        return fail(Errc::broker_not_available, fmt::format("broker {} is not known", node));
    }
    auto address = reach({found->second.host, found->second.port});
    if (config_.force_bootstrap) address = entry_;
    return open(address, lane, fmt::format("broker {} ({})", node, address.to_string()));
}

io::Address Cluster::reach(const io::Address& named) const {
    const auto found = config_.host_map.find(named.to_string());
    if (found == config_.host_map.end()) return named;
    return parse_address(found->second).value_or(named);
}

std::vector<io::Address> Cluster::candidates() {
    std::vector<io::Address> out;
    for (const auto& [id, broker] : view_->brokers) {
        if (!config_.force_bootstrap) out.push_back(reach({broker.host, broker.port}));
    }
    if (!out.empty()) std::ranges::rotate(out, out.begin() + (turn_++ % out.size()));
    for (const auto& text : config_.bootstrap) {
        auto address = parse_address(text);
        if (address) out.push_back(reach(*address));
    }
    return out;
}

io::Async<rpc::Channel*> Cluster::any(io::Deadline deadline) {
    for (const auto& text : config_.bootstrap) {
        auto address = parse_address(text);
        if (!address) co_return std::unexpected(std::move(address).error());
    }
    for (int attempt = 1;; ++attempt) {
        Error last(Errc::network_exception, "no address to connect to");
        for (const auto& address : candidates()) {
            auto* const channel = open(address, Lane::calls, "");
            if (!channel->is_connected()) {
                const auto& info = protocol::MetadataRequest::info();
                auto version = co_await channel->version_for(info, deadline);
                if (!version) {
                    last = std::move(version).error();
                    continue;
                }
            }
            was_connected_ = true;
            entry_ = address;
            co_return channel;
        }
        // A cluster that was never reached is most likely a wrong address: say so at once.
        if (!was_connected_) co_return std::unexpected(std::move(last));
        const bool again = co_await pause(attempt, deadline);
        if (!again) co_return std::unexpected(std::move(last));
    }
}

asio::awaitable<bool> Cluster::pause(int attempt, io::Deadline deadline) {
    const auto doubled = config_.retry_backoff_ms << std::min(attempt - 1, 10);
    const auto most = std::min(doubled, config_.retry_backoff_max_ms);
    const auto jitter = static_cast<std::int64_t>(env_.random.below(41)) - 20;
    const auto until = env_.clock.in_ms(most + most * jitter / 100);
    if (until >= deadline) co_return false;
    config_.log.info("retry {} after a pause", attempt);
    co_await io::sleep_until(env_.loop, until);
    co_return true;
}

ViewPtr Cluster::merge(const protocol::MetadataResponse& answer, bool all) {
    auto next = std::make_shared<ClusterView>();
    ++looks_;
    if (!all) next->topics = view_->topics;
    next->cluster_id = answer.cluster_id.value_or("");
    next->controller_id = answer.controller_id;
    for (const auto& broker : answer.brokers) {
        next->brokers[broker.node_id] = {broker.node_id, broker.host,
                                         static_cast<std::uint16_t>(broker.port), broker.rack};
    }
    for (const auto& topic : answer.topics) {
        auto view = topic_view(topic);
        if (const auto* known = view_->find(view.name)) keep_newer(*known, view);
        view.look = looks_;
        view.learned_at = env_.clock.now();
        next->topics[view.name] = std::move(view);
    }
    view_ = std::move(next);
    config_.log.info("cluster {}: {} brokers and {} topics are known", view_->cluster_id,
                     view_->brokers.size(), view_->topics.size());
    return view_;
}

io::Async<ViewPtr> Cluster::refresh(Topics topics, io::Deadline deadline) {
    for (int attempt = 1;; ++attempt) {
        auto request = metadata_request(topics, config_.allow_auto_create);
        auto answer = co_await call_any<protocol::MetadataResponse>(std::move(request), deadline);
        if (answer) {
            const auto code = errc_from_wire(answer->error_code);
            if (code == Errc::none) co_return merge(*answer, !topics);
            answer = refused(code, std::nullopt, "Metadata");
        }
        if (!was_connected_ || answer.error().code == Errc::unsupported_version) {
            co_return std::unexpected(std::move(answer).error());
        }
        const bool again = co_await pause(attempt, deadline);
        if (!again) co_return std::unexpected(std::move(answer).error());
    }
}

bool Cluster::is_stale(const std::vector<std::string>& topics) const {
    const auto too_old = env_.clock.now() - io::Milliseconds(config_.metadata_max_age_ms);
    return std::ranges::any_of(topics, [&](const std::string& topic) {
        const auto* found = view_->find(topic);
        return found == nullptr || found->look <= forgotten_ || found->learned_at <= too_old;
    });
}

io::Async<ViewPtr> Cluster::known(std::vector<std::string> topics, io::Deadline deadline) {
    const auto has_error = [&](const std::string& topic) {
        const auto* found = view_->find(topic);
        return found == nullptr || found->error != Errc::none;
    };
    if (!is_stale(topics) && std::ranges::none_of(topics, has_error)) co_return view_;
    auto fresh = co_await refresh(std::move(topics), deadline);
    co_return fresh;
}

io::Async<std::int32_t> Cluster::controller(io::Deadline deadline) {
    std::vector<std::string> none;
    if (view_->brokers.empty()) {
        auto fresh = co_await refresh(std::move(none), deadline);
        if (!fresh) co_return std::unexpected(std::move(fresh).error());
    }
    if (view_->brokers.contains(view_->controller_id)) co_return view_->controller_id;
    if (view_->brokers.empty()) {
        co_return fail(Errc::broker_not_available, "the cluster names no broker");
    }
    co_return view_->brokers.begin()->first;
}

io::Async<std::int32_t> Cluster::ask_coordinator(std::string group, io::Deadline deadline) {
    using protocol::FindCoordinatorRequest;
    using protocol::FindCoordinatorResponse;
    auto peer = co_await any(deadline);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    const auto& info = FindCoordinatorRequest::info();
    auto version = co_await (*peer)->version_for(info, deadline);
    if (!version) co_return std::unexpected(std::move(version).error());
    FindCoordinatorRequest request;
    if (*version >= 4) {
        request.coordinator_keys.push_back(group);
    } else {
        request.key = group;
    }
    const auto until = limited(deadline);
    auto answer = co_await (*peer)->call<FindCoordinatorResponse>(std::move(request), until);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    auto code = errc_from_wire(answer->error_code);
    auto node = answer->node_id;
    auto message = answer->error_message;
    if (*version >= 4) {
        if (answer->coordinators.empty()) co_return refused(Errc::corrupt_message, {}, group);
        code = errc_from_wire(answer->coordinators[0].error_code);
        node = answer->coordinators[0].node_id;
        message = answer->coordinators[0].error_message;
    }
    if (code != Errc::none) co_return refused(code, message, group);
    co_return node;
}

io::Async<std::int32_t> Cluster::coordinator(std::string group, io::Deadline deadline) {
    for (int attempt = 1;; ++attempt) {
        auto node = co_await ask_coordinator(group, deadline);
        if (node && view_->brokers.contains(*node)) co_return node;
        if (node) {  // A broker that joined after the last look.
            std::vector<std::string> none;
            auto fresh = co_await refresh(std::move(none), deadline);
            if (!fresh) co_return std::unexpected(std::move(fresh).error());
            if (view_->brokers.contains(*node)) co_return node;
            node = fail(Errc::broker_not_available, fmt::format("broker {} is not known", *node));
        }
        const auto code = node.error().code;
        const bool may_pass = is_retriable(code) || code == Errc::broker_not_available;
        if (!may_pass || !was_connected_) co_return node;
        const bool again = co_await pause(attempt, deadline);
        if (!again) co_return node;
    }
}

asio::awaitable<void> Cluster::stop() {
    for (auto& [key, channel] : channels_) co_await channel->stop();
}

}  // namespace kcore::client
