// JoinGroup: a member enters a group, or asks for a new generation; answered when the generation
// stands.

#include "protocol/api/join_group.h"

#include "broker/handlers/handlers.h"
#include "broker/memory_ceiling.h"
#include "broker/services.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome join_group(Request& request) {
    auto body = request.decode<protocol::JoinGroupRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    const auto* memory = request.services.memory;
    if (group_id.empty()) {
        calls.refuse(*body, Errc::invalid_group_id);
    } else if (memory != nullptr && memory->is_reached()) {
        calls.refuse(*body, Errc::coordinator_load_in_progress);  // Members ask again.
    } else {
        calls.ask(group_id, *std::move(body));
    }
    return std::move(calls).finish(answer_single<protocol::JoinGroupResponse>);
}

}  // namespace kcore::broker
