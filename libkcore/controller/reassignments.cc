#include "controller/reassignments.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "controller/assignment.h"
#include "controller/broker_ids.h"
#include "controller/election.h"
#include "controller/replicas.h"

namespace kcore::controller {
namespace {

using ReassignRequest = protocol::AlterPartitionReassignmentsRequest;
using WantedReplicas = ReassignRequest::ReassignablePartition;

bool is_moving(const metadata::Partition& p) {
    return !p.adding_replicas.empty() || !p.removing_replicas.empty();
}

// What stays when the reassignment under way is taken back.
BrokerIds original(const metadata::Partition& p) { return without(p.replicas, p.adding_replicas); }

// Without those that were to come. One that only they keep alive is given up only where an unclean
// election may be.
Result<Target> cancelled(const State& state, const std::string& name, std::int32_t number,
                         const metadata::Partition& p) {
    if (!is_moving(p)) return fail(Errc::no_reassignment_in_progress, "");
    Target target;
    target.replicas = original(p);
    target.adding = target.removing = BrokerIds();
    target.isr = without(p.isr, p.adding_replicas);
    if (!target.isr->empty()) return target;
    if (!state.unclean_election(name)) {
        return fail(Errc::invalid_replica_assignment,
                    fmt::format("Unable to revert partition assignment for {}:{} because it would "
                                "require an unclean leader election.",
                                name, number));
    }
    target.isr = Replicas{target.replicas->front()};
    target.recovery_state = kRecovering;
    return target;
}

Result<Target> moved(const State& state, const ReassignRequest& request, const std::string& name,
                     const WantedReplicas& wanted, const metadata::Partition& p) {
    const auto& to = *wanted.replicas;
    if (auto ok = check_replicas(state, to, std::nullopt); !ok) {
        return std::unexpected(std::move(ok).error());
    }
    const auto size = without(p.replicas, p.removing_replicas).size();
    if (!request.allow_replication_factor_change && to.size() != size) {
        return fail(Errc::invalid_replication_factor,
                    fmt::format("The replication factor of {}-{} would change from {} to {}.", name,
                                wanted.partition_index, size, to.size()));
    }
    Target target;
    target.adding = without(to, original(p));
    target.removing = without(p.replicas, to);
    target.replicas = to;
    target.replicas->insert(target.replicas->end(), target.removing->begin(),
                            target.removing->end());
    return target;
}

Result<void> reassign(const State& state, const ReassignRequest& request, const std::string& name,
                      const WantedReplicas& wanted, Records& out) {
    const auto* topic = state.image->topic(name);
    if (topic == nullptr) {
        return fail(Errc::unknown_topic_or_partition, "Unable to find a topic named " + name + ".");
    }
    const auto number = wanted.partition_index;
    const auto* p = topic->partition(number);
    if (p == nullptr) {
        return fail(Errc::unknown_topic_or_partition,
                    fmt::format("Unable to find partition {}:{}.", name, number));
    }
    const auto target = wanted.replicas ? moved(state, request, name, wanted, *p)
                                        : cancelled(state, name, number, *p);
    if (!target) return std::unexpected(target.error());
    auto change = change_partition(topic->id, number, *p, *target, state.election(name, *p));
    if (change) out.push_back(std::move(*change));
    return {};
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
    const State& state, const ReassignRequest& request) {
    Decision<protocol::AlterPartitionReassignmentsResponse> decision;
    auto& response = decision.response;
    response.allow_replication_factor_change = request.allow_replication_factor_change;
    if (!request.topics.empty()) response.error_message.reset();
    std::set<std::pair<std::string_view, std::int32_t>> seen;
    for (const auto& topic : request.topics) {
        auto& answered = response.responses.emplace_back();
        answered.name = topic.name;
        for (const auto& wanted : topic.partitions) {
            auto& answer = answered.partitions.emplace_back();
            answer.partition_index = wanted.partition_index;
            answer.error_message.reset();
            // A second change would be decided on what the first is about to replace.
            const bool is_first = seen.emplace(topic.name, wanted.partition_index).second;
            const auto done = is_first
                                  ? reassign(state, request, topic.name, wanted, decision.records)
                                  : fail(Errc::invalid_request, "named twice");
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
