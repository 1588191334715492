#include "broker/quorum_answers.h"

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

}  // namespace kcore::broker
