// LeaveGroup: members go, one by themselves or several at an admin's word.

#include "protocol/api/leave_group.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome leave_group(Request& request) {
    auto body = request.decode<protocol::LeaveGroupRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    if (group_id.empty()) {
        calls.refuse(*body, Errc::invalid_group_id);
    } else {
        calls.ask(group_id, *std::move(body));
    }
    return std::move(calls).finish(answer_single<protocol::LeaveGroupResponse>);
}

}  // namespace kcore::broker
