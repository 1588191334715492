// Topics are changed by the controller: CreateTopics, DeleteTopics and CreatePartitions are handed
// on.

#include "broker/forwarding.h"
#include "broker/handlers/handlers.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_topics.h"

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

}  // namespace

Outcome create_topics(Request& request) {
    return hand_on<protocol::CreateTopicsRequest>(request, refuse);
}
Outcome delete_topics(Request& request) {
    return hand_on<protocol::DeleteTopicsRequest>(request, refuse);
}
Outcome create_partitions(Request& request) {
    return hand_on<protocol::CreatePartitionsRequest>(request, refuse);
}

}  // namespace kcore::broker
