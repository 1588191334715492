#include <algorithm>
#include <functional>
#include <utility>

#include "client/admin_calls.h"
#include "io/wait.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_topics.h"

namespace kcore::client {

namespace {

// What a controller has decided reaches the brokers a little later.
constexpr std::int64_t kSettleMs = 2'000;
constexpr std::int64_t kLookAgainMs = 10;

using Holds = std::function<bool(const ClusterView&)>;

// Whoever looks right after a change should find it: waits, not for long, until a broker knows.
asio::awaitable<void> await_change(Cluster& cluster, std::vector<std::string> topics, Holds holds) {
    auto& clock = cluster.env().clock;
    const auto deadline = std::min(admin_limit(cluster), clock.in_ms(kSettleMs));
    while (clock.now() < deadline) {
        auto asked = topics;
        const auto view = co_await cluster.refresh(std::move(asked), deadline);
        if (!view || holds(**view)) co_return;
        const auto next = clock.in_ms(kLookAgainMs);
        co_await io::sleep_until(cluster.env().loop, next);
    }
}

bool has_leaders(const ClusterView& view, const std::string& name, std::size_t partitions) {
    const auto* topic = view.find(name);
    return topic != nullptr && topic->error == Errc::none &&
           topic->partitions.size() >= partitions &&
           std::ranges::all_of(topic->partitions,
                               [](const PartitionView& one) { return one.leader >= 0; });
}

asio::awaitable<void> await_topics(Cluster& cluster, std::vector<std::string> names) {
    if (names.empty()) co_return;
    Holds are_there = [names](const ClusterView& view) {
        return std::ranges::all_of(
            names, [&](const std::string& name) { return has_leaders(view, name, 1); });
    };
    co_await await_change(cluster, std::move(names), std::move(are_there));
}

}  // namespace

List<TopicOutcome> create_topics(Cluster& cluster, std::vector<NewTopic> topics,
                                 bool validate_only) {
    using protocol::CreateTopicsRequest;
    using protocol::CreateTopicsResponse;
    CreateTopicsRequest request;
    request.timeout_ms = broker_limit_ms(cluster);
    request.validate_only = validate_only;
    for (const auto& topic : topics) {
        auto& one = request.topics.emplace_back();
        one.name = topic.name;
        one.num_partitions = topic.partitions;
        one.replication_factor = topic.replication_factor;
        for (const auto& [name, value] : topic.configs) {
            auto& config = one.configs.emplace_back();
            config.name = name;
            config.value = value;
        }
        for (std::size_t i = 0; i < topic.assignment.size(); ++i) {
            auto& placed = one.assignments.emplace_back();
            placed.partition_index = static_cast<std::int32_t>(i);
            placed.broker_ids = topic.assignment[i];
        }
    }
    auto answer = co_await ask_controller<CreateTopicsResponse>(cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    cluster.forget_leaders();
    std::vector<TopicOutcome> out;
    std::vector<std::string> made;
    for (const auto& topic : answer->topics) {
        out.push_back({topic.name, topic.topic_id, topic.num_partitions, topic.replication_factor,
                       outcome(topic.error_code, topic.error_message)});
        const bool is_made = !validate_only && !out.back().error;
        if (is_made) made.push_back(topic.name);
    }
    co_await await_topics(cluster, std::move(made));
    co_return out;
}

List<Outcome> delete_topics(Cluster& cluster, std::vector<std::string> names) {
    using protocol::DeleteTopicsRequest;
    using protocol::DeleteTopicsResponse;
    const auto deadline = admin_limit(cluster);
    auto node = co_await cluster.controller(deadline);
    if (!node) co_return std::unexpected(std::move(node).error());
    auto peer = cluster.channel(*node, Lane::calls);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    const auto& info = DeleteTopicsRequest::info();
    auto version = co_await (*peer)->version_for(info, deadline);
    if (!version) co_return std::unexpected(std::move(version).error());
    DeleteTopicsRequest request;
    request.timeout_ms = broker_limit_ms(cluster);
    for (const auto& name : names) {
        if (*version >= 6) {
            request.topics.emplace_back().name = name;
        } else {
            request.topic_names.push_back(name);
        }
    }
    auto answer = co_await ask_controller<DeleteTopicsResponse>(cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    cluster.forget_leaders();
    std::vector<Outcome> out;
    for (const auto& topic : answer->responses) {
        out.push_back({topic.name.value_or(""), outcome(topic.error_code, topic.error_message)});
    }
    co_return out;
}

io::Async<void> create_partitions(Cluster& cluster, std::string topic, std::int32_t total,
                                  bool validate_only) {
    protocol::CreatePartitionsRequest request;
    request.timeout_ms = broker_limit_ms(cluster);
    request.validate_only = validate_only;
    auto& one = request.topics.emplace_back();
    one.name = topic;
    one.count = total;
    one.assignments.reset();
    auto answer =
        co_await ask_controller<protocol::CreatePartitionsResponse>(cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    cluster.forget_leaders();
    for (const auto& result : answer->results) {
        const auto code = errc_from_wire(result.error_code);
        if (code != Errc::none) co_return refused(code, result.error_message, topic);
    }
    if (validate_only) co_return Result<void>();
    Holds are_there = [topic, count = static_cast<std::size_t>(total)](const ClusterView& view) {
        return has_leaders(view, topic, count);
    };
    std::vector<std::string> topics{topic};
    co_await await_change(cluster, std::move(topics), std::move(are_there));
    co_return Result<void>();
}

}  // namespace kcore::client
