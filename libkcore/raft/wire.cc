#include "raft/wire.h"

#include <algorithm>
#include <utility>

namespace kcore::raft {
namespace {

// The only partition of the only topic, by whatever name the message has for its list.
template <class Topics>
auto only_partition(Topics& topics) -> decltype(&topics.front().partitions.front()) {
    if (topics.size() != 1 || topics.front().partitions.size() != 1) return nullptr;
    return &topics.front().partitions.front();
}

template <class Partition>
bool is_zero(const Partition& partition) {
    if constexpr (requires { partition.partition_index; }) {
        return partition.partition_index == 0;
    } else if constexpr (requires { partition.partition; }) {
        return partition.partition == 0;
    } else {
        return partition.index == 0;
    }
}

template <class Topic>
bool is_metadata(const Topic& topic) {
    if constexpr (requires { topic.topic_name; }) {
        return topic.topic_name == kMetadataTopic;
    } else if constexpr (requires { topic.topic_id; }) {
        return topic.topic_id == kMetadataTopicId || topic.topic == kMetadataTopic;
    } else {
        return topic.name == kMetadataTopic;
    }
}

std::unexpected<Error> about_something_else() {
    return fail(Errc::invalid_request, "not about partition 0 of __cluster_metadata alone");
}

// The partition that a request is about.
template <class Topics>
auto asked_for(Topics& topics) -> decltype(only_partition(topics)) {
    const auto partition = only_partition(topics);
    if (partition == nullptr || !is_metadata(topics.front()) || !is_zero(*partition)) {
        return nullptr;
    }
    return partition;
}

template <class Message>
auto& add_partition(Message& message) {
    auto& topic = message.topics.emplace_back();
    if constexpr (requires { topic.topic_name; }) {
        topic.topic_name = kMetadataTopic;
    } else {
        topic.name = kMetadataTopic;
    }
    return topic.partitions.emplace_back();
}

template <class List>
void put_endpoints(const std::vector<Endpoint>& from, List& to) {
    for (const auto& endpoint : from) {
        auto& added = to.emplace_back();
        added.name = endpoint.name;
        added.host = endpoint.address.host;
        added.port = endpoint.address.port;
    }
}

template <class List>
std::vector<Endpoint> endpoints_of(const List& from) {
    std::vector<Endpoint> endpoints;
    for (const auto& one : from) endpoints.push_back({one.name, {one.host, one.port}});
    return endpoints;
}

template <class Message>
void put_leader_endpoint(const LeaderInfo& leader, Message& out) {
    if (leader.leader == kNobody || !leader.address) return;
    auto& added = out.node_endpoints.emplace_back();
    added.node_id = leader.leader;
    added.host = leader.address->host;
    added.port = leader.address->port;
}

template <class Message>
LeaderInfo leader_of(std::int32_t leader, std::int32_t epoch, const Message& message) {
    LeaderInfo info;
    info.leader = leader;
    info.epoch = epoch;
    for (const auto& node : message.node_endpoints) {
        if (node.node_id == leader) {
            info.address = io::Address{node.host, static_cast<std::uint16_t>(node.port)};
        }
    }
    return info;
}

// Answers of the old kind have leader and epoch beside the error, the newer ones in a struct.
template <class Partition>
concept HasCurrentLeader = requires(Partition partition) { partition.current_leader; };

// Error and leader of an answer, and the partition that holds the rest; null when that is all.
template <class Message, class Topics, class Answer>
auto open_answer(const Message& message, const Topics& topics, Answer& out)
    -> decltype(only_partition(topics)) {
    out.error = errc_from_wire(message.error_code);
    if (out.error != Errc::none) return nullptr;
    const auto* partition = only_partition(topics);
    if (partition == nullptr) {
        out.error = Errc::corrupt_message;
        return nullptr;
    }
    out.error = errc_from_wire(partition->error_code);
    if constexpr (HasCurrentLeader<decltype(*partition)>) {
        out.leader = leader_of(partition->current_leader.leader_id,
                               partition->current_leader.leader_epoch, message);
    } else {
        out.leader = leader_of(partition->leader_id, partition->leader_epoch, message);
    }
    return partition;
}

template <class Answer, class Partition, class Message>
void put_answer(const Answer& answer, Partition& partition, Message& out) {
    partition.error_code = static_cast<std::int16_t>(answer.error);
    if constexpr (HasCurrentLeader<Partition>) {
        partition.current_leader.leader_id = answer.leader.leader;
        partition.current_leader.leader_epoch = answer.leader.epoch;
    } else {
        partition.leader_id = answer.leader.leader;
        partition.leader_epoch = answer.leader.epoch;
    }
    put_leader_endpoint(answer.leader, out);
}

template <class Answer, class Message>
Answer plain_answer(const Message& message) {
    Answer answer;
    open_answer(message, message.topics, answer);
    return answer;
}

template <class Answer, class Message>
auto& put_plain_answer(const Answer& answer, Message& out) {
    auto& partition = add_partition(out);
    put_answer(answer, partition, out);
    return partition;
}

// What all requests about voters begin with.
template <class Message>
Message about_voter(const ReplicaKey& key, const std::string& cluster_id) {
    Message out;
    out.cluster_id = cluster_id;
    out.voter_id = key.id;
    out.voter_directory_id = key.directory;
    return out;
}

template <class Message>
ReplicaKey voter_in(const Message& message) {
    return {message.voter_id, message.voter_directory_id};
}

template <class Message>
void put_outcome(const VotersResponse& answer, Message& out) {
    out.error_code = static_cast<std::int16_t>(answer.error);
    out.error_message.reset();
    if (!answer.message.empty()) out.error_message = answer.message;
}

template <class Message>
VotersResponse outcome_in(const Message& answer) {
    return {errc_from_wire(answer.error_code), answer.error_message.value_or(""), {}};
}

}  // namespace

// --- Vote

protocol::VoteRequest to_wire(const VoteRequest& ask, const std::string& cluster_id) {
    protocol::VoteRequest out;
    out.cluster_id = cluster_id;
    out.voter_id = ask.voter.id;
    auto& partition = add_partition(out);
    partition.replica_epoch = ask.epoch;
    partition.replica_id = ask.candidate.id;
    partition.replica_directory_id = ask.candidate.directory;
    partition.voter_directory_id = ask.voter.directory;
    partition.last_offset_epoch = ask.last.epoch;
    partition.last_offset = ask.last.offset;
    partition.pre_vote = ask.is_pre_vote;
    return out;
}

Result<VoteRequest> from_wire(const protocol::VoteRequest& ask) {
    const auto* partition = asked_for(ask.topics);
    if (partition == nullptr) return about_something_else();
    VoteRequest out;
    out.candidate = {partition->replica_id, partition->replica_directory_id};
    out.voter = {ask.voter_id, partition->voter_directory_id};
    out.epoch = partition->replica_epoch;
    out.last = {partition->last_offset, partition->last_offset_epoch};
    out.is_pre_vote = partition->pre_vote;
    return out;
}

void to_wire(const VoteResponse& answer, protocol::VoteResponse& out) {
    put_plain_answer(answer, out).vote_granted = answer.is_granted;
}

VoteResponse from_wire(const protocol::VoteResponse& answer) {
    VoteResponse out;
    const auto* partition = open_answer(answer, answer.topics, out);
    out.is_granted = partition != nullptr && partition->vote_granted;
    return out;
}

// --- BeginQuorumEpoch, EndQuorumEpoch

protocol::BeginQuorumEpochRequest to_wire(const BeginEpochRequest& ask,
                                          const std::string& cluster_id) {
    protocol::BeginQuorumEpochRequest out;
    out.cluster_id = cluster_id;
    out.voter_id = ask.voter.id;
    auto& partition = add_partition(out);
    partition.voter_directory_id = ask.voter.directory;
    partition.leader_id = ask.leader;
    partition.leader_epoch = ask.epoch;
    put_endpoints(ask.endpoints, out.leader_endpoints);
    return out;
}

Result<BeginEpochRequest> from_wire(const protocol::BeginQuorumEpochRequest& ask) {
    const auto* partition = asked_for(ask.topics);
    if (partition == nullptr) return about_something_else();
    BeginEpochRequest out;
    out.voter = {ask.voter_id, partition->voter_directory_id};
    out.leader = partition->leader_id;
    out.epoch = partition->leader_epoch;
    out.endpoints = endpoints_of(ask.leader_endpoints);
    return out;
}

void to_wire(const EpochResponse& answer, protocol::BeginQuorumEpochResponse& out) {
    put_plain_answer(answer, out);
}

EpochResponse from_wire(const protocol::BeginQuorumEpochResponse& answer) {
    return plain_answer<EpochResponse>(answer);
}

protocol::EndQuorumEpochRequest to_wire(const EndEpochRequest& ask, const std::string& cluster_id) {
    protocol::EndQuorumEpochRequest out;
    out.cluster_id = cluster_id;
    auto& partition = add_partition(out);
    partition.leader_id = ask.leader;
    partition.leader_epoch = ask.epoch;
    for (const auto& key : ask.successors) {
        partition.preferred_successors.push_back(key.id);
        auto& candidate = partition.preferred_candidates.emplace_back();
        candidate.candidate_id = key.id;
        candidate.candidate_directory_id = key.directory;
    }
    put_endpoints(ask.endpoints, out.leader_endpoints);
    return out;
}

Result<EndEpochRequest> from_wire(const protocol::EndQuorumEpochRequest& ask) {
    const auto* partition = asked_for(ask.topics);
    if (partition == nullptr) return about_something_else();
    EndEpochRequest out;
    out.leader = partition->leader_id;
    out.epoch = partition->leader_epoch;
    for (const auto id : partition->preferred_successors) out.successors.push_back({id, {}});
    for (const auto& one : partition->preferred_candidates) {
        out.successors.push_back({one.candidate_id, one.candidate_directory_id});
    }
    out.endpoints = endpoints_of(ask.leader_endpoints);
    return out;
}

void to_wire(const EpochResponse& answer, protocol::EndQuorumEpochResponse& out) {
    put_plain_answer(answer, out);
}

EpochResponse from_wire(const protocol::EndQuorumEpochResponse& answer) {
    return plain_answer<EpochResponse>(answer);
}

// --- Fetch

protocol::FetchRequest to_wire(const FetchRequest& ask, const std::string& cluster_id) {
    protocol::FetchRequest out;
    out.cluster_id = cluster_id;
    out.replica_state.replica_id = ask.replica.id;
    out.max_wait_ms = ask.max_wait_ms;
    out.min_bytes = 0;
    out.max_bytes = ask.max_bytes;
    auto& topic = out.topics.emplace_back();
    topic.topic = kMetadataTopic;
    topic.topic_id = kMetadataTopicId;
    auto& partition = topic.partitions.emplace_back();
    partition.current_leader_epoch = ask.epoch;
    partition.fetch_offset = ask.from.offset;
    partition.last_fetched_epoch = ask.from.epoch;
    partition.log_start_offset = -1;
    partition.partition_max_bytes = ask.max_bytes;
    partition.replica_directory_id = ask.replica.directory;
    partition.high_watermark = ask.high_watermark;
    return out;
}

Result<FetchRequest> from_wire(const protocol::FetchRequest& ask) {
    const auto* partition = asked_for(ask.topics);
    if (partition == nullptr) return about_something_else();
    FetchRequest out;
    const bool has_state = ask.replica_state.replica_id >= 0;
    out.replica.id = has_state ? ask.replica_state.replica_id : ask.replica_id;
    out.replica.directory = partition->replica_directory_id;
    out.epoch = partition->current_leader_epoch;
    out.from = {partition->fetch_offset, partition->last_fetched_epoch};
    out.high_watermark = partition->high_watermark;
    // The partition's limit is zero with old controllers, which know only the limit of the whole.
    out.max_bytes = partition->partition_max_bytes > 0
                        ? std::min(ask.max_bytes, partition->partition_max_bytes)
                        : ask.max_bytes;
    out.max_wait_ms = ask.max_wait_ms;
    return out;
}

void to_wire(const FetchResponse& answer, protocol::FetchResponse& out) {
    auto& topic = out.responses.emplace_back();
    topic.topic = kMetadataTopic;
    topic.topic_id = kMetadataTopicId;
    auto& partition = topic.partitions.emplace_back();
    put_answer(answer, partition, out);
    partition.high_watermark = answer.high_watermark;
    partition.last_stable_offset = answer.high_watermark;
    partition.log_start_offset = answer.log_start;
    partition.aborted_transactions.reset();
    if (answer.diverging) {
        partition.diverging_epoch.epoch = answer.diverging->epoch;
        partition.diverging_epoch.end_offset = answer.diverging->end_offset;
    }
    if (answer.snapshot) {
        partition.snapshot_id.end_offset = answer.snapshot->end_offset;
        partition.snapshot_id.epoch = answer.snapshot->epoch;
    }
    partition.records = protocol::Records(BytesView(answer.records));
}

FetchResponse from_wire(const protocol::FetchResponse& answer) {
    FetchResponse out;
    const auto* partition = open_answer(answer, answer.responses, out);
    if (partition == nullptr) return out;
    out.high_watermark = partition->high_watermark;
    out.log_start = partition->log_start_offset;
    if (partition->diverging_epoch.end_offset >= 0) {
        out.diverging = {partition->diverging_epoch.epoch, partition->diverging_epoch.end_offset};
    }
    if (partition->snapshot_id.end_offset >= 0) {
        out.snapshot = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    }
    out.records = to_bytes(partition->records.bytes);
    return out;
}

// --- FetchSnapshot

protocol::FetchSnapshotRequest to_wire(const FetchSnapshotRequest& ask,
                                       const std::string& cluster_id) {
    protocol::FetchSnapshotRequest out;
    out.cluster_id = cluster_id;
    out.replica_id = ask.replica.id;
    out.max_bytes = ask.max_bytes;
    auto& partition = add_partition(out);
    partition.current_leader_epoch = ask.epoch;
    partition.snapshot_id.end_offset = ask.id.end_offset;
    partition.snapshot_id.epoch = ask.id.epoch;
    partition.position = ask.position;
    partition.replica_directory_id = ask.replica.directory;
    return out;
}

Result<FetchSnapshotRequest> from_wire(const protocol::FetchSnapshotRequest& ask) {
    const auto* partition = asked_for(ask.topics);
    if (partition == nullptr) return about_something_else();
    FetchSnapshotRequest out;
    out.replica = {ask.replica_id, partition->replica_directory_id};
    out.epoch = partition->current_leader_epoch;
    out.id = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    out.position = partition->position;
    out.max_bytes = ask.max_bytes;
    return out;
}

void to_wire(const FetchSnapshotResponse& answer, protocol::FetchSnapshotResponse& out) {
    auto& partition = add_partition(out);
    put_answer(answer, partition, out);
    partition.snapshot_id.end_offset = answer.id.end_offset;
    partition.snapshot_id.epoch = answer.id.epoch;
    partition.size = answer.size;
    partition.position = answer.position;
    partition.unaligned_records = protocol::Records(BytesView(answer.bytes));
}

FetchSnapshotResponse from_wire(const protocol::FetchSnapshotResponse& answer) {
    FetchSnapshotResponse out;
    const auto* partition = open_answer(answer, answer.topics, out);
    if (partition == nullptr) return out;
    out.id = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    out.size = partition->size;
    out.position = partition->position;
    out.bytes = to_bytes(partition->unaligned_records.bytes);
    return out;
}

// --- AddRaftVoter, RemoveRaftVoter, UpdateRaftVoter

protocol::AddRaftVoterRequest to_wire(const AddVoterRequest& ask, const std::string& cluster_id) {
    auto out = about_voter<protocol::AddRaftVoterRequest>(ask.voter.key, cluster_id);
    out.timeout_ms = ask.timeout_ms;
    put_endpoints(ask.voter.endpoints, out.listeners);
    out.ack_when_committed = ask.ack_when_committed;
    return out;
}

Result<AddVoterRequest> from_wire(const protocol::AddRaftVoterRequest& ask) {
    AddVoterRequest out;
    out.voter.key = voter_in(ask);
    out.voter.endpoints = endpoints_of(ask.listeners);
    out.ack_when_committed = ask.ack_when_committed;
    out.timeout_ms = ask.timeout_ms;
    return out;
}

protocol::RemoveRaftVoterRequest to_wire(const RemoveVoterRequest& ask,
                                         const std::string& cluster_id) {
    return about_voter<protocol::RemoveRaftVoterRequest>(ask.voter, cluster_id);
}

Result<RemoveVoterRequest> from_wire(const protocol::RemoveRaftVoterRequest& ask) {
    return RemoveVoterRequest{voter_in(ask)};
}

protocol::UpdateRaftVoterRequest to_wire(const UpdateVoterRequest& ask,
                                         const std::string& cluster_id) {
    auto out = about_voter<protocol::UpdateRaftVoterRequest>(ask.voter.key, cluster_id);
    out.current_leader_epoch = ask.epoch;
    put_endpoints(ask.voter.endpoints, out.listeners);
    out.kraft_version_feature.min_supported_version = ask.voter.version_min;
    out.kraft_version_feature.max_supported_version = ask.voter.version_max;
    return out;
}

Result<UpdateVoterRequest> from_wire(const protocol::UpdateRaftVoterRequest& ask) {
    UpdateVoterRequest out;
    out.epoch = ask.current_leader_epoch;
    out.voter.key = voter_in(ask);
    out.voter.endpoints = endpoints_of(ask.listeners);
    out.voter.version_min = ask.kraft_version_feature.min_supported_version;
    out.voter.version_max = ask.kraft_version_feature.max_supported_version;
    return out;
}

void to_wire(const VotersResponse& answer, protocol::AddRaftVoterResponse& out) {
    put_outcome(answer, out);
}

void to_wire(const VotersResponse& answer, protocol::RemoveRaftVoterResponse& out) {
    put_outcome(answer, out);
}

void to_wire(const VotersResponse& answer, protocol::UpdateRaftVoterResponse& out) {
    out.error_code = static_cast<std::int16_t>(answer.error);
    out.current_leader.leader_id = answer.leader.leader;
    out.current_leader.leader_epoch = answer.leader.epoch;
    if (!answer.leader.address) return;
    out.current_leader.host = answer.leader.address->host;
    out.current_leader.port = answer.leader.address->port;
}

VotersResponse from_wire(const protocol::AddRaftVoterResponse& answer) {
    return outcome_in(answer);
}

VotersResponse from_wire(const protocol::RemoveRaftVoterResponse& answer) {
    return outcome_in(answer);
}

VotersResponse from_wire(const protocol::UpdateRaftVoterResponse& answer) {
    VotersResponse out;
    out.error = errc_from_wire(answer.error_code);
    out.leader.leader = answer.current_leader.leader_id;
    out.leader.epoch = answer.current_leader.leader_epoch;
    if (!answer.current_leader.host.empty()) {
        out.leader.address = {answer.current_leader.host,
                              static_cast<std::uint16_t>(answer.current_leader.port)};
    }
    return out;
}

}  // namespace kcore::raft
