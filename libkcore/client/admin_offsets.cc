#include <fmt/format.h>
#include <algorithm>

#include <map>
#include <utility>

#include "client/admin_calls.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/list_offsets.h"

namespace kcore::client {

namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

// The queries still to answer, and where the answers go.
struct Round {
    Round() = default;
    std::vector<OffsetAnswer>* answers = nullptr;  // One a query, in order.
    std::map<TopicPartition, std::size_t> open;
};

ListOffsetsRequest request_for(const std::vector<OffsetQuery>& queries,
                               const std::vector<std::size_t>& chosen, bool is_read_committed) {
    ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = is_read_committed ? 1 : 0;
    std::map<std::string, std::size_t> at;
    for (const auto index : chosen) {
        const auto& query = queries[index];
        const auto [found, is_new] = at.emplace(query.partition.topic, request.topics.size());
        if (is_new) request.topics.emplace_back().name = query.partition.topic;
        auto& partition = request.topics[found->second].partitions.emplace_back();
        partition.partition_index = query.partition.partition;
        partition.timestamp = query.timestamp;
    }
    return request;
}

void take(Round& round, const ListOffsetsResponse& response) {
    for (const auto& topic : response.topics) {
        for (const auto& partition : topic.partitions) {
            const TopicPartition name{topic.name, partition.partition_index};
            const auto found = round.open.find(name);
            if (found == round.open.end()) continue;
            auto& answer = (*round.answers)[found->second];
            answer.error.reset();
            const auto code = errc_from_wire(partition.error_code);
            if (code != Errc::none) {
                answer.error = refused(code, std::nullopt, name.to_string()).error();
                if (is_retriable(code)) continue;
            }
            answer.offset = partition.offset;
            answer.timestamp = partition.timestamp;
            answer.leader_epoch = partition.leader_epoch;
            round.open.erase(found);
        }
    }
}

// The open queries by leader; those without one get their error.
std::map<std::int32_t, std::vector<std::size_t>> by_leader(const ClusterView& view, Round& round) {
    std::map<std::int32_t, std::vector<std::size_t>> out;
    std::vector<TopicPartition> hopeless;
    for (const auto& [name, index] : round.open) {
        auto& answer = (*round.answers)[index];
        const auto* topic = view.find(name.topic);
        const auto* partition = view.find(name.topic, name.partition);
        if (partition == nullptr) {
            const auto code = topic != nullptr && topic->error != Errc::none
                                  ? topic->error
                                  : Errc::unknown_topic_or_partition;
            answer.error = refused(code, std::nullopt, name.to_string()).error();
            if (code != Errc::leader_not_available) hopeless.push_back(name);
        } else if (partition->leader < 0) {
            answer.error = Error(Errc::leader_not_available,
                                 fmt::format("{}: it has no leader", name.to_string()));
        } else {
            out[partition->leader].push_back(index);
        }
    }
    for (const auto& name : hopeless) round.open.erase(name);
    return out;
}

// A leaderless partition may hold everything else up only so long.
constexpr std::int64_t kPatienceMs = 2'000;

}  // namespace

List<OffsetAnswer> list_offsets(Cluster& cluster, std::vector<OffsetQuery> queries,
                                bool is_read_committed) {
    const auto& config = cluster.config();
    const auto deadline = cluster.env().clock.in_ms(config.api_timeout_ms);
    const auto patience =
        std::min(deadline, cluster.env().clock.in_ms(std::min(kPatienceMs, config.api_timeout_ms)));
    std::vector<OffsetAnswer> answers(queries.size());
    Round round;
    round.answers = &answers;
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < queries.size(); ++i) {
        answers[i].partition = queries[i].partition;
        round.open.emplace(queries[i].partition, i);
        if (topics.empty() || topics.back() != queries[i].partition.topic) {
            topics.push_back(queries[i].partition.topic);
        }
    }
    for (int attempt = 1; !round.open.empty(); ++attempt) {
        auto wanted = topics;
        auto view = co_await cluster.known(std::move(wanted), deadline);
        if (!view) co_return std::unexpected(std::move(view).error());
        const auto groups = by_leader(**view, round);
        for (const auto& [leader, indexes] : groups) {
            auto request = request_for(queries, indexes, is_read_committed);
            request.timeout_ms = static_cast<std::int32_t>(config.api_timeout_ms);
            auto response = co_await cluster.call<ListOffsetsResponse>(
                leader, Lane::calls, std::move(request), deadline);
            if (response) {
                take(round, *response);
                continue;
            }
            for (const auto index : indexes) answers[index].error = response.error();
        }
        if (round.open.empty()) break;
        cluster.forget_leaders();
        const bool again = co_await cluster.pause(attempt, patience);
        if (!again) break;
    }
    co_return answers;
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
