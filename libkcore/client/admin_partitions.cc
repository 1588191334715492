#include <utility>

#include "client/leader_call.h"
#include "protocol/api/alter_partition_reassignments.h"
#include "protocol/api/delete_records.h"
#include "protocol/api/describe_producers.h"
#include "protocol/api/elect_leaders.h"
#include "protocol/api/list_partition_reassignments.h"

namespace kcore::client {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;
using protocol::DescribeProducersRequest;
using protocol::DescribeProducersResponse;

List<Trimmed> delete_records(Cluster& cluster,
                             std::vector<std::pair<TopicPartition, std::int64_t>> before) {
    LeaderCall<DeleteRecordsRequest, DeleteRecordsResponse, Trimmed> call;
    std::map<TopicPartition, std::int64_t> offsets(before.begin(), before.end());
    for (const auto& [name, offset] : offsets) call.partitions.push_back(name);
    const auto timeout_ms = broker_limit_ms(cluster);
    call.make = [offsets, timeout_ms](const std::vector<TopicPartition>& partitions) {
        DeleteRecordsRequest request;
        request.timeout_ms = timeout_ms;
        for (const auto& name : partitions) {
            auto& partition = entry_of(request.topics, name.topic).partitions.emplace_back();
            partition.partition_index = name.partition;
            partition.offset = offsets.at(name);
        }
        return request;
    };
    call.read = [](const DeleteRecordsResponse& response, const auto& take) {
        for (const auto& topic : response.topics) {
            for (const auto& one : topic.partitions) {
                const TopicPartition name{topic.name, one.partition_index};
                take(name, one.error_code, {name, one.low_watermark, {}});
            }
        }
    };
    auto found = co_await ask_leaders(cluster, std::move(call));
    if (!found) co_return std::unexpected(std::move(found).error());
    std::vector<Trimmed> out;
    for (auto& [name, one] : *found) {
        one.partition = name;
        out.push_back(std::move(one));
    }
    co_return out;
}

List<PartitionProducers> describe_producers(Cluster& cluster,
                                            std::vector<TopicPartition> partitions) {
    LeaderCall<DescribeProducersRequest, DescribeProducersResponse, PartitionProducers> call;
    call.partitions = std::move(partitions);
    call.make = [](const std::vector<TopicPartition>& names) {
        DescribeProducersRequest request;
        for (const auto& name : names) {
            entry_of(request.topics, name.topic).partition_indexes.push_back(name.partition);
        }
        return request;
    };
    call.read = [](const DescribeProducersResponse& response, const auto& take) {
        for (const auto& topic : response.topics) {
            for (const auto& one : topic.partitions) {
                PartitionProducers found;
                found.error = outcome(one.error_code, one.error_message);
                for (const auto& p : one.active_producers) {
                    found.producers.push_back({p.producer_id, p.producer_epoch, p.last_sequence,
                                               p.last_timestamp, p.coordinator_epoch,
                                               p.current_txn_start_offset});
                }
                take({topic.name, one.partition_index}, one.error_code, std::move(found));
            }
        }
    };
    auto found = co_await ask_leaders(cluster, std::move(call));
    if (!found) co_return std::unexpected(std::move(found).error());
    std::vector<PartitionProducers> out;
    for (auto& [name, one] : *found) {
        one.partition = name;
        out.push_back(std::move(one));
    }
    co_return out;
}

List<PartitionOutcome> elect_leaders(Cluster& cluster, bool is_unclean,
                                     std::optional<std::vector<TopicPartition>> partitions) {
    protocol::ElectLeadersRequest request;
    request.timeout_ms = broker_limit_ms(cluster);
    request.election_type = is_unclean ? 1 : 0;
    request.topic_partitions.reset();
    if (partitions) {
        auto& topics = request.topic_partitions.emplace();
        for (const auto& name : *partitions) {
            if (topics.empty() || topics.back().topic != name.topic) {
                topics.emplace_back().topic = name.topic;
            }
            topics.back().partitions.push_back(name.partition);
        }
    }
    auto answer =
        co_await ask_controller<protocol::ElectLeadersResponse>(cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (auto error = outcome(answer->error_code)) co_return std::unexpected(std::move(*error));
    cluster.forget_leaders();
    std::vector<PartitionOutcome> out;
    for (const auto& topic : answer->replica_election_results) {
        for (const auto& one : topic.partition_result) {
            out.push_back(
                {{topic.topic, one.partition_id}, outcome(one.error_code, one.error_message)});
        }
    }
    co_return out;
}

List<PartitionOutcome> reassign(Cluster& cluster, std::vector<Move> moves) {
    protocol::AlterPartitionReassignmentsRequest request;
    request.timeout_ms = broker_limit_ms(cluster);
    for (const auto& move : moves) {
        auto& topic = entry_of(request.topics, move.partition.topic);
        auto& one = topic.partitions.emplace_back();
        one.partition_index = move.partition.partition;
        one.replicas = move.replicas;
    }
    auto answer = co_await ask_controller<protocol::AlterPartitionReassignmentsResponse>(
        cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (auto error = outcome(answer->error_code, answer->error_message)) {
        co_return std::unexpected(std::move(*error));
    }
    cluster.forget_leaders();
    std::vector<PartitionOutcome> out;
    for (const auto& topic : answer->responses) {
        for (const auto& one : topic.partitions) {
            out.push_back(
                {{topic.name, one.partition_index}, outcome(one.error_code, one.error_message)});
        }
    }
    co_return out;
}

List<Reassignment> list_reassignments(Cluster& cluster) {
    protocol::ListPartitionReassignmentsRequest request;
    request.timeout_ms = broker_limit_ms(cluster);
    request.topics.reset();
    auto answer = co_await ask_controller<protocol::ListPartitionReassignmentsResponse>(
        cluster, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (auto error = outcome(answer->error_code, answer->error_message)) {
        co_return std::unexpected(std::move(*error));
    }
    std::vector<Reassignment> out;
    for (const auto& topic : answer->topics) {
        for (const auto& one : topic.partitions) {
            out.push_back({{topic.name, one.partition_index},
                           one.replicas,
                           one.adding_replicas,
                           one.removing_replicas});
        }
    }
    co_return out;
}

}  // namespace kcore::client
