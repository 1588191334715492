#include "broker/on_demand_topics.h"

#include <utility>

#include "broker/internal_topics.h"
#include "protocol/api/create_topics.h"

namespace kcore::broker {

namespace {

using Topic = protocol::CreateTopicsRequest::CreatableTopic;

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
        logger_.warn("topics not created reason=\"{}\"", answer.error().what);
        co_return;
    }
    for (const auto& topic : answer->topics) {
        const auto code = errc_from_wire(topic.error_code);
        if (code == Errc::none || code == Errc::topic_already_exists) continue;
        logger_.warn("topic not created topic={} error={} reason=\"{}\"", topic.name,
                     errc_name(code), topic.error_message.value_or(""));
    }
}

}  // namespace kcore::broker
