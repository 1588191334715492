#include <algorithm>
#include <functional>
#include <utility>

#include "client/admin_calls.h"
#include "io/wait.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/describe_configs.h"
#include "protocol/api/incremental_alter_configs.h"

namespace kcore::client {

namespace {

io::Deadline limit(Cluster& cluster) {
    return cluster.env().clock.in_ms(cluster.config().api_timeout_ms);
}

std::int32_t broker_limit_ms(Cluster& cluster) {
    return static_cast<std::int32_t>(
        std::min<std::int64_t>(cluster.config().api_timeout_ms, 60'000));
}

// To the controller, again while it moves.
template <class Response, class Request>
io::Async<Response> ask_controller(Cluster& cluster, Request request) {
    const auto deadline = limit(cluster);
    for (int attempt = 1;; ++attempt) {
        auto node = co_await cluster.controller(deadline);
        if (!node) co_return std::unexpected(std::move(node).error());
        auto copy = request;
        auto answer =
            co_await cluster.call<Response>(*node, Lane::calls, std::move(copy), deadline);
        if (answer || answer.error().code != Errc::network_exception) co_return answer;
        const bool again = co_await cluster.pause(attempt, deadline);
        if (!again) co_return answer;
        std::vector<std::string> none;
        auto fresh = co_await cluster.refresh(std::move(none), deadline);
        if (!fresh) co_return std::unexpected(std::move(fresh).error());
    }
}

std::optional<Error> outcome(std::int16_t wire, const std::optional<std::string>& message) {
    const auto code = errc_from_wire(wire);
    if (code == Errc::none) return std::nullopt;
    return refused(code, message, "").error();
}

// What a controller has decided reaches the brokers a little later.
constexpr std::int64_t kSettleMs = 2'000;
constexpr std::int64_t kLookAgainMs = 10;

using Holds = std::function<bool(const ClusterView&)>;

// Whoever looks right after a change should find it: waits, not for long, until a broker knows.
asio::awaitable<void> await_change(Cluster& cluster, std::vector<std::string> topics, Holds holds) {
    auto& clock = cluster.env().clock;
    const auto deadline = std::min(limit(cluster), clock.in_ms(kSettleMs));
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
    const auto deadline = limit(cluster);
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

namespace {

ConfigEntry to_entry(const protocol::DescribeConfigsResponse::DescribeConfigsResourceResult& from) {
    ConfigEntry entry;
    entry.name = from.name;
    entry.value = from.value;
    entry.source = static_cast<ConfigSource>(from.config_source);
    entry.is_read_only = from.read_only;
    entry.is_sensitive = from.is_sensitive;
    entry.documentation = from.documentation.value_or("");
    // The synonyms stand from the strongest to the weakest; the default is the last of them.
    for (const auto& synonym : from.synonyms) {
        const bool is_own = synonym.source == static_cast<std::int8_t>(ConfigSource::topic);
        if (!is_own) entry.default_value = synonym.value;
    }
    return entry;
}

}  // namespace

List<ResourceConfigs> describe_configs(Cluster& cluster, ResourceType type,
                                       std::vector<std::string> names, bool documentation) {
    protocol::DescribeConfigsRequest request;
    request.include_synonyms = true;
    request.include_documentation = documentation;
    for (const auto& name : names) {
        auto& resource = request.resources.emplace_back();
        resource.resource_type = static_cast<std::int8_t>(type);
        resource.resource_name = name;
        resource.configuration_keys.reset();
    }
    auto answer =
        co_await ask_controller<protocol::DescribeConfigsResponse>(cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    std::vector<ResourceConfigs> out;
    for (const auto& result : answer->results) {
        auto& resource = out.emplace_back();
        resource.name = result.resource_name;
        resource.error = outcome(result.error_code, result.error_message);
        for (const auto& config : result.configs) resource.entries.push_back(to_entry(config));
    }
    co_return out;
}

io::Async<void> alter_configs(Cluster& cluster, ResourceType type, std::string name,
                              std::vector<ConfigChange> changes, bool validate_only) {
    protocol::IncrementalAlterConfigsRequest request;
    request.validate_only = validate_only;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = static_cast<std::int8_t>(type);
    resource.resource_name = name;
    for (const auto& change : changes) {
        auto& config = resource.configs.emplace_back();
        config.name = change.name;
        config.config_operation = static_cast<std::int8_t>(change.operation);
        config.value.reset();
        if (change.operation != ConfigOperation::remove) config.value = change.value;
    }
    auto answer = co_await ask_controller<protocol::IncrementalAlterConfigsResponse>(
        cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    for (const auto& result : answer->responses) {
        const auto code = errc_from_wire(result.error_code);
        if (code != Errc::none) co_return refused(code, result.error_message, name);
    }
    co_return Result<void>();
}

}  // namespace kcore::client
