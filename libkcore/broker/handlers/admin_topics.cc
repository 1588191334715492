// Topics and their settings are changed by the controller: CreateTopics, DeleteTopics,
// CreatePartitions, AlterConfigs and IncrementalAlterConfigs are handed on.

#include "broker/forwarding.h"
#include "broker/handlers/handlers.h"
#include "protocol/api/alter_configs.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/incremental_alter_configs.h"

namespace kcore::broker {

namespace {

template <class Item>
void set_error(Item& item, const Error& error) {
    item.error_code = static_cast<std::int16_t>(error.code);
    if constexpr (requires { item.error_message; }) item.error_message = error.what;
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

template <class Response, class Body>
Response refuse_resources(const Body& body, const Error& error) {
    Response response;
    for (const auto& resource : body.resources) {
        auto& answer = response.responses.emplace_back();
        answer.resource_type = resource.resource_type;
        answer.resource_name = resource.resource_name;
        set_error(answer, error);
    }
    return response;
}

protocol::AlterConfigsResponse refuse(const protocol::AlterConfigsRequest& body,
                                      const Error& error) {
    return refuse_resources<protocol::AlterConfigsResponse>(body, error);
}

protocol::IncrementalAlterConfigsResponse refuse(
    const protocol::IncrementalAlterConfigsRequest& body, const Error& error) {
    return refuse_resources<protocol::IncrementalAlterConfigsResponse>(body, error);
}

template <class Body>
Outcome hand_on(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    typename Body::Response (*const answer)(const Body&, const Error&) = refuse;
    return forwarded<Body>(request, std::move(*body), answer);
}

}  // namespace

Outcome create_topics(Request& request) { return hand_on<protocol::CreateTopicsRequest>(request); }
Outcome delete_topics(Request& request) { return hand_on<protocol::DeleteTopicsRequest>(request); }
Outcome create_partitions(Request& request) {
    return hand_on<protocol::CreatePartitionsRequest>(request);
}
Outcome alter_configs(Request& request) { return hand_on<protocol::AlterConfigsRequest>(request); }
Outcome incremental_alter_configs(Request& request) {
    return hand_on<protocol::IncrementalAlterConfigsRequest>(request);
}

}  // namespace kcore::broker
