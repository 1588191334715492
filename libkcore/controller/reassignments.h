#pragma once
// AlterPartitionReassignments and ListPartitionReassignments (KIP-455). This version moves nothing
// between brokers yet: a target that differs from what a partition has is refused.

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
