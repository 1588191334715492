#include "group/offsets.h"

#include <utility>

namespace kcore::group {

const Offsets::Topics* Offsets::of_group(std::string_view group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

const CommittedOffset* Offsets::find(std::string_view group, std::string_view topic,
                                     std::int32_t partition) const {
    const auto* topics = of_group(group);
    if (topics == nullptr) return nullptr;
    const auto of_topic = topics->find(topic);
    if (of_topic == topics->end()) return nullptr;
    const auto found = of_topic->second.find(partition);
    return found == of_topic->second.end() ? nullptr : &found->second;
}

bool Offsets::has_pending(const std::string& group) const {
    const auto first = held_.lower_bound(OffsetKey{group, "", INT32_MIN});
    return first != held_.end() && first->first.group == group;
}

bool Offsets::has_pending(const OffsetKey& key) const { return held_.contains(key); }

void Offsets::put(const OffsetKey& key, CommittedOffset offset) {
    groups_[key.group][key.topic].insert_or_assign(key.partition, std::move(offset));
}

// A deletion also ends what open transactions hold: their commit must not bring it back.
void Offsets::remove(const OffsetKey& key) {
    for (auto producer = pending_.begin(); producer != pending_.end();) {
        if (producer->second.erase(key) != 0) count_pending(key, -1);
        producer = producer->second.empty() ? pending_.erase(producer) : std::next(producer);
    }
    const auto group = groups_.find(key.group);
    if (group == groups_.end()) return;
    const auto topic = group->second.find(key.topic);
    if (topic == group->second.end()) return;
    topic->second.erase(key.partition);
    if (topic->second.empty()) group->second.erase(topic);
    if (group->second.empty()) groups_.erase(group);
}

void Offsets::put_pending(std::int64_t producer, const OffsetKey& key, CommittedOffset offset) {
    if (pending_[producer].insert_or_assign(key, std::move(offset)).second) count_pending(key, 1);
}

void Offsets::end_transaction(std::int64_t producer, bool committed) {
    auto ended = pending_.extract(producer);
    if (ended.empty()) return;
    for (auto& [key, offset] : ended.mapped()) {
        count_pending(key, -1);
        if (!committed) continue;
        // An ordinary commit made while the transaction was open is newer than what it held.
        const auto* present = find(key.group, key.topic, key.partition);
        if (present == nullptr || present->record_offset < offset.record_offset) {
            put(key, std::move(offset));
        }
    }
}

std::vector<OffsetKey> Offsets::pending_keys(const std::optional<std::string>& group) const {
    std::vector<OffsetKey> keys;
    auto at = group ? held_.lower_bound(OffsetKey{*group, "", INT32_MIN}) : held_.begin();
    for (; at != held_.end() && (!group || at->first.group == *group); ++at) {
        keys.push_back(at->first);
    }
    return keys;
}

void Offsets::count_pending(const OffsetKey& key, int by) {
    auto& count = held_[key];
    count = by > 0 ? count + 1 : count - 1;
    if (count == 0) held_.erase(key);
}

}  // namespace kcore::group
