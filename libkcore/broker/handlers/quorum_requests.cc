// What the replicas of the metadata log ask of each other, and operators of their voters: handed to
// this node's replica as it is.

#include "broker/controller_runner.h"
#include "broker/handlers/controller_handlers.h"
#include "broker/services.h"
#include "raft/wire.h"

namespace kcore::broker {

namespace {

template <class Body>
bool is_of_this_cluster(const Request& request, const Body& body) {
    return !body.cluster_id || *body.cluster_id == request.services.cluster_id;
}

template <class Body>
asio::awaitable<Done> asked(Request& request, Body body) {
    typename Body::Response out;
    auto ask = raft::from_wire(body);
    if (!is_of_this_cluster(request, body)) {
        out.error_code = static_cast<std::int16_t>(Errc::inconsistent_cluster_id);
        co_return request.answer(out);
    }
    if (!ask) {
        out.error_code = static_cast<std::int16_t>(ask.error().code);
        co_return request.answer(out);
    }
    raft::Request message(std::move(*ask));
    auto answer = co_await request.services.controller_runner->ask(std::move(message));
    if (!answer) {
        out.error_code = static_cast<std::int16_t>(Errc::broker_not_available);
        co_return request.answer(out);
    }
    std::visit(
        [&](const auto& is) {
            if constexpr (requires { raft::to_wire(is, out); }) raft::to_wire(is, out);
        },
        *answer);
    co_return request.answer(out);
}

template <class Body>
Outcome ask(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    return asked<Body>(request, std::move(*body));
}

}  // namespace

Outcome vote(Request& request) { return ask<protocol::VoteRequest>(request); }
Outcome begin_quorum_epoch(Request& request) {
    return ask<protocol::BeginQuorumEpochRequest>(request);
}
Outcome end_quorum_epoch(Request& request) { return ask<protocol::EndQuorumEpochRequest>(request); }
Outcome fetch_metadata(Request& request) { return ask<protocol::FetchRequest>(request); }
Outcome fetch_snapshot(Request& request) { return ask<protocol::FetchSnapshotRequest>(request); }
Outcome add_raft_voter_here(Request& request) {
    return ask<protocol::AddRaftVoterRequest>(request);
}
Outcome remove_raft_voter_here(Request& request) {
    return ask<protocol::RemoveRaftVoterRequest>(request);
}
Outcome update_raft_voter(Request& request) {
    return ask<protocol::UpdateRaftVoterRequest>(request);
}

}  // namespace kcore::broker
