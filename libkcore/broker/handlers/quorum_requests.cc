// What the replicas of the metadata log ask of each other, and operators of their voters: handed to
// this node's replica as it is.

#include "broker/controller_runner.h"
#include "broker/handlers/controller_handlers.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

template <class Body>
asio::awaitable<Done> asked(Request& request, Body body) {
    const auto answer = co_await request.services.controller_runner->ask(std::move(body));
    co_return request.answer(answer.wire);
}

}  // namespace

template <class Body>
Outcome ask_replica(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    return asked<Body>(request, std::move(*body));
}

template Outcome ask_replica<protocol::AddRaftVoterRequest>(Request&);
template Outcome ask_replica<protocol::BeginQuorumEpochRequest>(Request&);
template Outcome ask_replica<protocol::EndQuorumEpochRequest>(Request&);
template Outcome ask_replica<protocol::FetchRequest>(Request&);
template Outcome ask_replica<protocol::FetchSnapshotRequest>(Request&);
template Outcome ask_replica<protocol::RemoveRaftVoterRequest>(Request&);
template Outcome ask_replica<protocol::UpdateRaftVoterRequest>(Request&);
template Outcome ask_replica<protocol::VoteRequest>(Request&);

}  // namespace kcore::broker
