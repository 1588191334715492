// What goes away by itself: offsets past their retention or of deleted topics, groups that hold
// nothing, and members whose deadline has passed.

#include <algorithm>
#include <utility>

#include "group/coordinator.h"
#include "group/records.h"

namespace kcore::group {
namespace {

bool retention_is_over(const CommittedOffset& offset, std::int64_t since_ms,
                       std::int64_t retention_ms, Now now) {
    if (offset.expire_ms) return now.wall_ms >= *offset.expire_ms;
    return now.wall_ms - since_ms >= retention_ms;
}

// From when on the offset has not been needed; nothing while the group may still need it
// (KIP-211).
std::optional<std::int64_t> unused_since(const ClassicGroup& group, const std::string& topic,
                                         const CommittedOffset& offset) {
    if (group.protocol_type().empty()) return offset.commit_ms;
    if (group.is_subscribed(topic)) return std::nullopt;
    if (group.is(GroupState::empty)) {
        return group.state_since_ms() == -1 ? offset.commit_ms : group.state_since_ms();
    }
    const bool knows_topics = group.subscribed_topics() && group.is(GroupState::stable);
    return knows_topics ? std::optional(offset.commit_ms) : std::nullopt;
}

}  // namespace

void Coordinator::forget_offset(const OffsetKey& key, Effects& out) const {
    const bool is_there =
        offsets_.find(key.group, key.topic, key.partition) != nullptr || offsets_.has_pending(key);
    if (!is_there) return;
    // A key that was stored can be stored again.
    if (auto record = offset_tombstone(key)) out.records.push_back(std::move(*record));
}

void Coordinator::forget_offsets(const std::string& group_id, Effects& out) const {
    if (const auto* topics = offsets_.of_group(group_id)) {
        for (const auto& [topic, partitions] : *topics) {
            for (const auto& [index, offset] : partitions) {
                forget_offset({group_id, topic, index}, out);
            }
        }
    }
    for (const auto& key : offsets_.pending_keys(group_id)) {
        if (offsets_.find(key.group, key.topic, key.partition) == nullptr) forget_offset(key, out);
    }
}

Effects Coordinator::topics_deleted(const std::vector<std::string>& topics) {
    Effects out;
    out.atomic = false;
    out.applies_records = true;
    for (const auto& [group_id, of_group] : offsets_.groups()) {
        for (const auto& topic : topics) {
            const auto found = of_group.find(topic);
            if (found == of_group.end()) continue;
            for (const auto& [index, offset] : found->second) {
                forget_offset({group_id, topic, index}, out);
            }
        }
    }
    for (const auto& key : offsets_.pending_keys(std::nullopt)) {
        const bool is_deleted = std::ranges::count(topics, key.topic) > 0;
        const bool is_done = offsets_.find(key.group, key.topic, key.partition) != nullptr;
        if (is_deleted && !is_done) forget_offset(key, out);
    }
    return out;
}

void Coordinator::expire(const ClassicGroup& group, Now now, Effects& out) const {
    std::size_t kept = 0;
    if (const auto* topics = offsets_.of_group(group.id())) {
        for (const auto& [topic, partitions] : *topics) {
            for (const auto& [index, offset] : partitions) {
                const OffsetKey key{group.id(), topic, index};
                const auto since_ms = unused_since(group, topic, offset);
                const bool is_over =
                    since_ms && !offsets_.has_pending(key) &&
                    retention_is_over(offset, *since_ms, settings_.offsets_retention_ms, now);
                is_over ? forget_offset(key, out) : void(++kept);
            }
        }
    }
    const bool is_unused = kept == 0 && group.is(GroupState::empty) && !group.has_pending() &&
                           !offsets_.has_pending(group.id());
    if (!is_unused) return;
    if (auto record = group_tombstone(group.id())) out.records.push_back(std::move(*record));
}

// One group with something to delete at a time, so that a batch stays small.
void Coordinator::sweep(Now now, Effects& out) {
    auto at = sweep_after_ ? groups_.upper_bound(*sweep_after_) : groups_.begin();
    for (; at != groups_.end() && out.records.empty(); ++at) {
        sweep_after_ = at->first;
        if (foreign_.find(at->first) == nullptr) expire(at->second, now, out);
    }
    if (at != groups_.end()) return;
    sweep_after_.reset();
    sweep_due_ms_ = now.steady_ms + settings_.offsets_retention_check_interval_ms;
}

Effects Coordinator::on_time(Now now) {
    Effects out;
    if (const auto event = timers_.pop(now.steady_ms)) {
        if (auto* group = find(event->group)) protocol_.on_deadline(*group, *event, now, out);
    } else if (sweep_due_ms_ <= now.steady_ms) {
        out.atomic = false;
        out.applies_records = true;
        sweep(now, out);
    }
    return out;
}

std::int64_t Coordinator::next_deadline_ms() const {
    return std::min(timers_.next_ms(), sweep_due_ms_);
}

}  // namespace kcore::group
