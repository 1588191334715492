// DescribeGroups: state and members of groups, each asked of its coordinator.

#include "protocol/api/describe_groups.h"

#include <algorithm>
#include <iterator>

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"
#include "broker/topic_view.h"

namespace kcore::broker {

namespace {

Done combine_described(Request& request, std::vector<group::Response> responses) {
    protocol::DescribeGroupsResponse out;
    for (auto& response : responses) {
        auto& groups = std::get<protocol::DescribeGroupsResponse>(response).groups;
        std::ranges::move(groups, std::back_inserter(out.groups));
    }
    return request.answer(out);
}

Done combine_with_operations(Request& request, std::vector<group::Response> responses) {
    for (auto& response : responses) {
        for (auto& group : std::get<protocol::DescribeGroupsResponse>(response).groups) {
            if (group.error_code == 0) group.authorized_operations = kGroupOperations;
        }
    }
    return combine_described(request, std::move(responses));
}

}  // namespace

Outcome describe_groups(Request& request) {
    const auto body = request.decode<protocol::DescribeGroupsRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    for (const auto& group_id : body->groups) {
        protocol::DescribeGroupsRequest one;
        one.groups = {group_id};
        one.include_authorized_operations = body->include_authorized_operations;
        calls.ask(group_id, std::move(one));
    }
    return std::move(calls).finish(body->include_authorized_operations ? combine_with_operations
                                                                       : combine_described);
}

}  // namespace kcore::broker
