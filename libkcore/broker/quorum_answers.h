#pragma once
// What the leader of the metadata quorum answers about it: DescribeQuorum, and AddRaftVoter and
// RemoveRaftVoter of a quorum whose voters are fixed (kraft.version 0; KIP-595, KIP-853).

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/api/add_raft_voter.h"
#include "protocol/api/controller_registration.h"
#include "protocol/api/describe_quorum.h"
#include "protocol/api/remove_raft_voter.h"

namespace kcore::broker {

// As its leader sees it.
struct QuorumView {
    std::int32_t node_id = -1;
    std::string cluster_id;
    std::int32_t epoch = 0;
    std::int64_t high_watermark = 0;
    std::int16_t kraft_version = 0;
    std::vector<protocol::DescribeQuorumResponse::ReplicaState> voters;
    std::vector<protocol::DescribeQuorumResponse::ReplicaState> observers;
    std::vector<protocol::ControllerRegistrationRequest::Listener> listeners;
};

protocol::DescribeQuorumResponse describe_quorum(const QuorumView& view,
                                                 const protocol::DescribeQuorumRequest& request,
                                                 std::int16_t version);
protocol::AddRaftVoterResponse add_voter(const QuorumView& view,
                                         const protocol::AddRaftVoterRequest& request);
protocol::RemoveRaftVoterResponse remove_voter(const QuorumView& view,
                                               const protocol::RemoveRaftVoterRequest& request);

}  // namespace kcore::broker
