#include "group/messages.h"

#include <type_traits>
#include <utility>

#include "group/classic_protocol.h"

namespace kcore::group {
namespace {

using namespace protocol;

constexpr std::int16_t kFirstOfManyGroups = 8;       // OffsetFetch.
constexpr std::int16_t kFirstWithTopLevelError = 2;  // OffsetFetch.

Response error_of(const JoinGroupRequest& request, std::int16_t version, Errc code) {
    return join_error(code, request.member_id, version);
}

Response error_of(const SyncGroupRequest&, std::int16_t, Errc code) { return sync_error(code); }

Response error_of(const HeartbeatRequest&, std::int16_t, Errc code) {
    HeartbeatResponse response;
    response.error_code = wire(code);
    return response;
}

Response error_of(const LeaveGroupRequest&, std::int16_t, Errc code) {
    LeaveGroupResponse response;
    response.error_code = wire(code);
    return response;
}

Response error_of(const DescribeGroupsRequest& request, std::int16_t, Errc code) {
    DescribeGroupsResponse response;
    for (const auto& id : request.groups) {
        auto& group = response.groups.emplace_back();
        group.group_id = id;
        group.error_code = wire(code);
    }
    return response;
}

Response error_of(const ListGroupsRequest&, std::int16_t, Errc code) {
    ListGroupsResponse response;
    response.error_code = wire(code);
    return response;
}

Response error_of(const DeleteGroupsRequest& request, std::int16_t, Errc code) {
    DeleteGroupsResponse response;
    for (const auto& id : request.groups_names) {
        auto& result = response.results.emplace_back();
        result.group_id = id;
        result.error_code = wire(code);
    }
    return response;
}

Response error_of(const OffsetCommitRequest& request, std::int16_t, Errc code) {
    OffsetCommitResponse response;
    for (const auto& asked : request.topics) {
        auto& topic = response.topics.emplace_back();
        topic.name = asked.name;
        topic.topic_id = asked.topic_id;
        for (const auto& partition : asked.partitions) {
            auto& result = topic.partitions.emplace_back();
            result.partition_index = partition.partition_index;
            result.error_code = wire(code);
        }
    }
    return response;
}

Response error_of(const FetchOffsets& request, std::int16_t, Errc code) {
    FetchedOffsets response;
    response.group_id = request.group.group_id;
    response.error_code = wire(code);
    return response;
}

Response error_of(const OffsetDeleteRequest&, std::int16_t, Errc code) {
    OffsetDeleteResponse response;
    response.error_code = wire(code);
    return response;
}

struct Refusal {
    Errc code;
    std::int16_t version;

    void operator()(JoinGroupResponse& r) const {
        r = join_error(code, std::move(r.member_id), version);
    }
    void operator()(SyncGroupResponse& r) const { r = sync_error(code); }
    void operator()(HeartbeatResponse& r) const { r.error_code = wire(code); }
    void operator()(LeaveGroupResponse& r) const {
        r.error_code = wire(code);
        r.members.clear();
    }
    void operator()(DescribeGroupsResponse& r) const {
        for (auto& group : r.groups) {
            DescribeGroupsResponse::DescribedGroup blank;
            blank.group_id = std::move(group.group_id);
            blank.error_code = wire(code);
            group = std::move(blank);
        }
    }
    void operator()(ListGroupsResponse& r) const {
        r.error_code = wire(code);
        r.groups.clear();
    }
    void operator()(DeleteGroupsResponse& r) const {
        for (auto& result : r.results) replace_success(result.error_code, code);
    }
    void operator()(OffsetCommitResponse& r) const {
        // Kafka has a code of its own for a commit that the log finds too large.
        const auto told =
            code == Errc::unknown_server_error ? Errc::invalid_commit_offset_size : code;
        for (auto& topic : r.topics) {
            for (auto& partition : topic.partitions) replace_success(partition.error_code, told);
        }
    }
    void operator()(FetchedOffsets& r) const {
        r.error_code = wire(code);
        r.topics.clear();
    }
    void operator()(OffsetDeleteResponse& r) const {
        r.error_code = wire(code);
        r.topics.clear();
    }

private:
    static void replace_success(std::int16_t& present, Errc by) {
        if (present == wire(Errc::none)) present = wire(by);
    }
};

OffsetFetchResponse::OffsetFetchResponseTopic old_topic(
    const OffsetFetchResponse::OffsetFetchResponseTopics& from) {
    OffsetFetchResponse::OffsetFetchResponseTopic topic;
    topic.name = from.name;
    for (const auto& p : from.partitions) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = p.partition_index;
        partition.committed_offset = p.committed_offset;
        partition.committed_leader_epoch = p.committed_leader_epoch;
        partition.metadata = p.metadata;
        partition.error_code = p.error_code;
    }
    return topic;
}

// Version 1 has no place for an error but the partitions.
std::vector<OffsetFetchResponse::OffsetFetchResponseTopic> failed_topics(
    const OffsetFetchRequest& request, std::int16_t error_code) {
    std::vector<OffsetFetchResponse::OffsetFetchResponseTopic> topics;
    if (!request.topics) return topics;
    for (const auto& asked : *request.topics) {
        auto& topic = topics.emplace_back();
        topic.name = asked.name;
        for (const auto index : asked.partition_indexes) {
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = index;
            partition.committed_offset = -1;
            partition.error_code = error_code;
        }
    }
    return topics;
}

}  // namespace

Response error_response(const Request& request, std::int16_t version, Errc code) {
    return std::visit([&](const auto& r) { return error_of(r, version, code); }, request);
}

void refuse(Reply& reply, Errc code) { std::visit(Refusal{code, reply.version}, reply.response); }

Errc append_error(Errc code) {
    switch (code) {
        case Errc::unknown_topic_or_partition:
        case Errc::not_enough_replicas:
        case Errc::not_enough_replicas_after_append:
        case Errc::request_timed_out:
            return Errc::coordinator_not_available;
        case Errc::not_leader_or_follower:
        case Errc::fenced_leader_epoch:
        case Errc::kafka_storage_error:
            return Errc::not_coordinator;
        case Errc::message_too_large:
        case Errc::record_list_too_large:
        case Errc::invalid_fetch_size:
            return Errc::unknown_server_error;
        default:
            return code;
    }
}

std::vector<FetchOffsets> split(const OffsetFetchRequest& request, std::int16_t version) {
    std::vector<FetchOffsets> parts;
    if (version >= kFirstOfManyGroups) {
        parts.reserve(request.groups.size());
        for (const auto& group : request.groups) parts.push_back({group, request.require_stable});
        return parts;
    }
    auto& part = parts.emplace_back();
    part.require_stable = request.require_stable;
    part.group.group_id = request.group_id;
    if (!request.topics) {
        part.group.topics.reset();
        return parts;
    }
    for (const auto& asked : *request.topics) {
        auto& topic = part.group.topics->emplace_back();
        topic.name = asked.name;
        topic.partition_indexes = asked.partition_indexes;
    }
    return parts;
}

OffsetFetchResponse join_answers(const OffsetFetchRequest& request,
                                 std::vector<FetchedOffsets> groups, std::int16_t version) {
    OffsetFetchResponse response;
    if (version >= kFirstOfManyGroups) {
        response.groups = std::move(groups);
        return response;
    }
    for (const auto& group : groups) {
        if (group.error_code != wire(Errc::none) && version < kFirstWithTopLevelError) {
            response.topics = failed_topics(request, group.error_code);
            continue;
        }
        response.error_code = group.error_code;
        for (const auto& topic : group.topics) response.topics.push_back(old_topic(topic));
    }
    return response;
}

}  // namespace kcore::group
