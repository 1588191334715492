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

template <class Body>
Outcome decide(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    return decided<Body>(request, std::move(*body));
}

}  // namespace

Outcome allocate_producer_ids(Request& request) {
    return decide<protocol::AllocateProducerIdsRequest>(request);
}
Outcome alter_partition(Request& request) {
    return decide<protocol::AlterPartitionRequest>(request);
}
Outcome assign_replicas_to_dirs(Request& request) {
    return decide<protocol::AssignReplicasToDirsRequest>(request);
}
Outcome broker_heartbeat(Request& request) {
    return decide<protocol::BrokerHeartbeatRequest>(request);
}
Outcome broker_registration(Request& request) {
    return decide<protocol::BrokerRegistrationRequest>(request);
}
Outcome controller_registration(Request& request) {
    return decide<protocol::ControllerRegistrationRequest>(request);
}
Outcome alter_configs_here(Request& request) {
    return decide<protocol::AlterConfigsRequest>(request);
}
Outcome create_partitions_here(Request& request) {
    return decide<protocol::CreatePartitionsRequest>(request);
}
Outcome create_topics_here(Request& request) {
    return decide<protocol::CreateTopicsRequest>(request);
}
Outcome delete_topics_here(Request& request) {
    return decide<protocol::DeleteTopicsRequest>(request);
}
Outcome incremental_alter_configs_here(Request& request) {
    return decide<protocol::IncrementalAlterConfigsRequest>(request);
}
Outcome alter_client_quotas_here(Request& request) {
    return decide<protocol::AlterClientQuotasRequest>(request);
}
Outcome alter_partition_reassignments_here(Request& request) {
    return decide<protocol::AlterPartitionReassignmentsRequest>(request);
}
Outcome alter_user_scram_credentials_here(Request& request) {
    return decide<protocol::AlterUserScramCredentialsRequest>(request);
}
Outcome describe_quorum_here(Request& request) {
    return decide<protocol::DescribeQuorumRequest>(request);
}
Outcome elect_leaders_here(Request& request) {
    return decide<protocol::ElectLeadersRequest>(request);
}
Outcome list_partition_reassignments_here(Request& request) {
    return decide<protocol::ListPartitionReassignmentsRequest>(request);
}
Outcome unregister_broker_here(Request& request) {
    return decide<protocol::UnregisterBrokerRequest>(request);
}
Outcome unregister_controller_here(Request& request) {
    return decide<protocol::UnregisterControllerRequest>(request);
}
Outcome update_features_here(Request& request) {
    return decide<protocol::UpdateFeaturesRequest>(request);
}

}  // namespace kcore::broker
