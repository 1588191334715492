// ElectLeaders, asked for by admins, and AssignReplicasToDirs, told by brokers.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "controller/replicas.h"

namespace kcore::controller {
namespace {

using metadata::kNoLeader;

constexpr std::int8_t kPreferred = 0;
constexpr std::int8_t kUnclean = 1;

Error no_error() { return {Errc::none, ""}; }

Error elect_one(const State& state, const std::string& name, std::int32_t number, ElectionKind kind,
                Records& out) {
    const auto* topic = state.image->topic(name);
    if (topic == nullptr) return {Errc::unknown_topic_or_partition, "No such topic as " + name};
    const auto* p = topic->partition(number);
    if (p == nullptr) {
        return {Errc::unknown_topic_or_partition,
                fmt::format("No such partition as {}-{}", name, number)};
    }
    const bool preferred = kind == ElectionKind::preferred;
    if (preferred ? !p->replicas.empty() && p->leader == p->replicas[0] : p->leader != kNoLeader) {
        return {Errc::election_not_needed, "Leader election not needed for topic partition."};
    }
    auto change = change_partition(topic->id, number, *p, Target(), state.election(name, *p, kind));
    const auto* record =
        change ? &std::get<protocol::PartitionChangeRecord>(change->body) : nullptr;
    const bool elected =
        record != nullptr && (preferred ? record->leader == p->replicas[0] : record->leader >= 0);
    if (!elected) {
        if (preferred) {
            return {Errc::preferred_leader_not_available,
                    "The preferred leader was not available."};
        }
        return {Errc::eligible_leaders_not_available,
                "Eligible topic partition leaders are not available."};
    }
    out.push_back(std::move(*change));
    return no_error();
}

using WantedPartitions = std::map<std::string, std::vector<std::int32_t>>;

WantedPartitions all_partitions(const metadata::Image& image) {
    WantedPartitions all;
    for (const auto& topic : image.topics_sorted()) {
        for (std::int32_t i = 0; i < topic->partition_count(); ++i) all[topic->name].push_back(i);
    }
    return all;
}

WantedPartitions wanted_of(const protocol::ElectLeadersRequest& request) {
    WantedPartitions wanted;
    for (const auto& topic : *request.topic_partitions) {
        auto& numbers = wanted[topic.topic];
        for (const auto number : topic.partitions) {
            if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
        }
    }
    return wanted;
}

}  // namespace

Decision<protocol::ElectLeadersResponse> elect_leaders(
    const State& state, const protocol::ElectLeadersRequest& request) {
    Decision<protocol::ElectLeadersResponse> decision;
    const bool all = !request.topic_partitions.has_value();
    const auto type = request.election_type;
    const bool known_type = type == kPreferred || type == kUnclean;
    const auto kind = type == kUnclean ? ElectionKind::unclean : ElectionKind::preferred;
    if (!known_type) {
        decision.response.error_code = static_cast<std::int16_t>(Errc::invalid_request);
    }
    for (const auto& [name, numbers] : all ? all_partitions(*state.image) : wanted_of(request)) {
        protocol::ElectLeadersResponse::ReplicaElectionResult topic;
        topic.topic = name;
        for (const auto number : numbers) {
            const auto outcome = known_type ? elect_one(state, name, number, kind, decision.records)
                                            : Error(Errc::invalid_request,
                                                    fmt::format("Unknown election type {}", type));
            // Asked for all, those that need nothing are not listed.
            if (all && outcome.code == Errc::election_not_needed) continue;
            auto& result = topic.partition_result.emplace_back();
            result.partition_id = number;
            result.error_code = static_cast<std::int16_t>(outcome.code);
            result.error_message = text_of(outcome);
        }
        if (!topic.partition_result.empty() || !all) {
            decision.response.replica_election_results.push_back(std::move(topic));
        }
    }
    return decision;
}

namespace {

// One replica's new directory; a replica in a directory that is not online leaves the ISR.
Errc assign_one(const State& state, const metadata::Broker& broker, const Uuid& directory,
                const metadata::Topic* topic, std::int32_t number, Records& out) {
    if (topic == nullptr) return Errc::unknown_topic_id;
    const auto* p = topic->partition(number);
    if (p == nullptr) return Errc::unknown_topic_or_partition;
    const auto at = std::ranges::find(p->replicas, broker.id);
    if (at == p->replicas.end()) return Errc::not_leader_or_follower;
    auto moved = *p;
    moved.directories.resize(p->replicas.size(), kDirMigrating);
    moved.directories[static_cast<std::size_t>(at - p->replicas.begin())] = directory;
    Target target;
    target.directories = moved.directories;
    const auto election = state.election(topic->name, moved);
    if (!broker.has_directory(directory)) {
        target.isr = p->isr;
        std::erase(*target.isr, broker.id);
    }
    if (auto change = change_partition(topic->id, number, *p, target, election)) {
        out.push_back(std::move(*change));
    }
    return Errc::none;
}

}  // namespace

Decision<protocol::AssignReplicasToDirsResponse> assign_directories(
    const State& state, const protocol::AssignReplicasToDirsRequest& request) {
    Decision<protocol::AssignReplicasToDirsResponse> decision;
    const auto broker = state.check_broker(request.broker_id, request.broker_epoch);
    if (!broker) {
        decision.response.error_code = static_cast<std::int16_t>(broker.error().code);
        return decision;
    }
    if (!state.image->metadata_version().assigns_directories()) {
        decision.response.error_code = static_cast<std::int16_t>(Errc::unsupported_version);
        return decision;
    }
    std::map<std::pair<Uuid, std::int32_t>, bool> seen;
    for (const auto& directory : request.directories) {
        auto& told = decision.response.directories.emplace_back();
        told.id = directory.id;
        for (const auto& topic : directory.topics) {
            auto& answered = told.topics.emplace_back();
            answered.topic_id = topic.topic_id;
            const auto* known = state.image->topic(topic.topic_id);
            for (const auto& partition : topic.partitions) {
                auto& one = answered.partitions.emplace_back();
                one.partition_index = partition.partition_index;
                const auto key = std::pair(topic.topic_id, partition.partition_index);
                const auto code = !seen.emplace(key, true).second
                                      ? Errc::invalid_request
                                      : assign_one(state, **broker, directory.id, known,
                                                   partition.partition_index, decision.records);
                one.error_code = static_cast<std::int16_t>(code);
            }
        }
    }
    return decision;
}

}  // namespace kcore::controller
