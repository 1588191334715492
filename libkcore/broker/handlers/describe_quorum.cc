// DescribeQuorum: who votes over the metadata log, who follows it, and how far each has come. Only
// the leader knows.

#include "protocol/api/describe_quorum.h"
#include "broker/controller_runner.h"
#include "broker/handlers/controller_handlers.h"
#include "broker/services.h"
#include "raft/wire.h"

namespace kcore::broker {

namespace {

using protocol::DescribeQuorumRequest;
using protocol::DescribeQuorumResponse;
using raft::Leadership;

constexpr std::int16_t kFirstWithDirectories = 2;

// Wall-clock times of what the replica measures on a clock that never goes back.
struct Times {
    std::int64_t wall_ms = 0;
    std::int64_t now_ms = 0;
    std::int64_t of(std::int64_t at_ms) const { return at_ms < 0 ? -1 : wall_ms - now_ms + at_ms; }
};

DescribeQuorumResponse::ReplicaState state_of(const Leadership::Progress& progress,
                                              const Times& times) {
    DescribeQuorumResponse::ReplicaState state;
    state.replica_id = progress.key.id;
    state.replica_directory_id = progress.key.directory;
    state.log_end_offset = progress.end_offset;
    state.last_fetch_timestamp = times.of(progress.fetch_ms);
    state.last_caught_up_timestamp = times.of(progress.caught_up_ms);
    return state;
}

void describe(const raft::Node& node, const Times& times,
              DescribeQuorumResponse::PartitionData& out) {
    const auto& replica = node.replica();
    out.leader_id = replica.election().leader;
    out.leader_epoch = replica.epoch();
    if (!replica.leadership()) {
        out.error_code = static_cast<std::int16_t>(Errc::not_leader_or_follower);
        return;
    }
    out.high_watermark = replica.high_watermark();
    for (const auto& [id, progress] : replica.leadership()->voters()) {
        auto one = progress;
        if (id == replica.self().id) {
            one.end_offset = node.log_end_offset();
            one.fetch_ms = one.caught_up_ms = times.now_ms;
        }
        out.current_voters.push_back(state_of(one, times));
    }
    for (const auto& [key, progress] : replica.leadership()->observers()) {
        out.observers.push_back(state_of(progress, times));
    }
}

void forget_directories(DescribeQuorumResponse::PartitionData& out) {
    for (auto& one : out.current_voters) one.replica_directory_id = Uuid();
    for (auto& one : out.observers) one.replica_directory_id = Uuid();
}

void add_nodes(const raft::VoterSet& voters, DescribeQuorumResponse& out) {
    for (const auto& [id, voter] : voters.all()) {
        auto& node = out.nodes.emplace_back();
        node.node_id = id;
        for (const auto& endpoint : voter.endpoints) {
            auto& listener = node.listeners.emplace_back();
            listener.name = endpoint.name;
            listener.host = endpoint.address.host;
            listener.port = endpoint.address.port;
        }
    }
}

}  // namespace

Outcome describe_quorum_here(Request& request) {
    auto body = request.decode<DescribeQuorumRequest>();
    if (!body) return request.malformed(body.error());
    const auto& node = request.services.controller_runner->node();
    const auto since = request.env.clock.now().time_since_epoch();
    const Times times{request.env.clock.wall_ms(),
                      std::chrono::duration_cast<io::Milliseconds>(since).count()};
    DescribeQuorumResponse response;
    response.error_message.reset();
    for (const auto& topic : body->topics) {
        auto& answered = response.topics.emplace_back();
        answered.topic_name = topic.topic_name;
        for (const auto& partition : topic.partitions) {
            auto& out = answered.partitions.emplace_back();
            out.partition_index = partition.partition_index;
            out.error_message.reset();
            if (topic.topic_name == raft::kMetadataTopic && partition.partition_index == 0) {
                describe(node, times, out);
            } else {
                out.error_code = static_cast<std::int16_t>(Errc::unknown_topic_or_partition);
            }
            if (request.version() < kFirstWithDirectories) forget_directories(out);
        }
    }
    const bool has_nodes = request.version() >= kFirstWithDirectories;
    if (node.replica().leadership() && has_nodes)
        add_nodes(node.replica().voters().voters(), response);
    return request.answer(response);
}

}  // namespace kcore::broker
