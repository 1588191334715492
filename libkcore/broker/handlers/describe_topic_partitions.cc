// DescribeTopicPartitions: topics in order of name, cut after so many partitions, with a cursor to
// go on from (KIP-966).

#include <algorithm>
#include <set>
#include <utility>

#include "broker/handlers/handlers.h"
#include "broker/internal_topics.h"
#include "broker/services.h"
#include "broker/topic_view.h"
#include "protocol/api/describe_topic_partitions.h"

namespace kcore::broker {

namespace {

using protocol::DescribeTopicPartitionsRequest;
using protocol::DescribeTopicPartitionsResponse;
using PagedTopic = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;

struct PageWork {
    const Request& request;
    const metadata::Image& image;
    std::int32_t room;  // Partitions that still fit.
    DescribeTopicPartitionsResponse response;
};

void add_error(PageWork& work, const std::string& name, Errc code) {
    auto& answer = work.response.topics.emplace_back();
    answer.error_code = static_cast<std::int16_t>(code);
    answer.name = name;
}

void add_partition(const PageWork& work, const metadata::Partition& partition, std::int32_t number,
                   PagedTopic& answer) {
    auto& added = answer.partitions.emplace_back();
    const auto view = leader_of(work.image, partition, work.request.sender.listener.name);
    added.error_code = static_cast<std::int16_t>(view.error);
    added.partition_index = number;
    added.leader_id = view.leader;
    added.leader_epoch = partition.leader_epoch;
    added.replica_nodes = partition.replicas;
    added.isr_nodes = partition.isr;
    added.eligible_leader_replicas = partition.elr;
    added.last_known_elr = partition.last_known_elr;
    added.offline_replicas = offline_replicas(work.image, partition);
}

// False when the answer is full: the cursor then says where to go on.
bool add_topic(PageWork& work, const std::string& name, std::int32_t first) {
    const auto* topic = work.image.topic(name);
    if (topic == nullptr) {
        add_error(work, name,
                  is_legal_topic(name) ? Errc::unknown_topic_or_partition
                                       : Errc::invalid_topic_exception);
        work.response.topics.back().topic_authorized_operations = kTopicOperations;
        return true;
    }
    const auto stop_at = [&](std::int32_t number) {
        auto& cursor = work.response.next_cursor.emplace();
        cursor.topic_name = name;
        cursor.partition_index = number;
        return false;
    };
    if (work.room == 0) return stop_at(first);
    auto& answer = work.response.topics.emplace_back();
    answer.name = name;
    answer.topic_id = topic->id;
    answer.is_internal = is_internal_topic(name);
    answer.topic_authorized_operations = kTopicOperations;
    for (auto number = first; number < topic->partition_count(); ++number) {
        if (work.room == 0) return stop_at(number);
        add_partition(work, *topic->partition(number), number, answer);
        --work.room;
    }
    return true;
}

std::set<std::string> names_asked(const DescribeTopicPartitionsRequest& body,
                                  const metadata::Image& image) {
    std::set<std::string> names;
    for (const auto& topic : body.topics) names.insert(topic.name);
    if (body.topics.empty()) {
        for (const auto& topic : image.topics_sorted()) names.insert(topic->name);
    }
    return names;
}

Done refuse_all(Request& request, const std::set<std::string>& names, Errc code) {
    DescribeTopicPartitionsResponse response;
    for (const auto& name : names) {
        auto& answer = response.topics.emplace_back();
        answer.error_code = static_cast<std::int16_t>(code);
        answer.name = name;
    }
    return request.answer(response);
}

}  // namespace

Outcome describe_topic_partitions(Request& request) {
    auto body = request.decode<DescribeTopicPartitionsRequest>();
    if (!body) return request.malformed(body.error());
    const auto image = request.services.image();
    auto names = names_asked(*body, *image);
    if (names.contains("")) return refuse_all(request, names, Errc::unknown_server_error);
    std::int32_t first = 0;
    auto from = names.begin();
    if (body->cursor) {
        first = body->cursor->partition_index;
        from = names.lower_bound(body->cursor->topic_name);
        const bool is_asked = from != names.end() && *from == body->cursor->topic_name;
        if (first < 0 || (!is_asked && !body->topics.empty())) {
            return refuse_all(request, names, Errc::invalid_request);
        }
        if (!is_asked) first = 0;
    }
    const auto limit = std::max(1, std::min(body->response_partition_limit,
                                            request.services.config->describe_partitions_max));
    PageWork work{request, *image, limit, {}};
    for (; from != names.end(); ++from) {
        const bool has_room = add_topic(work, *from, std::exchange(first, 0));
        if (!has_room) break;
    }
    return request.answer(work.response);
}

}  // namespace kcore::broker
