// SyncGroup: the leader hands out the assignment, everybody takes theirs.

#include "protocol/api/sync_group.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

namespace {

constexpr std::int16_t kFirstWithProtocol = 5;

}  // namespace

Outcome sync_group(Request& request) {
    auto body = request.decode<protocol::SyncGroupRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    const bool names_protocol = body->protocol_type && body->protocol_name;
    if (request.version() >= kFirstWithProtocol && !names_protocol) {
        calls.refuse(*body, Errc::inconsistent_group_protocol);
    } else if (group_id.empty()) {
        calls.refuse(*body, Errc::invalid_group_id);
    } else {
        calls.ask(group_id, *std::move(body));
    }
    return std::move(calls).finish(answer_single<protocol::SyncGroupResponse>);
}

}  // namespace kcore::broker
