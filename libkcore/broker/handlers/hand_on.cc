// What the controller decides about the cluster: these requests are handed on as they came.

#include <type_traits>

#include "broker/forwarding.h"
#include "broker/handlers/handlers.h"
#include "broker/memory_ceiling.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/alter_client_quotas.h"
#include "protocol/api/alter_partition_reassignments.h"
#include "protocol/api/alter_user_scram_credentials.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/describe_quorum.h"
#include "protocol/api/elect_leaders.h"
#include "protocol/api/list_partition_reassignments.h"
#include "protocol/api/remove_raft_voter.h"
#include "protocol/api/unregister_broker.h"
#include "protocol/api/unregister_controller.h"
#include "protocol/api/update_features.h"

namespace kcore::broker {

namespace {

template <class Item>
void set_error(Item& item, const Error& error) {
    item.error_code = static_cast<std::int16_t>(error.code);
    if constexpr (requires { item.error_message; }) item.error_message = error.what;
}

template <class Body>
typename Body::Response refuse(const Body& /*body*/, const Error& error) {
    return refusal<typename Body::Response>(error);
}

protocol::CreateTopicsResponse refuse(const protocol::CreateTopicsRequest& body,
                                      const Error& error) {
    protocol::CreateTopicsResponse response;
    for (const auto& topic : body.topics) {
        auto& answer = response.topics.emplace_back();
        answer.name = topic.name;
        set_error(answer, error);
    }
    return response;
}

protocol::DeleteTopicsResponse refuse(const protocol::DeleteTopicsRequest& body,
                                      const Error& error) {
    protocol::DeleteTopicsResponse response;
    for (const auto& name : body.topic_names) {
        auto& answer = response.responses.emplace_back();
        answer.name = name;
        set_error(answer, error);
    }
    for (const auto& topic : body.topics) {
        auto& answer = response.responses.emplace_back();
        answer.name = topic.name;
        answer.topic_id = topic.topic_id;
        set_error(answer, error);
    }
    return response;
}

protocol::CreatePartitionsResponse refuse(const protocol::CreatePartitionsRequest& body,
                                          const Error& error) {
    protocol::CreatePartitionsResponse response;
    for (const auto& topic : body.topics) {
        auto& answer = response.results.emplace_back();
        answer.name = topic.name;
        set_error(answer, error);
    }
    return response;
}

protocol::AlterClientQuotasResponse refuse(const protocol::AlterClientQuotasRequest& body,
                                           const Error& error) {
    protocol::AlterClientQuotasResponse response;
    for (const auto& entry : body.entries) {
        auto& answer = response.entries.emplace_back();
        set_error(answer, error);
        for (const auto& part : entry.entity) {
            auto& named = answer.entity.emplace_back();
            named.entity_type = part.entity_type;
            named.entity_name = part.entity_name;
        }
    }
    return response;
}

protocol::AlterUserScramCredentialsResponse refuse(
    const protocol::AlterUserScramCredentialsRequest& body, const Error& error) {
    protocol::AlterUserScramCredentialsResponse response;
    const auto add = [&](const std::string& user) {
        auto& answer = response.results.emplace_back();
        answer.user = user;
        set_error(answer, error);
    };
    for (const auto& deletion : body.deletions) add(deletion.name);
    for (const auto& upsertion : body.upsertions) add(upsertion.name);
    return response;
}

}  // namespace

template <class Body>
Outcome hand_on(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    constexpr bool adds_partitions = std::is_same_v<Body, protocol::CreateTopicsRequest> ||
                                     std::is_same_v<Body, protocol::CreatePartitionsRequest>;
    if (const auto* memory = request.services.memory; adds_partitions && memory != nullptr) {
        if (const auto free = memory->check(); !free) {
            return request.answer(refuse(*body, free.error()));
        }
    }
    return forwarded<Body>(request, std::move(*body), refuse);
}

template Outcome hand_on<protocol::AddRaftVoterRequest>(Request&);
template Outcome hand_on<protocol::AlterClientQuotasRequest>(Request&);
template Outcome hand_on<protocol::AlterPartitionReassignmentsRequest>(Request&);
template Outcome hand_on<protocol::AlterUserScramCredentialsRequest>(Request&);
template Outcome hand_on<protocol::CreatePartitionsRequest>(Request&);
template Outcome hand_on<protocol::CreateTopicsRequest>(Request&);
template Outcome hand_on<protocol::DeleteTopicsRequest>(Request&);
template Outcome hand_on<protocol::DescribeQuorumRequest>(Request&);
template Outcome hand_on<protocol::ElectLeadersRequest>(Request&);
template Outcome hand_on<protocol::ListPartitionReassignmentsRequest>(Request&);
template Outcome hand_on<protocol::RemoveRaftVoterRequest>(Request&);
template Outcome hand_on<protocol::UnregisterBrokerRequest>(Request&);
template Outcome hand_on<protocol::UnregisterControllerRequest>(Request&);
template Outcome hand_on<protocol::UpdateFeaturesRequest>(Request&);

}  // namespace kcore::broker
