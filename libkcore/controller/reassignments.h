#pragma once
// AlterPartitionReassignments and ListPartitionReassignments (KIP-455): the target replicas are
// added to those there are, and who is not among them goes when all of them are in sync.

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/alter_partition_reassignments.h"
#include "protocol/api/list_partition_reassignments.h"

namespace kcore::controller {

Decision<protocol::AlterPartitionReassignmentsResponse> alter_reassignments(
    const State& state, const protocol::AlterPartitionReassignmentsRequest& request);
Decision<protocol::ListPartitionReassignmentsResponse> list_reassignments(
    const State& state, const protocol::ListPartitionReassignmentsRequest& request);

}  // namespace kcore::controller
