#pragma once
// What the leader of the metadata quorum answers about it (DescribeQuorum; KIP-595, KIP-853).

#include <cstdint>
#include <vector>

#include "protocol/api/controller_registration.h"
#include "protocol/api/describe_quorum.h"

namespace kcore::broker {

// As its leader sees it.
struct QuorumView {
    std::int32_t node_id = -1;
    std::int32_t epoch = 0;
    std::int64_t high_watermark = 0;
    std::vector<protocol::DescribeQuorumResponse::ReplicaState> voters;
    std::vector<protocol::DescribeQuorumResponse::ReplicaState> observers;
    std::vector<protocol::ControllerRegistrationRequest::Listener> listeners;
};

protocol::DescribeQuorumResponse describe_quorum(const QuorumView& view,
                                                 const protocol::DescribeQuorumRequest& request,
                                                 std::int16_t version);

}  // namespace kcore::broker
