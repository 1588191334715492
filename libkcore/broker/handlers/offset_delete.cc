// OffsetDelete: drops committed offsets of topics that the group is not subscribed to.

#include "protocol/api/offset_delete.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome offset_delete(Request& request) {
    auto body = request.decode<protocol::OffsetDeleteRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    if (group_id.empty()) {
        calls.refuse(*body, Errc::invalid_group_id);
    } else {
        calls.ask(group_id, *std::move(body));
    }
    return std::move(calls).finish(answer_single<protocol::OffsetDeleteResponse>);
}

}  // namespace kcore::broker
