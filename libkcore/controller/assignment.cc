#include "controller/assignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "controller/placement.h"
#include "metadata/snapshot.h"

namespace kcore::controller {
namespace {

std::unexpected<Error> refuse_assignment(std::string what) {
    return fail(Errc::invalid_replica_assignment, std::move(what));
}

bool is_cordoned(const metadata::Broker& broker, const Uuid& directory) {
    return broker.cordoned_log_dirs && std::ranges::find(*broker.cordoned_log_dirs, directory) !=
                                           broker.cordoned_log_dirs->end();
}

bool takes_partitions(const metadata::Broker& broker) {
    return broker.log_dirs.empty() || !std::ranges::all_of(broker.log_dirs, [&](const Uuid& d) {
               return is_cordoned(broker, d);
           });
}

}  // namespace

Result<void> check_replicas(const State& state, const Replicas& assigned,
                            std::optional<std::size_t> replicas) {
    if (assigned.empty())
        return refuse_assignment("The manual partition assignment includes an empty replica list.");
    std::set<std::int32_t> seen;
    auto sorted = assigned;
    std::ranges::sort(sorted);
    for (const auto id : sorted) {
        if (state.image->broker(id) == nullptr) {
            return refuse_assignment(
                fmt::format("The manual partition assignment includes broker {}, but no such "
                            "broker is registered.",
                            id));
        }
        if (!seen.insert(id).second) {
            return refuse_assignment(fmt::format(
                "The manual partition assignment includes the broker {} more than once.", id));
        }
    }
    if (replicas && assigned.size() != *replicas) {
        return refuse_assignment(
            fmt::format("The manual partition assignment includes a partition with {} "
                        "replica(s), but this is not consistent with previous partitions, "
                        "which have {} replica(s).",
                        assigned.size(), *replicas));
    }
    return {};
}

Result<std::vector<Replicas>> place_replicas(const State& state, std::int32_t partitions,
                                             std::int16_t replicas) {
    std::vector<Candidate> candidates;
    for (const auto& [id, broker] : *state.image->brokers) {
        if (!takes_partitions(*broker)) continue;
        candidates.push_back({id, broker->rack, !state.is_active(id)});
    }
    return place(candidates, partitions, replicas, state.random);
}

Result<metadata::Record> new_partition(const State& state, const Uuid& topic, std::int32_t number,
                                       const Replicas& replicas) {
    metadata::Partition partition;
    partition.replicas = replicas;
    for (const auto id : replicas) {
        partition.directories.push_back(state.directory_for(id));
        if (state.is_active(id)) partition.isr.push_back(id);
    }
    if (partition.isr.empty()) {
        return refuse_assignment(
            fmt::format("All brokers specified in the manual partition assignment for "
                        "partition {} are fenced or in controlled shutdown.",
                        number));
    }
    partition.leader = partition.isr.front();
    return metadata::make_record(state.image->metadata_version(), topic, number, partition);
}

}  // namespace kcore::controller
