#include "broker/admin_pages.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "broker/group_shards.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kAnswerWait(2);

Json brokers(const Services& services) {
    const auto image = services.image();
    auto all = Json::array();
    for (const auto& [id, broker] : *image->brokers) {
        auto endpoints = Json::array();
        for (const auto& endpoint : broker->endpoints) {
            endpoints.push_back(
                {{"name", endpoint.name}, {"host", endpoint.host}, {"port", endpoint.port}});
        }
        Json row{{"id", id}, {"epoch", broker->epoch}, {"fenced", broker->fenced}};
        row["rack"] = broker->rack ? Json(*broker->rack) : Json();
        row["endpoints"] = std::move(endpoints);
        all.push_back(std::move(row));
    }
    return {{"cluster_id", services.cluster_id}, {"brokers", std::move(all)}};
}

Json topics(const Services& services) {
    const auto image = services.image();
    auto all = Json::array();
    for (const auto& topic : image->topics_sorted()) {
        const auto* first = topic->partition(0);
        all.push_back({{"name", topic->name},
                       {"id", topic->id.to_string()},
                       {"partitions", topic->partition_count()},
                       {"replication_factor", first == nullptr ? 0 : first->replicas.size()},
                       {"configs", image->topic_config(topic->name)}});
    }
    return {{"topics", std::move(all)}};
}

// Offsets are known of the partitions that are here.
Json partition_row(const Services& services, const metadata::Topic& topic, std::int32_t number) {
    const auto& state = *topic.partition(number);
    Json row{
        {"topic", topic.name},         {"partition", number},      {"leader", state.leader},
        {"epoch", state.leader_epoch}, {"isr", state.isr},         {"replicas", state.replicas},
        {"log_start_offset", nullptr}, {"high_watermark", nullptr}};
    if (const auto partition = services.partitions->find(topic.id, number)) {
        const auto offsets = partition->offsets();
        row["log_start_offset"] = offsets.log_start;
        row["high_watermark"] = offsets.high_watermark;
    }
    return row;
}

Json partitions(const Services& services) {
    const auto image = services.image();
    auto all = Json::array();
    for (const auto& topic : image->topics_sorted()) {
        for (std::int32_t i = 0; i < topic->partition_count(); ++i) {
            all.push_back(partition_row(services, *topic, i));
        }
    }
    return {{"partitions", std::move(all)}};
}

// A coordinator's answer; none when it takes too long.
template <class Response>
std::optional<Response> ask(const Services& services, group::Shard& shard, group::Request question,
                            std::int16_t version) {
    const auto promise = std::make_shared<std::promise<group::Response>>();
    auto answer = promise->get_future();
    group::RequestContext context;
    context.version = version;
    context.image = services.image();
    shard.submit(std::move(question), std::move(context),
                 [promise](group::Response response) { promise->set_value(std::move(response)); });
    if (answer.wait_for(kAnswerWait) != std::future_status::ready) return std::nullopt;
    auto response = answer.get();
    auto* found = std::get_if<Response>(&response);
    return found == nullptr ? std::nullopt : std::optional(std::move(*found));
}

Json offsets_of(const Services& services, group::Shard& shard, const std::string& group_id) {
    constexpr std::int16_t kByName = 9;
    group::FetchOffsets question;
    question.group.group_id = group_id;
    question.group.member_epoch = -1;
    question.group.topics.reset();
    auto rows = Json::array();
    const auto fetched = ask<group::FetchedOffsets>(services, shard, std::move(question), kByName);
    if (!fetched) return rows;
    for (const auto& topic : fetched->topics) {
        for (const auto& partition : topic.partitions) {
            Json row{{"topic", topic.name},
                     {"partition", partition.partition_index},
                     {"committed", partition.committed_offset},
                     {"lag", nullptr}};
            const auto here = services.partitions->find(topic.name, partition.partition_index);
            if (here && partition.committed_offset >= 0) {
                row["lag"] = std::max<std::int64_t>(
                    0, here->offsets().high_watermark - partition.committed_offset);
            }
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

Json groups(const Services& services) {
    constexpr std::int16_t kWithTypes = 5;
    auto all = Json::array();
    for (const auto& shard : services.group_shards->all()) {
        const auto listed = ask<protocol::ListGroupsResponse>(
            services, *shard, protocol::ListGroupsRequest(), kWithTypes);
        if (!listed) continue;
        for (const auto& group : listed->groups) {
            all.push_back({{"group", group.group_id},
                           {"type", group.group_type},
                           {"protocol_type", group.protocol_type},
                           {"state", group.group_state},
                           {"offsets", offsets_of(services, *shard, group.group_id)}});
        }
    }
    return {{"groups", std::move(all)}};
}

Page json_page(const Json& content) { return {200, "application/json", content.dump() + "\n"}; }

bool is_ready(const Services& services) {
    const auto* self = services.image()->broker(services.config->node_id);
    return self != nullptr && !self->fenced;
}

}  // namespace

Page admin_page(const Services& services, std::string_view path) {
    if (path == "/healthz") return {200, Page().type, "ok\n"};
    if (path == "/readyz") {
        return is_ready(services) ? Page{200, Page().type, "ready\n"}
                                  : Page{503, Page().type, "not ready\n"};
    }
    if (path == "/metrics") {
        return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(services)};
    }
    if (path == "/api/v1/brokers") return json_page(brokers(services));
    if (path == "/api/v1/topics") return json_page(topics(services));
    if (path == "/api/v1/partitions") return json_page(partitions(services));
    if (path == "/api/v1/groups") return json_page(groups(services));
    return {404, Page().type, "nothing is here\n"};
}

}  // namespace kcore::broker
