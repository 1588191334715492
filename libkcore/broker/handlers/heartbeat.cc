// Heartbeat: a member lives, and learns of a rebalance.

#include "protocol/api/heartbeat.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome heartbeat(Request& request) {
    auto body = request.decode<protocol::HeartbeatRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    if (group_id.empty()) {
        calls.refuse(*body, Errc::invalid_group_id);
    } else {
        calls.ask(group_id, *std::move(body));
    }
    return std::move(calls).finish(answer_single<protocol::HeartbeatResponse>);
}

}  // namespace kcore::broker
