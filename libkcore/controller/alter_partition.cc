// AlterPartition: the leader of a partition asks for another ISR or tells that it has recovered.

#include <algorithm>
#include <set>
#include <utility>

#include "controller/replicas.h"

namespace kcore::controller {
namespace {

using AskedPartition = protocol::AlterPartitionRequest::PartitionData;
using AlteredAnswer = protocol::AlterPartitionResponse::PartitionData;
using metadata::Partition;

constexpr std::int64_t kAnyEpoch = -1;

std::vector<std::int32_t> isr_of(const AskedPartition& asked) {
    if (asked.new_isr_with_epochs.empty()) return asked.new_isr;
    std::vector<std::int32_t> isr;
    for (const auto& member : asked.new_isr_with_epochs) isr.push_back(member.broker_id);
    return isr;
}

bool is_isr_of(const std::vector<std::int32_t>& isr, const Partition& p) {
    const std::set<std::int32_t> distinct(isr.begin(), isr.end());
    return !isr.empty() && distinct.size() == isr.size() &&
           std::ranges::all_of(isr, [&](std::int32_t id) {
               return std::ranges::find(p.replicas, id) != p.replicas.end();
           });
}

// Fenced, shutting down, without its directory, or no longer the process that the leader means.
bool has_ineligible(const State& state, const AskedPartition& asked,
                    const std::vector<std::int32_t>& isr, const Partition& p) {
    const auto ineligible = [&](std::int32_t id) {
        return id != p.leader && (!state.is_active(id) || !state.has_replica(id, p));
    };
    if (std::ranges::any_of(isr, ineligible)) return true;
    return std::ranges::any_of(asked.new_isr_with_epochs, [&](const auto& member) {
        const auto* broker = state.image->broker(member.broker_id);
        return member.broker_epoch != kAnyEpoch &&
               (broker == nullptr || broker->epoch != member.broker_epoch);
    });
}

Errc check(const State& state, std::int32_t broker, const AskedPartition& asked,
           const Partition& p) {
    if (asked.leader_epoch > p.leader_epoch || asked.partition_epoch > p.partition_epoch) {
        return Errc::not_controller;  // The broker knows more than this controller.
    }
    if (asked.leader_epoch < p.leader_epoch) return Errc::fenced_leader_epoch;
    if (p.leader != broker) return Errc::invalid_request;
    if (asked.partition_epoch < p.partition_epoch) return Errc::invalid_update_version;
    const auto isr = isr_of(asked);
    if (!is_isr_of(isr, p) || std::ranges::find(isr, p.leader) == isr.end()) {
        return Errc::invalid_request;
    }
    if (asked.leader_recovery_state != kRecovered && asked.leader_recovery_state != kRecovering) {
        return Errc::invalid_request;
    }
    if (asked.leader_recovery_state == kRecovering &&
        (isr.size() > 1 || p.leader_recovery_state == kRecovered)) {
        return Errc::invalid_request;
    }
    if (has_ineligible(state, asked, isr, p)) return Errc::ineligible_replica;
    return Errc::none;
}

// The partition as it will be once `record` is applied.
AlteredAnswer answer_of(std::int32_t number, const Partition& p,
                        const protocol::PartitionChangeRecord* change) {
    AlteredAnswer answer;
    answer.partition_index = number;
    const bool led = change != nullptr && change->leader != -2;
    answer.leader_id = led ? change->leader : p.leader;
    answer.leader_epoch = p.leader_epoch + (led ? 1 : 0);
    answer.isr = change != nullptr && change->isr ? *change->isr : p.isr;
    answer.leader_recovery_state = change != nullptr && change->leader_recovery_state >= 0
                                       ? change->leader_recovery_state
                                       : p.leader_recovery_state;
    answer.partition_epoch = p.partition_epoch + (change != nullptr ? 1 : 0);
    return answer;
}

AlteredAnswer refuse(std::int32_t number, Errc why) {
    AlteredAnswer answer;
    answer.partition_index = number;
    answer.error_code = static_cast<std::int16_t>(why);
    return answer;
}

AlteredAnswer alter_one(const State& state, std::int32_t broker, const metadata::Topic* topic,
                        const AskedPartition& asked, Records& out) {
    if (topic == nullptr) return refuse(asked.partition_index, Errc::unknown_topic_id);
    const auto* p = topic->partition(asked.partition_index);
    if (p == nullptr) return refuse(asked.partition_index, Errc::unknown_topic_or_partition);
    if (const auto why = check(state, broker, asked, *p); why != Errc::none) {
        return refuse(asked.partition_index, why);
    }
    Target target;
    target.isr = isr_of(asked);
    target.recovery_state = asked.leader_recovery_state;
    const auto election = state.election(topic->name, *p);
    auto change = change_partition(topic->id, asked.partition_index, *p, target, election);
    if (!change) return answer_of(asked.partition_index, *p, nullptr);
    auto answer = answer_of(asked.partition_index, *p,
                            &std::get<protocol::PartitionChangeRecord>(change->body));
    out.push_back(std::move(*change));
    return answer;
}

}  // namespace

Decision<protocol::AlterPartitionResponse> alter_partition(
    const State& state, const protocol::AlterPartitionRequest& request) {
    Decision<protocol::AlterPartitionResponse> decision;
    if (auto broker = state.check_broker(request.broker_id, request.broker_epoch); !broker) {
        decision.response.error_code = static_cast<std::int16_t>(broker.error().code);
        return decision;
    }
    std::set<std::pair<Uuid, std::int32_t>> seen;
    for (const auto& asked : request.topics) {
        auto& answered = decision.response.topics.emplace_back();
        answered.topic_id = asked.topic_id;
        const auto* topic = state.image->topic(asked.topic_id);
        for (const auto& partition : asked.partitions) {
            // A second change would be decided on what the first is about to replace.
            const bool again = !seen.emplace(asked.topic_id, partition.partition_index).second;
            answered.partitions.push_back(
                again ? refuse(partition.partition_index, Errc::invalid_request)
                      : alter_one(state, request.broker_id, topic, partition, decision.records));
        }
    }
    return decision;
}

}  // namespace kcore::controller
