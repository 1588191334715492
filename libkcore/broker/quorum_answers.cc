#include "broker/quorum_answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/result.h"

namespace kcore::broker {

namespace {

using protocol::DescribeQuorumResponse;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";

DescribeQuorumResponse::PartitionData describe(const QuorumView& view) {
    DescribeQuorumResponse::PartitionData answer;
    answer.leader_id = view.node_id;
    answer.leader_epoch = view.epoch;
    answer.high_watermark = view.high_watermark;
    answer.current_voters = view.voters;
    answer.observers = view.observers;
    return answer;
}

DescribeQuorumResponse::Node node_of(const QuorumView& view) {
    DescribeQuorumResponse::Node node;
    node.node_id = view.node_id;
    for (const auto& listener : view.listeners) {
        auto& added = node.listeners.emplace_back();
        added.name = listener.name;
        added.host = listener.host;
        added.port = listener.port;
    }
    return node;
}

Result<void> check_cluster(const QuorumView& view, const std::optional<std::string>& cluster_id) {
    if (!cluster_id || *cluster_id == view.cluster_id) return {};
    return fail(Errc::inconsistent_cluster_id,
                fmt::format("The given id \"{}\" doesn't match the cluster id \"{}\"", *cluster_id,
                            view.cluster_id));
}

Result<void> refuse_change(const QuorumView& view, std::string_view change) {
    if (view.kraft_version > 0) {
        return fail(Errc::unsupported_version,
                    fmt::format("A broker does not hand on {} a voter: ask the controllers' "
                                "listener",
                                change));
    }
    return fail(Errc::unsupported_version,
                fmt::format("Cluster doesn't support {} voter because the kraft.version feature "
                            "is 0",
                            change));
}

Result<void> check_voter(const QuorumView& view, const protocol::AddRaftVoterRequest& request) {
    if (auto ok = check_cluster(view, request.cluster_id); !ok) return ok;
    if (request.voter_id < 0) {
        return fail(Errc::invalid_request, "Add voter request didn't include a valid voter");
    }
    const auto is_known = [&](const auto& listener) {
        return std::ranges::find(view.listeners, listener.name,
                                 &protocol::ControllerRegistrationRequest::Listener::name) !=
               view.listeners.end();
    };
    if (!std::ranges::any_of(request.listeners, is_known)) {
        return fail(Errc::invalid_request,
                    "Add voter request didn't include the endpoint for the default listener");
    }
    return refuse_change(view, "adding");
}

template <class Response>
Response refused(const Result<void>& outcome) {
    Response response;
    response.error_code = static_cast<std::int16_t>(outcome.error().code);
    response.error_message = outcome.error().what;
    return response;
}

}  // namespace

DescribeQuorumResponse describe_quorum(const QuorumView& view,
                                       const protocol::DescribeQuorumRequest& request,
                                       std::int16_t version) {
    constexpr std::int16_t kFirstWithNodes = 2;
    DescribeQuorumResponse response;
    bool is_described = false;
    for (const auto& topic : request.topics) {
        auto& answered = response.topics.emplace_back();
        answered.topic_name = topic.topic_name;
        for (const auto& asked : topic.partitions) {
            auto& answer = answered.partitions.emplace_back();
            if (topic.topic_name == kMetadataTopic && asked.partition_index == 0) {
                answer = describe(view);
                is_described = true;
                continue;
            }
            const auto code = Errc::unknown_topic_or_partition;
            answer.partition_index = asked.partition_index;
            answer.error_code = static_cast<std::int16_t>(code);
            answer.error_message = error_info(code).message;
        }
    }
    if (is_described && version >= kFirstWithNodes) response.nodes.push_back(node_of(view));
    return response;
}

protocol::AddRaftVoterResponse add_voter(const QuorumView& view,
                                         const protocol::AddRaftVoterRequest& request) {
    return refused<protocol::AddRaftVoterResponse>(check_voter(view, request));
}

protocol::RemoveRaftVoterResponse remove_voter(const QuorumView& view,
                                               const protocol::RemoveRaftVoterRequest& request) {
    Result<void> outcome = check_cluster(view, request.cluster_id);
    if (outcome) {
        outcome = refuse_change(view, "removing");
    }
    return refused<protocol::RemoveRaftVoterResponse>(outcome);
}

}  // namespace kcore::broker
