// OffsetCommit, OffsetFetch and OffsetDelete.

#include <utility>

#include "group/coordinator.h"
#include "group/java_text.h"
#include "group/records.h"

namespace kcore::group {
namespace {

using namespace protocol;
using FetchedTopic = OffsetFetchResponse::OffsetFetchResponseTopics;
using FetchedPartition = OffsetFetchResponse::OffsetFetchResponsePartitions;

constexpr std::int16_t kTopicIds = 10;  // In OffsetCommit and OffsetFetch alike.
constexpr std::int16_t kCommitTellsNoGroup = 9;
constexpr std::size_t kTextBytesMax = INT16_MAX;  // Of a string in a record.

template <class Asked>
const metadata::Topic* resolve(const metadata::Image& image, const Asked& asked,
                               std::int16_t version) {
    return version >= kTopicIds ? image.topic(asked.topic_id) : image.topic(asked.name);
}

CommittedOffset committed(const OffsetCommitRequest& request,
                          const OffsetCommitRequest::OffsetCommitRequestPartition& partition,
                          const Uuid& topic_id, Now now) {
    CommittedOffset out;
    out.offset = partition.committed_offset;
    out.leader_epoch = partition.committed_leader_epoch;
    out.metadata = partition.committed_metadata.value_or("");
    out.commit_ms = now.wall_ms;
    if (request.retention_time_ms != -1) out.expire_ms = now.wall_ms + request.retention_time_ms;
    out.topic_id = topic_id;
    return out;
}

FetchedPartition no_offset(std::int32_t index, Errc code) {
    FetchedPartition out;
    out.partition_index = index;
    out.committed_offset = -1;
    out.error_code = wire(code);
    return out;
}

FetchedPartition fetched(std::int32_t index, const CommittedOffset& offset) {
    FetchedPartition out;
    out.partition_index = index;
    out.committed_offset = offset.offset;
    out.committed_leader_epoch = offset.leader_epoch;
    out.metadata = offset.metadata;
    return out;
}

// Reads the offsets of one group, as a request of one version wants them.
struct OffsetReader {
    const Offsets& offsets;
    const FetchOffsets& request;
    const metadata::Image& image;
    std::int16_t version;

    FetchedPartition read(const std::string& topic, std::int32_t index, const Uuid& id) const {
        const auto& group = request.group.group_id;
        if (request.require_stable && offsets.has_pending(OffsetKey{group, topic, index})) {
            return no_offset(index, Errc::unstable_offset_commit);
        }
        const auto* offset = offsets.find(group, topic, index);
        // An offset of an earlier topic of that name says nothing about this one.
        const bool is_other = offset != nullptr && !id.is_zero() && !offset->topic_id.is_zero() &&
                              offset->topic_id != id;
        if (offset == nullptr || is_other) return no_offset(index, Errc::none);
        return fetched(index, *offset);
    }

    FetchedTopic named(const OffsetFetchRequest::OffsetFetchRequestTopics& asked) const {
        FetchedTopic out;
        out.name = asked.name;
        out.topic_id = asked.topic_id;
        const auto* topic = version >= kTopicIds ? image.topic(asked.topic_id) : nullptr;
        for (const auto index : asked.partition_indexes) {
            if (version >= kTopicIds && topic == nullptr) {
                out.partitions.push_back(no_offset(index, Errc::unknown_topic_id));
            } else {
                const auto& name = topic != nullptr ? topic->name : asked.name;
                out.partitions.push_back(read(name, index, asked.topic_id));
            }
        }
        return out;
    }

