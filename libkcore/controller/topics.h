#pragma once
// CreateTopics, CreatePartitions and DeleteTopics.

#include <cstdint>

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_topics.h"

namespace kcore::controller {

// New partitions of one request, at most.
inline constexpr std::int32_t kNewPartitionsMax = 10'000;

// A request whose timeout is zero or less is answered with request_timed_out and does nothing.
Decision<protocol::CreateTopicsResponse> create_topics(const State& state,
                                                       const protocol::CreateTopicsRequest& request,
                                                       const Moment& moment);
Decision<protocol::CreatePartitionsResponse> create_partitions(
    const State& state, const protocol::CreatePartitionsRequest& request, const Moment& moment);
// Both forms of the request: names (to version 5) and names or ids (from 6).
Decision<protocol::DeleteTopicsResponse> delete_topics(const State& state,
                                                       const protocol::DeleteTopicsRequest& request,
                                                       const Moment& moment);

}  // namespace kcore::controller
