#include <algorithm>
#include <map>
#include <utility>

#include "client/admin_calls.h"
#include "protocol/api/offset_commit.h"
#include "protocol/api/offset_delete.h"
#include "protocol/api/offset_fetch.h"

namespace kcore::client {

namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;
using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;

// The highest version that names topics: asking for all topics answers by id from version 10 on,
// and ids of topics that are gone could not be named.
constexpr std::int16_t kFetchByName = 9;

struct FetchedCommits {
    FetchedCommits() = default;
    Errc code = Errc::none;
    std::vector<CommittedOffset> offsets;
};

template <class Topics>
void append(FetchedCommits& to, const Topics& topics) {
    for (const auto& topic : topics) {
        for (const auto& partition : topic.partitions) {
            auto& one = to.offsets.emplace_back();
            one.partition = {topic.name, partition.partition_index};
            one.offset = partition.committed_offset;
            one.metadata = partition.metadata.value_or("");
            one.leader_epoch = partition.committed_leader_epoch;
            one.error = outcome(partition.error_code, {}, one.partition.to_string());
        }
    }
}

io::Async<FetchedCommits> fetch_on(Cluster& cluster, std::int32_t node, std::string group,
                                   io::Deadline deadline) {
    auto peer = cluster.channel(node, Lane::calls);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    const auto& info = OffsetFetchRequest::info();
    auto best = co_await (*peer)->version_for(info, deadline);
    if (!best) co_return std::unexpected(std::move(best).error());
    const auto version = std::min(*best, kFetchByName);
    OffsetFetchRequest request;
    if (version >= 8) {
        auto& one = request.groups.emplace_back();
        one.group_id = group;
        one.topics.reset();
    } else {
        request.group_id = group;
        request.topics.reset();
    }
    rpc::Outgoing outgoing(info, version);
    auto encoded = protocol::encode_with_cuts(request, version, outgoing.body);
    if (!encoded) co_return std::unexpected(std::move(encoded).error());
    auto answer = co_await (*peer)->exchange(std::move(outgoing), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    auto response =
        protocol::decode<OffsetFetchResponse>(answer->body, version, protocol::Trailing::allow);
    if (!response) co_return std::unexpected(std::move(response).error());
    FetchedCommits out;
    out.code = errc_from_wire(response->error_code);
    append(out, response->topics);
    for (const auto& one : response->groups) {
        out.code = errc_from_wire(one.error_code);
        append(out, one.topics);
    }
    co_return out;
}

OffsetCommitRequest commit_request(const ClusterView& view, const std::string& group,
                                   const Committer& committer,
                                   const std::vector<CommittedOffset>& offsets) {
    OffsetCommitRequest request;
    request.group_id = group;
    request.member_id = committer.member_id;
    request.generation_id_or_member_epoch = committer.generation;
    if (!committer.instance_id.empty()) request.group_instance_id = committer.instance_id;
    std::map<std::string, std::size_t> at;
    for (const auto& offset : offsets) {
        const auto& name = offset.partition.topic;
        const auto [found, is_new] = at.emplace(name, request.topics.size());
        if (is_new) {
            auto& topic = request.topics.emplace_back();
            topic.name = name;
            if (const auto* known = view.find(name)) topic.topic_id = known->id;
        }
        auto& partition = request.topics[found->second].partitions.emplace_back();
        partition.partition_index = offset.partition.partition;
        partition.committed_offset = offset.offset;
        partition.committed_metadata = offset.metadata;
    }
    return request;
}

// By name, or from version 10 on by id.
std::vector<Outcome> outcomes_of(const ClusterView& view, const OffsetCommitResponse& response) {
    std::vector<Outcome> out;
    for (const auto& topic : response.topics) {
        auto name = topic.name;
        if (const auto* known = view.find(topic.topic_id); name.empty() && known != nullptr) {
            name = known->name;
        }
        for (const auto& partition : topic.partitions) {
            const TopicPartition id{name, partition.partition_index};
            out.push_back({id.to_string(), outcome(partition.error_code, {}, id.to_string())});
        }
    }
    return out;
}

}  // namespace

List<CommittedOffset> fetch_committed(Cluster& cluster, std::string group) {
    const auto deadline = admin_limit(cluster);
    for (int attempt = 1;; ++attempt) {
        auto node = co_await cluster.coordinator(group, deadline);
        if (!node) co_return std::unexpected(std::move(node).error());
        auto fetched = co_await fetch_on(cluster, *node, group, deadline);
        if (!fetched) co_return std::unexpected(std::move(fetched).error());
        if (fetched->code == Errc::none) co_return std::move(fetched->offsets);
        if (!is_moving(fetched->code)) co_return refused(fetched->code, std::nullopt, group);
        const bool again = co_await cluster.pause(attempt, deadline);
        if (!again) co_return refused(fetched->code, std::nullopt, group);
    }
}

List<Outcome> commit_offsets(Cluster& cluster, std::string group, Committer committer,
                             std::vector<CommittedOffset> offsets) {
    const auto deadline = admin_limit(cluster);
    std::vector<std::string> topics;
    for (const auto& offset : offsets) {
        if (topics.empty() || topics.back() != offset.partition.topic) {
            topics.push_back(offset.partition.topic);
        }
    }
    for (int attempt = 1;; ++attempt) {
        auto wanted = topics;
        auto view = co_await cluster.known(std::move(wanted), deadline);
        if (!view) co_return std::unexpected(std::move(view).error());
        auto node = co_await cluster.coordinator(group, deadline);
        if (!node) co_return std::unexpected(std::move(node).error());
        auto request = commit_request(**view, group, committer, offsets);
        auto answer = co_await cluster.call<OffsetCommitResponse>(*node, Lane::calls,
                                                                  std::move(request), deadline);
        if (!answer) co_return std::unexpected(std::move(answer).error());
        auto out = outcomes_of(**view, *answer);
        const bool may_pass = std::ranges::any_of(
            out, [](const Outcome& o) { return o.error && is_moving(o.error->code); });
        if (!may_pass) co_return out;
        const bool again = co_await cluster.pause(attempt, deadline);
        if (!again) co_return out;
    }
}

List<Outcome> delete_offsets(Cluster& cluster, std::string group,
                             std::vector<TopicPartition> partitions) {
    OffsetDeleteRequest request;
    request.group_id = group;
    std::map<std::string, std::size_t> at;
    for (const auto& partition : partitions) {
        const auto [found, is_new] = at.emplace(partition.topic, request.topics.size());
        if (is_new) request.topics.emplace_back().name = partition.topic;
        auto& one = request.topics[found->second].partitions.emplace_back();
        one.partition_index = partition.partition;
    }
    auto answer =
        co_await ask_coordinator_of<OffsetDeleteResponse>(cluster, group, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    const auto code = errc_from_wire(answer->error_code);
    if (code != Errc::none) co_return refused(code, std::nullopt, group);
    std::vector<Outcome> out;
    for (const auto& topic : answer->topics) {
        for (const auto& partition : topic.partitions) {
            const TopicPartition id{topic.name, partition.partition_index};
            out.push_back({id.to_string(), outcome(partition.error_code, {}, id.to_string())});
        }
    }
    co_return out;
}

}  // namespace kcore::client
