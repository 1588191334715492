#pragma once
// Groups of the consumer, share and streams protocols found in the log. They are not served; they
// are remembered so that their names are not given to classic groups and nothing of them is lost.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "group/records.h"

namespace kcore::group {

struct ForeignGroup {
    ForeignKey::Protocol protocol = ForeignKey::Protocol::consumer;
    std::set<Bytes> keys;     // Of its records that are in force.
    std::set<Bytes> epochs;   // Those of them that say that the group exists,
    std::set<Bytes> members;  // and those that name a member.

    bool is_empty() const { return members.empty(); }
    std::string_view type_name() const;   // As ListGroups spells it.
    std::string_view state_name() const;  // Empty or Stable: more is not known here.
};

class ForeignGroups {
public:
    void replay(const ForeignKey& key, BytesView key_bytes, bool is_tombstone);

    const ForeignGroup* find(std::string_view id) const;  // Null: no such group exists.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [id, group] : groups_) {
            if (!group.epochs.empty()) visit(id, group);
        }
    }

private:
    std::map<std::string, ForeignGroup, std::less<>> groups_;
};

}  // namespace kcore::group
