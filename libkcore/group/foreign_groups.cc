#include "group/foreign_groups.h"

namespace kcore::group {

std::string_view ForeignGroup::type_name() const {
    switch (protocol) {
        case ForeignKey::Protocol::consumer:
            return "consumer";
        case ForeignKey::Protocol::share:
            return "share";
        case ForeignKey::Protocol::streams:
            return "streams";
    }
    return "unknown";
}

std::string_view ForeignGroup::state_name() const { return is_empty() ? "Empty" : "Stable"; }

void ForeignGroups::replay(const ForeignKey& key, BytesView key_bytes, bool is_tombstone) {
    if (is_tombstone && !groups_.contains(key.group)) return;
    auto& group = groups_[key.group];
    const auto note = [&](std::set<Bytes>& keys) {
        is_tombstone ? void(keys.erase(to_bytes(key_bytes)))
                     : void(keys.insert(to_bytes(key_bytes)));
    };
    note(group.keys);
    if (key.role == ForeignKey::Role::member) note(group.members);
    if (key.role == ForeignKey::Role::epoch) {
        note(group.epochs);
        if (!is_tombstone) group.protocol = key.protocol;
    }
    if (group.keys.empty()) groups_.erase(key.group);
}

const ForeignGroup* ForeignGroups::find(std::string_view id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() || found->second.epochs.empty() ? nullptr : &found->second;
}

}  // namespace kcore::group
