#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "client/group_protocol.h"
#include "client/leader_call.h"
#include "protocol/api/consumer_group_describe.h"
#include "protocol/api/delete_groups.h"
#include "protocol/api/describe_groups.h"
#include "protocol/api/leave_group.h"
#include "protocol/api/list_groups.h"

namespace kcore::client {

namespace {

bool is_moving(const std::optional<Error>& error) {
    return error && client::is_moving(error->code);
}

io::Async<protocol::ListGroupsResponse> list_on(Cluster& cluster, std::int32_t node,
                                                std::vector<std::string> states,
                                                std::vector<std::string> types,
                                                io::Deadline deadline) {
    auto peer = cluster.channel(node, Lane::calls);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    const auto& info = protocol::ListGroupsRequest::info();
    auto version = co_await (*peer)->version_for(info, deadline);
    if (!version) co_return std::unexpected(std::move(version).error());
    protocol::ListGroupsRequest request;
    if (*version >= 4) request.states_filter = std::move(states);
    if (*version >= 5) request.types_filter = std::move(types);
    auto answer =
        co_await (*peer)->call<protocol::ListGroupsResponse>(std::move(request), deadline);
    co_return answer;
}

List<GroupListing> groups_of(Cluster& cluster, std::int32_t node, std::vector<std::string> states,
                             std::vector<std::string> types, io::Deadline deadline) {
    for (int attempt = 1;; ++attempt) {
        auto answer = co_await list_on(cluster, node, states, types, deadline);
        if (!answer) co_return std::unexpected(std::move(answer).error());
        auto error = outcome(answer->error_code);
        if (is_moving(error)) {
            const bool again = co_await cluster.pause(attempt, deadline);
            if (again) continue;
        }
        if (error) co_return std::unexpected(std::move(*error));
        std::vector<GroupListing> out;
        for (auto& group : answer->groups) {
            out.push_back({std::move(group.group_id), std::move(group.group_state),
                           std::move(group.group_type), std::move(group.protocol_type), node});
        }
        co_return out;
    }
}

GroupDescription from_classic(const protocol::DescribeGroupsResponse::DescribedGroup& from) {
    GroupDescription out;
    out.group = from.group_id;
    out.state = from.group_state;
    out.type = "classic";
    out.protocol_type = from.protocol_type;
    out.protocol = from.protocol_data;
    out.error = outcome(from.error_code, from.error_message);
    for (const auto& one : from.members) {
        auto& member = out.members.emplace_back();
        member.member_id = one.member_id;
        member.instance_id = one.group_instance_id.value_or("");
        member.client_id = one.client_id;
        member.host = one.client_host;
        if (from.protocol_type != "consumer") continue;
        member.topics = decode_subscription(one.member_metadata).value_or(Subscription()).topics;
        member.assigned =
            decode_assignment(one.member_assignment).value_or(std::vector<TopicPartition>());
    }
    return out;
}

GroupDescription from_consumer(
    const protocol::ConsumerGroupDescribeResponse::DescribedGroup& from) {
    GroupDescription out;
    out.group = from.group_id;
    out.state = from.group_state;
    out.type = "consumer";
    out.protocol_type = "consumer";
    out.protocol = from.assignor_name;
    out.error = outcome(from.error_code, from.error_message);
    for (const auto& one : from.members) {
        auto& member = out.members.emplace_back();
        member.member_id = one.member_id;
        member.instance_id = one.instance_id.value_or("");
        member.client_id = one.client_id;
        member.host = one.client_host;
        member.topics = one.subscribed_topic_names;
        for (const auto& topic : one.assignment.topic_partitions) {
            for (const auto partition : topic.partitions) {
                member.assigned.push_back({topic.topic_name, partition});
            }
        }
    }
    return out;
}

// A group is of one protocol or the other: the newer question first, since the older one answers
// "Dead" for what it does not know.
io::Async<GroupDescription> describe_on(Cluster& cluster, std::int32_t node, std::string group,
                                        io::Deadline deadline) {
    protocol::ConsumerGroupDescribeRequest newer;
    newer.group_ids.push_back(group);
    auto first = co_await cluster.call<protocol::ConsumerGroupDescribeResponse>(
        node, Lane::calls, std::move(newer), deadline);
    if (first && !first->groups.empty()) {
        auto described = from_consumer(first->groups[0]);
        const auto code = described.error ? described.error->code : Errc::none;
        if (code != Errc::group_id_not_found && code != Errc::unsupported_version) {
            co_return described;
        }
    } else if (!first && first.error().code != Errc::unsupported_version) {
        co_return std::unexpected(std::move(first).error());
    }
    protocol::DescribeGroupsRequest older;
    older.groups.push_back(group);
    auto answer = co_await cluster.call<protocol::DescribeGroupsResponse>(
        node, Lane::calls, std::move(older), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->groups.empty()) co_return refused(Errc::corrupt_message, {}, group);
    co_return from_classic(answer->groups[0]);
}

io::Async<GroupDescription> describe_group(Cluster& cluster, std::string group,
                                           io::Deadline deadline) {
    for (int attempt = 1;; ++attempt) {
        auto node = co_await cluster.coordinator(group, deadline);
        if (!node) co_return std::unexpected(std::move(node).error());
        auto described = co_await describe_on(cluster, *node, group, deadline);
        if (!described) co_return described;
        described->coordinator = *node;
        if (!is_moving(described->error)) co_return described;
        const bool again = co_await cluster.pause(attempt, deadline);
        if (!again) co_return described;
    }
}

}  // namespace

io::Async<GroupList> list_groups(Cluster& cluster, std::vector<std::string> states,
                                 std::vector<std::string> types) {
    const auto deadline = admin_limit(cluster);
    std::vector<std::string> none;
    auto view = co_await cluster.refresh(std::move(none), deadline);
    if (!view) co_return std::unexpected(std::move(view).error());
    GroupList out;
    for (const auto& [id, broker] : (*view)->brokers) {
        // One that does not answer leaves the others their time.
        const auto limit = std::min(deadline, patience(cluster));
        auto groups = co_await groups_of(cluster, id, states, types, limit);
        if (!groups) {
            out.failed.push_back({fmt::format("broker {}", id), std::move(groups).error()});
            continue;
        }
        std::ranges::move(*groups, std::back_inserter(out.groups));
    }
    if (!out.failed.empty() && out.failed.size() == (*view)->brokers.size()) {
        co_return std::unexpected(std::move(*out.failed.front().error));
    }
    co_return out;
}

List<GroupDescription> describe_groups(Cluster& cluster, std::vector<std::string> names) {
    const auto deadline = admin_limit(cluster);
    std::vector<GroupDescription> out;
    for (const auto& name : names) {
        auto described = co_await describe_group(cluster, name, deadline);
        if (described) {
            out.push_back(std::move(*described));
            continue;
        }
        auto& failed = out.emplace_back();
        failed.group = name;
        failed.error = std::move(described).error();
    }
    co_return out;
}

List<Outcome> delete_groups(Cluster& cluster, std::vector<std::string> names) {
    const auto deadline = admin_limit(cluster);
    std::vector<Outcome> out;
    for (const auto& name : names) {
        auto& result = out.emplace_back();
        result.name = name;
        for (int attempt = 1;; ++attempt) {
            auto node = co_await cluster.coordinator(name, deadline);
            if (!node) co_return std::unexpected(std::move(node).error());
            protocol::DeleteGroupsRequest request;
            request.groups_names.push_back(name);
            auto answer = co_await cluster.call<protocol::DeleteGroupsResponse>(
                *node, Lane::calls, std::move(request), deadline);
            if (!answer) co_return std::unexpected(std::move(answer).error());
            if (answer->results.empty()) co_return refused(Errc::corrupt_message, {}, name);
            const auto& one = answer->results[0];
            result.error = outcome(one.error_code, one.error_message);
            if (!is_moving(result.error)) break;
            const bool again = co_await cluster.pause(attempt, deadline);
            if (!again) break;
        }
    }
    co_return out;
}

// One request a member: versions before 3 name only one.
List<Outcome> remove_members(Cluster& cluster, std::string group, std::vector<MemberName> members) {
    std::vector<Outcome> out;
    for (const auto& member : members) {
        protocol::LeaveGroupRequest request;
        request.group_id = group;
        auto peer = co_await cluster.coordinator(group, admin_limit(cluster));
        if (!peer) co_return std::unexpected(std::move(peer).error());
        auto channel = cluster.channel(*peer, Lane::calls);
        if (!channel) co_return std::unexpected(std::move(channel).error());
        auto version = co_await (*channel)->version_for(protocol::LeaveGroupRequest::info(),
                                                        admin_limit(cluster));
        if (!version) co_return std::unexpected(std::move(version).error());
        if (*version < 3) {
            request.member_id = member.member_id;
        } else {
            auto& one = request.members.emplace_back();
            one.member_id = member.member_id;
            if (!member.instance_id.empty()) one.group_instance_id = member.instance_id;
            if (*version >= 5) one.reason = "removed by an administrator";
        }
        auto answer = co_await ask_coordinator_of<protocol::LeaveGroupResponse>(cluster, group,
                                                                                std::move(request));
        if (!answer) co_return std::unexpected(std::move(answer).error());
        auto error = outcome(answer->error_code);
        for (const auto& one : answer->members) {
            if (!error) error = outcome(one.error_code);
        }
        const auto& name = member.member_id.empty() ? member.instance_id : member.member_id;
        out.push_back({name, std::move(error)});
    }
    co_return out;
}

}  // namespace kcore::client
