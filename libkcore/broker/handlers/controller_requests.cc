// Requests that the controller decides: brokers' own and those of admin tools that dial it.

#include "broker/controller_runner.h"
#include "broker/handlers/controller_handlers.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

template <class Body>
asio::awaitable<Done> decided(Request& request, Body body) {
    Caller caller(request.sender.principal, request.header);
    auto& runner = *request.services.controller_runner;
    auto answer = co_await runner.handle(std::move(body), std::move(caller));
    if (answer) co_return request.answer(*answer);
    typename Body::Response refusal;
    if constexpr (requires { refusal.error_code; }) {
        refusal.error_code = static_cast<std::int16_t>(answer.error().code);
        co_return request.answer(refusal);
    }
    // The answer has no place for it; the sender finds the active controller and asks again.
    co_return request.malformed(answer.error());
}

}  // namespace

template <class Body>
Outcome decide(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    return decided<Body>(request, std::move(*body));
}

template Outcome decide<protocol::AllocateProducerIdsRequest>(Request&);
template Outcome decide<protocol::AlterClientQuotasRequest>(Request&);
template Outcome decide<protocol::AlterConfigsRequest>(Request&);
template Outcome decide<protocol::AlterPartitionReassignmentsRequest>(Request&);
template Outcome decide<protocol::AlterPartitionRequest>(Request&);
template Outcome decide<protocol::AlterUserScramCredentialsRequest>(Request&);
template Outcome decide<protocol::AssignReplicasToDirsRequest>(Request&);
template Outcome decide<protocol::BrokerHeartbeatRequest>(Request&);
template Outcome decide<protocol::BrokerRegistrationRequest>(Request&);
template Outcome decide<protocol::ControllerRegistrationRequest>(Request&);
template Outcome decide<protocol::CreatePartitionsRequest>(Request&);
template Outcome decide<protocol::CreateTopicsRequest>(Request&);
template Outcome decide<protocol::DeleteTopicsRequest>(Request&);
template Outcome decide<protocol::DescribeQuorumRequest>(Request&);
template Outcome decide<protocol::ElectLeadersRequest>(Request&);
template Outcome decide<protocol::IncrementalAlterConfigsRequest>(Request&);
template Outcome decide<protocol::ListPartitionReassignmentsRequest>(Request&);
template Outcome decide<protocol::UnregisterBrokerRequest>(Request&);
template Outcome decide<protocol::UnregisterControllerRequest>(Request&);
template Outcome decide<protocol::UpdateFeaturesRequest>(Request&);

}  // namespace kcore::broker
