#include "rpc/fetch_session.h"

#include <limits>
#include <utility>

#include "base/errc.h"

namespace kcore::rpc {

namespace {

void ask(protocol::FetchRequest& request, const TopicPartition& name, const FetchPart& part) {
    auto& topics = request.topics;
    if (topics.empty() || topics.back().topic != name.topic ||
        topics.back().topic_id != part.topic_id) {
        auto& topic = topics.emplace_back();
        topic.topic = name.topic;
        topic.topic_id = part.topic_id;
    }
    auto& partition = topics.back().partitions.emplace_back();
    partition.partition = name.partition;
    partition.current_leader_epoch = part.leader_epoch;
    partition.fetch_offset = part.offset;
    partition.partition_max_bytes = part.max_bytes;
    partition.last_fetched_epoch = part.last_fetched_epoch;
    partition.log_start_offset = part.log_start;
}

void forget(protocol::FetchRequest& request, const TopicPartition& name, const FetchPart& part) {
    auto& topics = request.forgotten_topics_data;
    if (topics.empty() || topics.back().topic != name.topic ||
        topics.back().topic_id != part.topic_id) {
        auto& topic = topics.emplace_back();
        topic.topic = name.topic;
        topic.topic_id = part.topic_id;
    }
    topics.back().partitions.push_back(name.partition);
}

}  // namespace

void FetchSession::fill(protocol::FetchRequest& request, FetchParts wanted) {
    request.session_id = id_;
    request.session_epoch = epoch_;
    if (epoch_ == 0) {
        for (const auto& [name, part] : wanted) ask(request, name, part);
    } else {
        fill_changes(request, wanted);
    }
    parts_ = std::move(wanted);
}

void FetchSession::fill_changes(protocol::FetchRequest& request, const FetchParts& wanted) const {
    for (const auto& [name, part] : wanted) {
        const auto known = parts_.find(name);
        if (known == parts_.end() || known->second != part) ask(request, name, part);
    }
    // A topic made anew is another one: its old self has to be forgotten by its own id.
    for (const auto& [name, part] : parts_) {
        const auto found = wanted.find(name);
        if (found == wanted.end() || found->second.topic_id != part.topic_id) {
            forget(request, name, part);
        }
    }
}

bool FetchSession::answered(const protocol::FetchResponse& response) {
    switch (errc_from_wire(response.error_code)) {
        case Errc::none:
            break;
        case Errc::fetch_session_id_not_found:
            id_ = 0;
            epoch_ = 0;
            return false;
        default:  // The id is named once more, so that the broker drops the old session.
            epoch_ = 0;
            return false;
    }
    id_ = response.session_id;
    if (id_ == 0) {
        epoch_ = 0;  // The broker has no room for a session, or knows none.
    } else {
        epoch_ = epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : epoch_ + 1;
    }
    return true;
}

}  // namespace kcore::rpc
