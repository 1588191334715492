// What the controller decides about the cluster beyond topics and settings: these requests are
// handed on as they came.

#include "broker/forwarding.h"
#include "broker/handlers/handlers.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/alter_client_quotas.h"
#include "protocol/api/alter_partition_reassignments.h"
#include "protocol/api/alter_user_scram_credentials.h"
#include "protocol/api/describe_quorum.h"
#include "protocol/api/elect_leaders.h"
#include "protocol/api/list_partition_reassignments.h"
#include "protocol/api/remove_raft_voter.h"
#include "protocol/api/unregister_broker.h"
#include "protocol/api/unregister_controller.h"
#include "protocol/api/update_features.h"

namespace kcore::broker {

namespace {

template <class Body>
typename Body::Response refuse(const Body& /*body*/, const Error& error) {
    return refusal<typename Body::Response>(error);
}

protocol::AlterClientQuotasResponse refuse_entries(const protocol::AlterClientQuotasRequest& body,
                                                   const Error& error) {
    protocol::AlterClientQuotasResponse response;
    for (const auto& entry : body.entries) {
        auto& answer = response.entries.emplace_back();
        answer.error_code = static_cast<std::int16_t>(error.code);
        answer.error_message = error.what;
        for (const auto& part : entry.entity) {
            auto& named = answer.entity.emplace_back();
            named.entity_type = part.entity_type;
            named.entity_name = part.entity_name;
        }
    }
    return response;
}

protocol::AlterUserScramCredentialsResponse refuse_users(
    const protocol::AlterUserScramCredentialsRequest& body, const Error& error) {
    protocol::AlterUserScramCredentialsResponse response;
    const auto add = [&](const std::string& user) {
        auto& answer = response.results.emplace_back();
        answer.user = user;
        answer.error_code = static_cast<std::int16_t>(error.code);
        answer.error_message = error.what;
    };
    for (const auto& deletion : body.deletions) add(deletion.name);
    for (const auto& upsertion : body.upsertions) add(upsertion.name);
    return response;
}

}  // namespace

Outcome add_raft_voter(Request& request) {
    return hand_on<protocol::AddRaftVoterRequest>(request, refuse);
}
Outcome alter_client_quotas(Request& request) {
    return hand_on<protocol::AlterClientQuotasRequest>(request, refuse_entries);
}
Outcome alter_partition_reassignments(Request& request) {
    return hand_on<protocol::AlterPartitionReassignmentsRequest>(request, refuse);
}
Outcome alter_user_scram_credentials(Request& request) {
    return hand_on<protocol::AlterUserScramCredentialsRequest>(request, refuse_users);
}
Outcome describe_quorum(Request& request) {
    return hand_on<protocol::DescribeQuorumRequest>(request, refuse);
}
Outcome elect_leaders(Request& request) {
    return hand_on<protocol::ElectLeadersRequest>(request, refuse);
}
Outcome list_partition_reassignments(Request& request) {
    return hand_on<protocol::ListPartitionReassignmentsRequest>(request, refuse);
}
Outcome remove_raft_voter(Request& request) {
    return hand_on<protocol::RemoveRaftVoterRequest>(request, refuse);
}
Outcome unregister_broker(Request& request) {
    return hand_on<protocol::UnregisterBrokerRequest>(request, refuse);
}
Outcome unregister_controller(Request& request) {
    return hand_on<protocol::UnregisterControllerRequest>(request, refuse);
}
Outcome update_features(Request& request) {
    return hand_on<protocol::UpdateFeaturesRequest>(request, refuse);
}

}  // namespace kcore::broker
