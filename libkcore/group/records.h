#pragma once
// The records of __consumer_offsets that the classic protocol and offsets need, to bytes and back.
// Layouts: FORMAT.md.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "group/classic_group.h"
#include "group/offsets.h"
#include "rsm/replicated_log.h"

namespace kcore::group {

struct GroupKey {
    std::string group;
};
// A record of another protocol's group; only whose it is and what it means for the group's life.
struct ForeignKey {
    enum class Protocol : std::uint8_t { consumer, share, streams };
    enum class Role : std::uint8_t { epoch, member, other };
    std::string group;
    Protocol protocol = Protocol::consumer;
    Role role = Role::other;
};
struct UnknownKey {
    std::int16_t type = 0;
};
using Key = std::variant<OffsetKey, GroupKey, ForeignKey, UnknownKey>;

// corrupt_message: bytes that hold no key of their type.
Result<Key> parse_key(BytesView bytes);
Result<CommittedOffset> parse_offset(BytesView value);
Result<ClassicGroup> parse_group(const std::string& id, BytesView value);

// invalid_request: a text is longer than the format allows.
Result<rsm::Record> offset_record(const OffsetKey& key, const CommittedOffset& offset);
Result<rsm::Record> offset_tombstone(const OffsetKey& key);
Result<rsm::Record> group_record(const ClassicGroup& group);
Result<rsm::Record> group_tombstone(const std::string& group);

}  // namespace kcore::group
