// DeleteGroups: empty groups and their offsets go, each at its coordinator.

#include "protocol/api/delete_groups.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

namespace {

Done combine_deleted(Request& request, std::vector<group::Response> responses) {
    protocol::DeleteGroupsResponse out;
    for (auto& response : responses) {
        auto& results = std::get<protocol::DeleteGroupsResponse>(response).results;
        std::ranges::move(results, std::back_inserter(out.results));
    }
    return request.answer(out);
}

}  // namespace

Outcome delete_groups(Request& request) {
    const auto body = request.decode<protocol::DeleteGroupsRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    // A group named twice is deleted, and answered, once.
    const std::set<std::string> names(body->groups_names.begin(), body->groups_names.end());
    for (const auto& group_id : names) {
        protocol::DeleteGroupsRequest one;
        one.groups_names = {group_id};
        calls.ask(group_id, std::move(one));
    }
    return std::move(calls).finish(combine_deleted);
}

}  // namespace kcore::broker
