// Rebuilding a coordinator from its log, and applying what it has just appended.

#include <utility>
#include <variant>

#include "group/coordinator.h"
#include "group/records.h"

namespace kcore::group {

void Coordinator::replay(const LoadedRecord& record) {
    const auto key = parse_key(record.key);
    if (!key) {
        logger_.warn("record at offset={} is skipped: {}", record.offset, key.error().what);
    } else if (const auto* offset = std::get_if<OffsetKey>(&*key)) {
        replay_offset(*offset, record);
    } else if (const auto* group = std::get_if<GroupKey>(&*key)) {
        replay_group(group->group, record);
    } else if (const auto* foreign = std::get_if<ForeignKey>(&*key)) {
        foreign_.replay(*foreign, record.key, !record.value);
    } else {
        const auto type = std::get<UnknownKey>(*key).type;
        if (unknown_types_.insert(type).second) {
            logger_.warn("records of type={} are skipped, first at offset={}", type, record.offset);
        }
    }
}

void Coordinator::replay_offset(const OffsetKey& key, const LoadedRecord& record) {
    if (!record.value) return offsets_.remove(key);
    auto value = parse_offset(*record.value);
    if (!value) {
        logger_.warn("group={} offset of {}-{} at offset={} is skipped: {}", key.group, key.topic,
                     key.partition, record.offset, value.error().what);
        return;
    }
    // A consumer that manages its partitions itself has a group by committing (a simple group).
    if (foreign_.find(key.group) == nullptr) groups_.try_emplace(key.group, key.group, -1);
    value->record_offset = record.offset;
    if (record.producer) {
        offsets_.put_pending(*record.producer, key, std::move(*value));
    } else {
        offsets_.put(key, std::move(*value));
    }
}

void Coordinator::replay_group(const std::string& id, const LoadedRecord& record) {
    if (!record.value) {
        groups_.erase(id);
        return;
    }
    if (is_loaded_) return;  // Memory decided it and is the richer of the two.
    auto group = parse_group(id, *record.value);
    if (group) {
        groups_.insert_or_assign(id, std::move(*group));
    } else {
        logger_.warn("group={} at offset={} is skipped: {}", id, record.offset, group.error().what);
    }
}

void Coordinator::end_transaction(std::int64_t producer, bool committed) {
    offsets_.end_transaction(producer, committed);
}

void Coordinator::loaded(Now now) {
    is_loaded_ = true;
    // Offsets may stand in the log before the record that tells whose they are.
    std::erase_if(groups_, [this](const auto& entry) {
        return foreign_.find(entry.first) != nullptr && entry.second.members().empty();
    });
    foreign_.for_each([this](const std::string& id, const ForeignGroup& group) {
        logger_.warn("group={} of type={} is kept but not served", id, group.type_name());
    });
    Effects out;  // Nobody waits yet, and a rebalance that begins has nothing to store.
    for (auto& [id, group] : groups_) protocol_.loaded(group, now, out);
    sweep_due_ms_ = now.steady_ms + settings_.offsets_retention_check_interval_ms;
    logger_.info("groups={} loaded", groups_.size());
}

}  // namespace kcore::group
