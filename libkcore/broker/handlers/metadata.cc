// Metadata: brokers, topics and leaders as this broker's image has them; unknown topics may come
// into being by being asked for.

#include <algorithm>
#include <set>
#include <utility>

#include "broker/handlers/handlers.h"
#include "broker/internal_topics.h"
#include "broker/memory_ceiling.h"
#include "broker/on_demand_topics.h"
#include "broker/services.h"
#include "broker/topic_view.h"
#include "protocol/api/metadata.h"

namespace kcore::broker {

namespace {

using protocol::MetadataRequest;
using protocol::MetadataResponse;
using TopicAnswer = MetadataResponse::MetadataResponseTopic;

constexpr std::int16_t kFirstWithNullForAll = 1;
constexpr std::int16_t kFirstWithUsableIds = 12;
constexpr std::int16_t kFirstWithTopError = 13;

struct MetadataWork {
    Request& request;
    const MetadataRequest& body;
    const metadata::Image& image;
    MetadataResponse response;
    std::vector<std::string> to_create;
};

void add_brokers(MetadataWork& work) {
    for (const auto& [id, broker] : *work.image.brokers) {
        if (broker->fenced) continue;
        const auto address = address_of(work.request, *broker);
        if (!address) continue;
        auto& added = work.response.brokers.emplace_back();
        added.node_id = id;
        added.host = address->host;
        added.port = address->port;
        added.rack = broker->rack;
    }
}

void add_partitions(const MetadataWork& work, const metadata::Topic& topic, TopicAnswer& answer) {
    const auto& listener = work.request.sender.listener.name;
    answer.partitions.reserve(topic.partitions.size());
    std::int32_t number = 0;
    for (const auto& partition : topic.partitions) {
        auto& added = answer.partitions.emplace_back();
        const auto view = leader_of(work.image, *partition, listener);
        added.error_code = static_cast<std::int16_t>(view.error);
        added.partition_index = number++;
        added.leader_id = view.leader;
        added.leader_epoch = partition->leader_epoch;
        added.replica_nodes = partition->replicas;
        added.isr_nodes = partition->isr;
        added.offline_replicas = offline_replicas(work.image, *partition);
    }
}

void add_topic(MetadataWork& work, const metadata::Topic& topic) {
    auto& answer = work.response.topics.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.id;
    answer.is_internal = is_internal_topic(topic.name);
    if (work.body.include_topic_authorized_operations) {
        answer.topic_authorized_operations = kTopicOperations;
    }
    add_partitions(work, topic, answer);
}

TopicAnswer& add_error(MetadataWork& work, std::optional<std::string> name, Uuid id, Errc code) {
    auto& answer = work.response.topics.emplace_back();
    answer.error_code = static_cast<std::int16_t>(code);
    answer.name = std::move(name);
    answer.topic_id = id;
    return answer;
}

void add_named(MetadataWork& work, const std::string& name) {
    if (const auto* topic = work.image.topic(name)) return add_topic(work, *topic);
    const bool is_legal = is_legal_topic(name);
    auto& answer =
        add_error(work, name, Uuid(),
                  is_legal ? Errc::unknown_topic_or_partition : Errc::invalid_topic_exception);
    answer.is_internal = is_internal_topic(name);
    const bool may_create =
        work.body.allow_auto_topic_creation && work.request.services.config->auto_create_topics;
    if (is_legal && may_create) work.to_create.push_back(name);
}

void add_asked(MetadataWork& work) {
    std::set<std::string_view> names;
    std::set<Uuid> ids;
    // One id in the request makes it one of ids: names beside them are not looked at.
    const auto has_id = [](const auto& asked) { return !asked.topic_id.is_zero(); };
    const bool by_ids = std::ranges::any_of(*work.body.topics, has_id);
    for (const auto& asked : *work.body.topics) {
        if (!asked.topic_id.is_zero()) {
            if (!ids.insert(asked.topic_id).second) continue;
            const auto* topic = work.image.topic(asked.topic_id);
            if (topic != nullptr) {
                add_topic(work, *topic);
            } else {
                add_error(work, std::nullopt, asked.topic_id, Errc::unknown_topic_id);
            }
        } else if (!by_ids && names.insert(*asked.name).second) {
            add_named(work, *asked.name);
        }
    }
}

// Topic ids have been in the request since v10, but only v12 can ask by them.
Errc judge(const Request& request, const MetadataRequest& body) {
    if (!body.topics) return Errc::none;
    for (const auto& topic : *body.topics) {
        const bool has_id = !topic.topic_id.is_zero();
        if (request.version() < kFirstWithUsableIds && (has_id || !topic.name)) {
            return Errc::invalid_request;
        }
        if (!has_id && !topic.name) return Errc::unknown_server_error;
    }
    return Errc::none;
}

Done refuse(MetadataWork& work, Errc code) {
    for (const auto& asked : *work.body.topics) {
        add_error(work, asked.name.value_or(""), asked.topic_id, code);
    }
    if (work.request.version() >= kFirstWithTopError) {
        work.response.error_code = static_cast<std::int16_t>(code);
    }
    return work.request.answer(work.response);
}

}  // namespace

Outcome metadata(Request& request) {
    auto body = request.decode<MetadataRequest>();
    if (!body) return request.malformed(body.error());
    const auto image = request.services.image();
    MetadataWork work{request, *body, *image, {}, {}};
    const auto verdict = judge(request, *body);
    if (verdict != Errc::none) return refuse(work, verdict);
    add_brokers(work);
    work.response.cluster_id = request.services.cluster_id;
    work.response.controller_id = some_live_broker(*image, request.services.config->node_id);
    if (body->include_cluster_authorized_operations) {
        work.response.cluster_authorized_operations = kClusterOperations;
    }
    const bool wants_all =
        !body->topics || (request.version() < kFirstWithNullForAll && body->topics->empty());
    if (wants_all) {
        for (const auto& topic : image->topics_sorted()) add_topic(work, *topic);
    } else {
        add_asked(work);
    }
    const auto done = request.answer(work.response);
    const auto* memory = request.services.memory;
    const bool has_memory = memory == nullptr || !memory->is_reached();
    if (!work.to_create.empty() && has_memory) {
        request.services.on_demand_topics->create(request.env.loop, work.to_create);
    }
    return done;
}

}  // namespace kcore::broker
