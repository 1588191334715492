#pragma once
// What follows for partitions when a broker or one of its directories comes or goes, and what
// brokers and admins ask about leaders and in-sync replicas.

#include <cstdint>
#include <set>
#include <vector>

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/alter_partition.h"
#include "protocol/api/assign_replicas_to_dirs.h"
#include "protocol/api/elect_leaders.h"

namespace kcore::controller {

using Records = std::vector<metadata::Record>;

// The broker can neither lead nor be in sync any more. `lost`: it restarted uncleanly.
void leave_isr(const State& state, std::int32_t broker, bool lost, Records& out);
// The broker became active (the records that say so are not applied yet): it may lead what nobody
// leads.
void lead_again(const State& state, std::int32_t broker, Records& out);
// Its replicas in these directories are gone.
void lose_directories(const State& state, std::int32_t broker, const std::set<Uuid>& directories,
                      Records& out);
bool has_leaderships(const metadata::Image& image, std::int32_t broker);

// Moves leadership to the first replica where that is possible; and where nobody leads, to whoever
// may, uncleanly where the topic allows it. At most `limit` changes.
void rebalance_leaders(const State& state, std::size_t limit, Records& out);
void elect_unclean(const State& state, std::size_t limit, Records& out);

Decision<protocol::AlterPartitionResponse> alter_partition(
    const State& state, const protocol::AlterPartitionRequest& request);
Decision<protocol::ElectLeadersResponse> elect_leaders(
    const State& state, const protocol::ElectLeadersRequest& request);
Decision<protocol::AssignReplicasToDirsResponse> assign_directories(
    const State& state, const protocol::AssignReplicasToDirsRequest& request);

}  // namespace kcore::controller
