#include "controller/reassignments.h"

#include <fmt/format.h>

#include <utility>

#include "controller/assignment.h"

namespace kcore::controller {
namespace {

using Request = protocol::AlterPartitionReassignmentsRequest;
using Wanted = Request::ReassignablePartition;

bool is_moving(const metadata::Partition& p) {
    return !p.adding_replicas.empty() || !p.removing_replicas.empty();
}

Result<void> reassign(const State& state, const Request& request, const std::string& name,
                      const Wanted& wanted) {
    const auto* topic = state.image->topic(name);
    if (topic == nullptr) {
        return fail(Errc::unknown_topic_or_partition, "Unable to find a topic named " + name + ".");
    }
    const auto* p = topic->partition(wanted.partition_index);
    if (p == nullptr) {
        return fail(Errc::unknown_topic_or_partition,
                    fmt::format("Unable to find partition {}:{}.", name, wanted.partition_index));
    }
    if (!wanted.replicas && !is_moving(*p)) return fail(Errc::no_reassignment_in_progress, "");
    if (wanted.replicas) {
        if (auto ok = check_replicas(state, *wanted.replicas, std::nullopt); !ok) return ok;
        if (!request.allow_replication_factor_change &&
            wanted.replicas->size() != p->replicas.size()) {
            return fail(
                Errc::invalid_replication_factor,
                fmt::format("The replication factor of {}-{} would change from {} to {}.", name,
                            wanted.partition_index, p->replicas.size(), wanted.replicas->size()));
        }
        if (*wanted.replicas == p->replicas && !is_moving(*p)) return {};
    }
    return fail(Errc::invalid_replica_assignment,
                "This version does not move replicas between brokers.");
}

using Ongoing = protocol::ListPartitionReassignmentsResponse::OngoingTopicReassignment;

void list_one(const metadata::Topic& topic, std::int32_t number, Ongoing& out) {
    const auto* p = topic.partition(number);
    if (p == nullptr || !is_moving(*p)) return;
    auto& added = out.partitions.emplace_back();
    added.partition_index = number;
    added.replicas = p->replicas;
    added.adding_replicas = p->adding_replicas;
    added.removing_replicas = p->removing_replicas;
}

}  // namespace

Decision<protocol::AlterPartitionReassignmentsResponse> alter_reassignments(
    const State& state, const Request& request) {
    Decision<protocol::AlterPartitionReassignmentsResponse> decision;
    auto& response = decision.response;
    response.allow_replication_factor_change = request.allow_replication_factor_change;
    if (!request.topics.empty()) response.error_message.reset();
    for (const auto& topic : request.topics) {
        auto& answered = response.responses.emplace_back();
        answered.name = topic.name;
        for (const auto& wanted : topic.partitions) {
            auto& answer = answered.partitions.emplace_back();
            answer.partition_index = wanted.partition_index;
            answer.error_message.reset();
            const auto done = reassign(state, request, topic.name, wanted);
            if (done) continue;
            answer.error_code = static_cast<std::int16_t>(done.error().code);
            answer.error_message = text_of(done.error());
        }
    }
    return decision;
}

Decision<protocol::ListPartitionReassignmentsResponse> list_reassignments(
    const State& state, const protocol::ListPartitionReassignmentsRequest& request) {
    Decision<protocol::ListPartitionReassignmentsResponse> decision;
    auto& response = decision.response;
    response.error_message.reset();
    const auto add = [&](Ongoing found) {
        if (!found.partitions.empty()) response.topics.push_back(std::move(found));
    };
    if (!request.topics) {
        for (const auto& topic : state.image->topics_sorted()) {
            Ongoing found;
            found.name = topic->name;
            for (std::int32_t i = 0; i < topic->partition_count(); ++i) list_one(*topic, i, found);
            add(std::move(found));
        }
        return decision;
    }
    for (const auto& asked : *request.topics) {
        const auto* topic = state.image->topic(asked.name);
        if (topic == nullptr) continue;
        Ongoing found;
        found.name = asked.name;
        for (const auto number : asked.partition_indexes) list_one(*topic, number, found);
        add(std::move(found));
    }
    return decision;
}

}  // namespace kcore::controller
