#include "broker/on_demand_topics.h"

#include <utility>

#include "broker/internal_topics.h"
#include "protocol/api/create_topics.h"

namespace kcore::broker {

namespace {

using Topic = protocol::CreateTopicsRequest::CreatableTopic;

constexpr std::size_t kToldMax = 1'000;

void set(Topic& topic, std::string name, std::string value) {
    auto& config = topic.configs.emplace_back();
    config.name = std::move(name);
    config.value = std::move(value);
}

Topic described(const BrokerConfig& config, const std::string& name) {
    Topic topic;
    topic.name = name;
    topic.num_partitions = config.partitions_default;
    topic.replication_factor = config.replication_factor_default;
    if (name == kOffsetsTopic) {
        topic.num_partitions = config.offsets_partitions;
        topic.replication_factor = config.offsets_replication_factor;
        set(topic, "cleanup.policy", "compact");
        set(topic, "segment.bytes", std::to_string(config.offsets_segment_bytes));
        set(topic, "compression.type", "producer");
    }
    return topic;
}

}  // namespace

void OnDemandTopics::create(io::Loop& loop, const std::vector<std::string>& names) {
    std::vector<std::string> fresh;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& name : names) {
            if (asked_.insert(name).second) fresh.push_back(name);
        }
    }
    if (!fresh.empty()) loop.spawn(ask(loop, std::move(fresh)));
}

asio::awaitable<void> OnDemandTopics::ask(io::Loop& loop, std::vector<std::string> names) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = static_cast<std::int32_t>(config_.request_timeout_ms);
    for (const auto& name : names) request.topics.push_back(described(config_, name));
    const auto deadline = loop.clock().in_ms(config_.request_timeout_ms);
    auto answer = co_await controller_.call(loop, std::move(request), deadline);
    {
        const std::lock_guard lock(mutex_);
        for (const auto& name : names) asked_.erase(name);
    }
    if (!answer) {
        for (const auto& name : names) tell(name, answer.error());
        co_return;
    }
    for (const auto& topic : answer->topics) {
        tell(topic.name, Error(errc_from_wire(topic.error_code), topic.error_message.value_or("")));
    }
}

// Clients ask again and again: what is as it was is told once.
void OnDemandTopics::tell(const std::string& name, const Error& outcome) {
    const bool is_made = outcome.code == Errc::none || outcome.code == Errc::topic_already_exists;
    {
        const std::lock_guard lock(mutex_);
        if (is_made) {
            told_.erase(name);
            return;
        }
        if (told_.size() >= kToldMax) told_.clear();
        auto& told = told_[name];
        if (std::exchange(told, outcome.code) == outcome.code) return;
    }
    logger_.warn("topic not created topic={} error={} reason=\"{}\"", name, errc_name(outcome.code),
                 outcome.what);
}

}  // namespace kcore::broker
