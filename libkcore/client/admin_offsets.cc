#include <map>
#include <utility>

#include "client/leader_call.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/list_offsets.h"

namespace kcore::client {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

List<OffsetAnswer> list_offsets(Cluster& cluster, std::vector<OffsetQuery> queries,
                                bool is_read_committed) {
    LeaderCall<ListOffsetsRequest, ListOffsetsResponse, OffsetAnswer> call;
    std::map<TopicPartition, std::int64_t> timestamps;
    for (const auto& query : queries) {
        call.partitions.push_back(query.partition);
        timestamps[query.partition] = query.timestamp;
    }
    const auto timeout_ms = broker_limit_ms(cluster);
    call.make = [timestamps, is_read_committed,
                 timeout_ms](const std::vector<TopicPartition>& partitions) {
        ListOffsetsRequest request;
        request.replica_id = -1;
        request.isolation_level = is_read_committed ? 1 : 0;
        request.timeout_ms = timeout_ms;
        for (const auto& name : partitions) {
            auto& partition = entry_of(request.topics, name.topic).partitions.emplace_back();
            partition.partition_index = name.partition;
            partition.timestamp = timestamps.at(name);
        }
        return request;
    };
    call.read = [](const ListOffsetsResponse& response, const auto& take) {
        for (const auto& topic : response.topics) {
            for (const auto& one : topic.partitions) {
                const TopicPartition name{topic.name, one.partition_index};
                take(name, one.error_code, {name, one.offset, one.timestamp, one.leader_epoch, {}});
            }
        }
    };
    auto found = co_await ask_leaders(cluster, std::move(call));
    if (!found) co_return std::unexpected(std::move(found).error());
    std::vector<OffsetAnswer> out;
    for (const auto& query : queries) {
        auto& answer = out.emplace_back((*found)[query.partition]);
        answer.partition = query.partition;
    }
    co_return out;
}

List<ReplicaSize> replica_sizes(Cluster& cluster, std::optional<std::string> topic) {
    const auto deadline = cluster.env().clock.in_ms(cluster.config().api_timeout_ms);
    std::vector<std::string> wanted;
    if (topic) wanted.push_back(*topic);
    auto view = co_await cluster.known(std::move(wanted), deadline);
    if (!view) co_return std::unexpected(std::move(view).error());
    std::vector<ReplicaSize> out;
    for (const auto& [id, broker] : (*view)->brokers) {
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        const auto* known = topic ? (*view)->find(*topic) : nullptr;
        if (known != nullptr) {
            auto& one = request.topics.emplace().emplace_back();
            one.topic = *topic;
            for (const auto& partition : known->partitions)
                one.partitions.push_back(partition.index);
        }
        auto answer = co_await cluster.call<protocol::DescribeLogDirsResponse>(
            id, Lane::calls, std::move(request), deadline);
        if (!answer) continue;  // Sizes are a courtesy; the rest of the row is worth showing.
        for (const auto& directory : answer->results) {
            for (const auto& entry : directory.topics) {
                for (const auto& partition : entry.partitions) {
                    out.push_back({id,
                                   directory.log_dir,
                                   {entry.name, partition.partition_index},
                                   partition.partition_size,
                                   partition.offset_lag,
                                   partition.is_future_key});
                }
            }
        }
    }
    co_return out;
}

}  // namespace kcore::client
