// OffsetCommit: where a group will go on reading.

#include "protocol/api/offset_commit.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome offset_commit(Request& request) {
    auto body = request.decode<protocol::OffsetCommitRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    const auto group_id = body->group_id;
    calls.ask(group_id, *std::move(body));
    return std::move(calls).finish(answer_single<protocol::OffsetCommitResponse>);
}

}  // namespace kcore::broker
