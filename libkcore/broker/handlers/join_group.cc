// JoinGroup: a member enters a group, or asks for a new generation; answered when the generation
// stands.

#include "protocol/api/join_group.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome join_group(Request& request) {
    auto body = request.decode<protocol::JoinGroupRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    if (group_id.empty()) {
        calls.refuse(*body, Errc::invalid_group_id);
    } else {
        calls.ask(group_id, *std::move(body));
    }
    return std::move(calls).finish(answer_single<protocol::JoinGroupResponse>);
}

}  // namespace kcore::broker
