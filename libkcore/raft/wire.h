#pragma once
// The messages between replicas as they stand on the wire, both ways. Every message is about
// partition 0 of __cluster_metadata; one about anything else is refused.

#include <optional>
#include <string>

#include "base/topic_partition.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/begin_quorum_epoch.h"
#include "protocol/api/end_quorum_epoch.h"
#include "protocol/api/fetch.h"
#include "protocol/api/fetch_snapshot.h"
#include "protocol/api/remove_raft_voter.h"
#include "protocol/api/update_raft_voter.h"
#include "protocol/api/vote.h"
#include "raft/messages.h"

namespace kcore::raft {

// --- What a replica asks
protocol::VoteRequest to_wire(const VoteRequest& ask, const std::string& cluster_id);
protocol::BeginQuorumEpochRequest to_wire(const BeginEpochRequest& ask,
                                          const std::string& cluster_id);
protocol::EndQuorumEpochRequest to_wire(const EndEpochRequest& ask, const std::string& cluster_id);
// For version 15 (Kafka 3.5) and later.
protocol::FetchRequest to_wire(const FetchRequest& ask, const std::string& cluster_id);
protocol::FetchSnapshotRequest to_wire(const FetchSnapshotRequest& ask,
                                       const std::string& cluster_id);
protocol::AddRaftVoterRequest to_wire(const AddVoterRequest& ask, const std::string& cluster_id);
protocol::RemoveRaftVoterRequest to_wire(const RemoveVoterRequest& ask,
                                         const std::string& cluster_id);
protocol::UpdateRaftVoterRequest to_wire(const UpdateVoterRequest& ask,
                                         const std::string& cluster_id);

// invalid_request, unknown_topic_or_partition: about something else than the metadata log.
Result<VoteRequest> from_wire(const protocol::VoteRequest& ask);
Result<BeginEpochRequest> from_wire(const protocol::BeginQuorumEpochRequest& ask);
Result<EndEpochRequest> from_wire(const protocol::EndQuorumEpochRequest& ask);
Result<FetchRequest> from_wire(const protocol::FetchRequest& ask);
Result<FetchSnapshotRequest> from_wire(const protocol::FetchSnapshotRequest& ask);
Result<AddVoterRequest> from_wire(const protocol::AddRaftVoterRequest& ask);
Result<RemoveVoterRequest> from_wire(const protocol::RemoveRaftVoterRequest& ask);
Result<UpdateVoterRequest> from_wire(const protocol::UpdateRaftVoterRequest& ask);

// --- What it answers. Records of the result are views into the argument.
void to_wire(const VoteResponse& answer, protocol::VoteResponse& out);
void to_wire(const EpochResponse& answer, protocol::BeginQuorumEpochResponse& out);
void to_wire(const EpochResponse& answer, protocol::EndQuorumEpochResponse& out);
void to_wire(const FetchResponse& answer, protocol::FetchResponse& out);
void to_wire(const FetchSnapshotResponse& answer, protocol::FetchSnapshotResponse& out);
void to_wire(const VotersResponse& answer, protocol::AddRaftVoterResponse& out);
void to_wire(const VotersResponse& answer, protocol::RemoveRaftVoterResponse& out);
void to_wire(const VotersResponse& answer, protocol::UpdateRaftVoterResponse& out);

// An answer that is about something else, or an error of the whole, becomes an error.
VoteResponse from_wire(const protocol::VoteResponse& answer);
EpochResponse from_wire(const protocol::BeginQuorumEpochResponse& answer);
EpochResponse from_wire(const protocol::EndQuorumEpochResponse& answer);
FetchResponse from_wire(const protocol::FetchResponse& answer);
FetchSnapshotResponse from_wire(const protocol::FetchSnapshotResponse& answer);
VotersResponse from_wire(const protocol::AddRaftVoterResponse& answer);
VotersResponse from_wire(const protocol::RemoveRaftVoterResponse& answer);
VotersResponse from_wire(const protocol::UpdateRaftVoterResponse& answer);

}  // namespace kcore::raft