    // By id, a topic that exists no more has nothing to be called by.
    std::optional<FetchedTopic> whole(const std::string& name,
                                      const Offsets::Partitions& partitions) const {
        FetchedTopic out;
        out.name = name;
        if (version >= kTopicIds) {
            const auto* topic = image.topic(name);
            if (topic == nullptr) return std::nullopt;
            out.topic_id = topic->id;
        }
        for (const auto& [index, offset] : partitions) {
            out.partitions.push_back(read(name, index, out.topic_id));
        }
        return out;
    }
};

}  // namespace

void Coordinator::decide(const OffsetCommitRequest& request, Context context, Now now,
                         Ticket ticket, Effects& out) {
    OffsetCommitResponse response;
    std::optional<Errc> group_code;  // Asked only when there is something to commit.
    for (const auto& asked : request.topics) {
        const auto* topic = resolve(*context.image, asked, context.version);
        auto& entry = response.topics.emplace_back();
        entry.name = asked.name;
        entry.topic_id = asked.topic_id;
        for (const auto& partition : asked.partitions) {
            auto& result = entry.partitions.emplace_back();
            result.partition_index = partition.partition_index;
            auto code = Errc::none;
            if (topic == nullptr) {
                code = context.version >= kTopicIds ? Errc::unknown_topic_id
                                                    : Errc::unknown_topic_or_partition;
            } else if (topic->partition(partition.partition_index) == nullptr) {
                code = Errc::unknown_topic_or_partition;
            } else {
                if (!group_code) group_code = check_commit(request, context.version, now);
                code = *group_code;
            }
            if (code == Errc::none) {
                code = commit_one({request.group_id, topic->name, partition.partition_index},
                                  committed(request, partition, topic->id, now), out);
            }
            result.error_code = wire(code);
        }
    }
    out.applies_records = true;
    out.replies.push_back({ticket, context.version, std::move(response)});
}

Errc Coordinator::check_commit(const OffsetCommitRequest& request, std::int16_t version, Now now) {
    const auto generation = request.generation_id_or_member_epoch;
    if (const auto* foreign = foreign_.find(request.group_id)) {
        return foreign->is_empty() && generation < 0 ? Errc::none : Errc::unknown_member_id;
    }
    auto* group = find(request.group_id);
    if (group == nullptr) {
        if (generation < 0) return Errc::none;
        return version >= kCommitTellsNoGroup ? Errc::group_id_not_found : Errc::illegal_generation;
    }
    // Administrators and consumers that manage their partitions themselves name no generation.
    if (generation < 0 && group->is(GroupState::empty)) return Errc::none;
    const auto code = group->check_member(request.member_id, request.group_instance_id);
    if (code != Errc::none) return code;
    if (generation != group->generation()) return Errc::illegal_generation;
    // The member may not know yet what it owns: it shall sync first.
    if (group->is(GroupState::completing_rebalance)) return Errc::rebalance_in_progress;
    protocol_.touch(*group, *group->member(request.member_id), now);
    return Errc::none;
}

Errc Coordinator::commit_one(const OffsetKey& key, CommittedOffset offset, Effects& out) const {
    if (java_length(offset.metadata) >
            static_cast<std::size_t>(settings_.offset_metadata_max_bytes) ||
        offset.metadata.size() > kTextBytesMax) {
        return Errc::offset_metadata_too_large;
    }
    auto record = offset_record(key, offset);
    if (!record) return Errc::invalid_commit_offset_size;
    out.records.push_back(std::move(*record));
    return Errc::none;
}

void Coordinator::decide(const FetchOffsets& request, Context context, Now, Ticket ticket,
                         Effects& out) {
    FetchedOffsets response;
    response.group_id = request.group.group_id;
    const bool as_member = request.group.member_id || request.group.member_epoch >= 0;
    const OffsetReader reader{offsets_, request, *context.image, context.version};
    if (as_member && foreign_.find(request.group.group_id) != nullptr) {
        response.error_code = wire(Errc::unknown_member_id);
    } else if (request.group.topics) {
        for (const auto& asked : *request.group.topics) {
            response.topics.push_back(reader.named(asked));
        }
    } else if (const auto* topics = offsets_.of_group(request.group.group_id)) {
        for (const auto& [name, partitions] : *topics) {
            if (auto topic = reader.whole(name, partitions)) {
                response.topics.push_back(std::move(*topic));
            }
        }
    }
    out.replies.push_back({ticket, context.version, std::move(response)});
}

void Coordinator::decide(const OffsetDeleteRequest& request, Context context, Now, Ticket ticket,
                         Effects& out) {
    OffsetDeleteResponse response;
    const auto code = check_offset_delete(request.group_id);
    response.error_code = wire(code);
    if (code == Errc::none) {
        for (const auto& asked : request.topics) {
            auto& topic = response.topics.emplace_back();
            topic.name = asked.name;
            for (const auto& partition : asked.partitions) {
                auto& result = topic.partitions.emplace_back();
                result.partition_index = partition.partition_index;
                result.error_code =
                    wire(delete_one({request.group_id, asked.name, partition.partition_index},
                                    *context.image, out));
            }
        }
    }
    out.atomic = false;
    out.applies_records = true;
    out.replies.push_back({ticket, context.version, std::move(response)});
}

Errc Coordinator::check_offset_delete(const std::string& group_id) const {
    if (group_id.empty()) return Errc::invalid_group_id;
    if (const auto* foreign = foreign_.find(group_id)) {
        return foreign->is_empty() ? Errc::none : Errc::non_empty_group;
    }
    const auto* known = group(group_id);
    if (known == nullptr) return Errc::group_id_not_found;
    // Only of consumers it is known which topics they still need.
    const bool is_safe = known->is(GroupState::empty) || known->uses_consumer_protocol();
    return is_safe ? Errc::none : Errc::non_empty_group;
}

Errc Coordinator::delete_one(const OffsetKey& key, const metadata::Image& image,
                             Effects& out) const {
    if (image.partition(key.topic, key.partition) == nullptr) {
        return Errc::unknown_topic_or_partition;
    }
    const auto* known = group(key.group);
    if (known != nullptr && known->is_subscribed(key.topic)) {
        return Errc::group_subscribed_to_topic;
    }
    forget_offset(key, out);
    return Errc::none;
}

}  // namespace kcore::group
