// ListGroups: the groups that this broker coordinates.

#include "protocol/api/list_groups.h"

#include <algorithm>
#include <iterator>

#include "broker/group_shards.h"
#include "broker/handlers/handlers.h"
#include "broker/services.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

namespace {

// One shard that cannot tell yet makes the whole list an error: half a list would read as whole.
Done combine_listed(Request& request, std::vector<group::Response> responses) {
    protocol::ListGroupsResponse out;
    for (auto& response : responses) {
        auto& listed = std::get<protocol::ListGroupsResponse>(response);
        if (listed.error_code == static_cast<std::int16_t>(Errc::not_coordinator)) continue;
        if (listed.error_code != 0) return request.answer(listed);
        std::ranges::move(listed.groups, std::back_inserter(out.groups));
    }
    return request.answer(out);
}

}  // namespace

Outcome list_groups(Request& request) {
    const auto body = request.decode<protocol::ListGroupsRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    for (const auto& shard : request.services.group_shards->all()) calls.ask(shard, *body);
    return std::move(calls).finish(combine_listed);
}

}  // namespace kcore::broker
