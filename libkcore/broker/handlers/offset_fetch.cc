// OffsetFetch: what groups have committed; several groups may have several coordinators.

#include "protocol/api/offset_fetch.h"

#include "broker/handlers/handlers.h"
#include "broker/shard_calls.h"

namespace kcore::broker {

Outcome offset_fetch(Request& request) {
    auto body = request.decode<protocol::OffsetFetchRequest>();
    if (!body) return request.malformed(body.error());
    ShardCalls calls(request);
    for (auto& question : group::split(*body, request.version())) {
        const auto group_id = question.group.group_id;
        calls.ask(group_id, std::move(question));
    }
    auto combine = [asked = *std::move(body)](Request& to, std::vector<group::Response> found) {
        std::vector<group::FetchedOffsets> groups;
        for (auto& one : found) groups.push_back(std::get<group::FetchedOffsets>(std::move(one)));
        return to.answer(group::join_answers(asked, std::move(groups), to.version()));
    };
    return std::move(calls).finish(std::move(combine));
}

}  // namespace kcore::broker
