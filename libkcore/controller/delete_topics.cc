// DeleteTopics, by name or by id.

#include <map>
#include <set>
#include <utility>

#include "controller/topics.h"

namespace kcore::controller {
namespace {

using DeletedAnswer = protocol::DeleteTopicsResponse::DeletableTopicResult;

struct WantedTopic {
    std::optional<std::string> name;
    Uuid id;
};

std::vector<WantedTopic> wanted_of(const protocol::DeleteTopicsRequest& request) {
    std::vector<WantedTopic> wanted;
    for (const auto& name : request.topic_names) wanted.push_back({name, Uuid()});
    for (const auto& topic : request.topics) wanted.push_back({topic.name, topic.topic_id});
    return wanted;
}

class Deletion {
public:
    Deletion(const State& state, std::vector<WantedTopic> wanted)
        : state_(state), wanted_(std::move(wanted)) {
        for (const auto& one : wanted_) {
            if (one.name) ++names_[*one.name];
            if (!one.id.is_zero()) ++ids_[one.id];
        }
    }

    Decision<protocol::DeleteTopicsResponse> run(const Moment& moment, bool timed_out) {
        Decision<protocol::DeleteTopicsResponse> decision;
        for (const auto& one : wanted_) {
            DeletedAnswer answer;
            answer.name = one.name;
            answer.topic_id = one.id;
            auto outcome = timed_out ? Error(Errc::request_timed_out, "") : check(one, answer);
            // What is asked for twice is answered once.
            if (!answered_.emplace(answer.name.value_or(""), answer.topic_id).second) continue;
            if (outcome.code == Errc::none) outcome = take(moment, answer.topic_id);
            if (outcome.code == Errc::none) {
                protocol::RemoveTopicRecord r;
                r.topic_id = answer.topic_id;
                decision.add(std::move(r));
            } else {
                answer.error_code = static_cast<std::int16_t>(outcome.code);
                answer.error_message = text_of(outcome);
            }
            decision.response.responses.push_back(std::move(answer));
        }
        return decision;
    }

private:
    Error take(const Moment& moment, const Uuid& id) const {
        const auto taken = moment.take(state_.image->topic(id)->partition_count());
        return taken ? Error(Errc::none, "") : taken.error();
    }

    // Completes name and id of a topic that may go.
    Error check(const WantedTopic& one, DeletedAnswer& answer) {
        if (!state_.settings.delete_topics) {
            return {Errc::topic_deletion_disabled, "Topic deletion is disabled."};
        }
        if (one.name && !one.id.is_zero()) {
            return {Errc::invalid_request, "You may not specify both topic name and topic id."};
        }
        return one.name ? check_name(*one.name, answer) : check_id(one.id, answer);
    }

    Error check_name(const std::string& name, DeletedAnswer& answer) {
        if (names_[name] > 1) return {Errc::invalid_request, "Duplicate topic name."};
        const auto* topic = state_.image->topic(name);
        if (topic == nullptr) {
            return {Errc::unknown_topic_or_partition,
                    "This server does not host this topic-partition."};
        }
        answer.topic_id = topic->id;
        if (ids_.contains(topic->id)) {
            return {Errc::invalid_request,
                    "The provided topic name maps to an ID that was already supplied."};
        }
        return {Errc::none, ""};
    }

    Error check_id(const Uuid& id, DeletedAnswer& answer) {
        if (id.is_zero())
            return {Errc::invalid_request, "Neither topic name nor id were specified."};
        if (ids_[id] > 1) return {Errc::invalid_request, "Duplicate topic id."};
        const auto* topic = state_.image->topic(id);
        if (topic == nullptr)
            return {Errc::unknown_topic_id, "This server does not host this topic ID."};
        answer.name = topic->name;
        if (names_.contains(topic->name)) {
            return {Errc::invalid_request,
                    "The provided topic name maps to an ID that was already supplied."};
        }
        return {Errc::none, ""};
    }

    const State& state_;
    std::vector<WantedTopic> wanted_;
    std::map<std::string, int> names_;
    std::map<Uuid, int> ids_;
    std::set<std::pair<std::string, Uuid>> answered_;
};

}  // namespace

Decision<protocol::DeleteTopicsResponse> delete_topics(const State& state,
                                                       const protocol::DeleteTopicsRequest& request,
                                                       const Moment& moment) {
    return Deletion(state, wanted_of(request)).run(moment, request.timeout_ms <= 0);
}

}  // namespace kcore::controller
