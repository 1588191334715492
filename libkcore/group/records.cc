#include "group/records.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "protocol/codec.h"
#include "protocol/coordinator/group_metadata_key.h"
#include "protocol/coordinator/group_metadata_value.h"
#include "protocol/coordinator/offset_commit_key.h"
#include "protocol/coordinator/offset_commit_value.h"

namespace kcore::group {
namespace {

constexpr std::int16_t kOldOffsetKey = 0;
constexpr std::int16_t kOffsetKey = 1;
constexpr std::int16_t kGroupKey = 2;
constexpr std::int16_t kKeyVersion = 0;

constexpr std::int16_t kOffsetVersion = 4;
constexpr std::int16_t kExpiringOffsetVersion = 1;  // The only one with an expiry time.
constexpr std::int16_t kGroupVersion = 3;

using enum ForeignKey::Protocol;
using enum ForeignKey::Role;

struct ForeignType {
    std::int16_t type;
    ForeignKey::Protocol protocol;
    ForeignKey::Role role;
};
constexpr ForeignType kForeignTypes[] = {
    {3, consumer, epoch},  {4, consumer, other}, {5, consumer, member}, {6, consumer, other},
    {7, consumer, other},  {8, consumer, other}, {10, share, member},   {11, share, epoch},
    {12, share, other},    {13, share, other},   {14, share, other},    {15, share, other},
    {16, consumer, other}, {17, streams, epoch}, {19, streams, member}, {20, streams, other},
    {21, streams, other},  {22, streams, other}, {23, streams, other},
};

// Every one of these keys begins with the name of the group.
Result<Key> parse_foreign(std::int16_t type, BytesView body) {
    for (const auto& known : kForeignTypes) {
        if (known.type != type) continue;
        std::size_t length = 0;
        if (body.size() >= 2) length = load_be<std::uint16_t>(body.data());
        if (body.size() < 2 + length) {
            return fail(Errc::corrupt_message, fmt::format("key of type {} is cut short", type));
        }
        const auto group = std::string(as_text(body.subspan(2, length)));
        return Key(ForeignKey{group, known.protocol, known.role});
    }
    return Key(UnknownKey{type});
}

template <class T>
Result<T> parse_versioned(BytesView bytes, std::int16_t version_max) {
    if (bytes.size() < 2) return fail(Errc::corrupt_message, "value without a version");
    const auto version = load_be<std::int16_t>(bytes.data());
    if (version < 0 || version > version_max) {
        return fail(Errc::unsupported_version, fmt::format("value of version {}", version));
    }
    return protocol::decode<T>(bytes.subspan(2), version, protocol::Trailing::allow);
}

// An int16 and a message: `lead` is the type of a key, the version of a value.
template <class T>
Result<Bytes> encoded(std::int16_t lead, const T& message, std::int16_t version) {
    Bytes bytes;
    append_be(bytes, lead);
    if (auto done = protocol::encode(message, version, bytes); !done) {
        return std::unexpected(done.error());
    }
    return bytes;
}

Result<rsm::Record> record_of(Result<Bytes> key, Result<Bytes> value) {
    if (!key) return std::unexpected(key.error());
    if (!value) return std::unexpected(value.error());
    return rsm::Record{std::move(*key), std::move(*value)};
}

Result<rsm::Record> tombstone_of(Result<Bytes> key) {
    if (!key) return std::unexpected(key.error());
    return rsm::Record{std::move(*key), std::nullopt};
}

Result<Bytes> key_bytes(const OffsetKey& key) {
    protocol::OffsetCommitKey out;
    out.group = key.group;
    out.topic = key.topic;
    out.partition = key.partition;
    return encoded(kOffsetKey, out, kKeyVersion);
}

Result<Bytes> key_bytes(const std::string& group) {
    protocol::GroupMetadataKey out;
    out.group = group;
    return encoded(kGroupKey, out, kKeyVersion);
}

ClassicMember member_of(const protocol::GroupMetadataValue::MemberMetadata& from,
                        const std::string& protocol) {
    ClassicMember member;
    member.id = from.member_id;
    member.instance_id = from.group_instance_id;
    member.client_id = from.client_id;
    member.client_host = from.client_host;
    member.session_timeout_ms = from.session_timeout;
    // Version 0 had one timeout for both.
    member.rebalance_timeout_ms =
        from.rebalance_timeout == -1 ? from.session_timeout : from.rebalance_timeout;
    member.protocols.push_back({protocol, from.subscription});
    member.assignment = from.assignment;
    return member;
}

protocol::GroupMetadataValue::MemberMetadata metadata_of(const ClassicMember& member,
                                                         const std::string& protocol) {
    protocol::GroupMetadataValue::MemberMetadata out;
    out.member_id = member.id;
    out.group_instance_id = member.instance_id;
    out.client_id = member.client_id;
    out.client_host = member.client_host;
    out.rebalance_timeout = member.rebalance_timeout_ms;
    out.session_timeout = member.session_timeout_ms;
    out.subscription = member.metadata(protocol);
    out.assignment = member.assignment;
    return out;
}

}  // namespace

Result<Key> parse_key(BytesView bytes) {
    if (bytes.size() < 2) return fail(Errc::corrupt_message, "key without a type");
    const auto type = load_be<std::int16_t>(bytes.data());
    const auto body = bytes.subspan(2);
    if (type == kOldOffsetKey || type == kOffsetKey) {
        auto key = protocol::decode<protocol::OffsetCommitKey>(body, kKeyVersion);
        if (!key) return std::unexpected(key.error());
        return Key(OffsetKey{std::move(key->group), std::move(key->topic), key->partition});
    }
    if (type == kGroupKey) {
        auto key = protocol::decode<protocol::GroupMetadataKey>(body, kKeyVersion);
        if (!key) return std::unexpected(key.error());
        return Key(GroupKey{std::move(key->group)});
    }
    return parse_foreign(type, body);
}

Result<CommittedOffset> parse_offset(BytesView bytes) {
    auto value = parse_versioned<protocol::OffsetCommitValue>(bytes, 4);
    if (!value) return std::unexpected(value.error());
    CommittedOffset out;
    out.offset = value->offset;
    out.leader_epoch = value->leader_epoch;
    out.metadata = std::move(value->metadata);
    out.commit_ms = value->commit_timestamp;
    if (value->expire_timestamp != -1) out.expire_ms = value->expire_timestamp;
    out.topic_id = value->topic_id;
    return out;
}

Result<ClassicGroup> parse_group(const std::string& id, BytesView bytes) {
    auto value = parse_versioned<protocol::GroupMetadataValue>(bytes, 4);
    if (!value) return std::unexpected(value.error());
    std::vector<ClassicMember> members;
    members.reserve(value->members.size());
    for (const auto& member : value->members) {
        members.push_back(member_of(member, value->protocol.value_or("")));
    }
    ClassicGroup group(id, value->current_state_timestamp);
    group.restore(std::move(value->protocol_type), value->generation, std::move(value->protocol),
                  value->leader.value_or(""), value->current_state_timestamp, std::move(members));
    return group;
}

Result<rsm::Record> offset_record(const OffsetKey& key, const CommittedOffset& offset) {
    protocol::OffsetCommitValue value;
    value.offset = offset.offset;
    value.leader_epoch = offset.leader_epoch;
    value.metadata = offset.metadata;
    value.commit_timestamp = offset.commit_ms;
    value.expire_timestamp = offset.expire_ms.value_or(-1);
    value.topic_id = offset.topic_id;
    const auto version = offset.expire_ms ? kExpiringOffsetVersion : kOffsetVersion;
    return record_of(key_bytes(key), encoded(version, value, version));
}

Result<rsm::Record> offset_tombstone(const OffsetKey& key) { return tombstone_of(key_bytes(key)); }

Result<rsm::Record> group_record(const ClassicGroup& group) {
    protocol::GroupMetadataValue value;
    value.protocol_type = group.protocol_type();
    value.generation = group.generation();
    value.protocol = group.protocol();
    value.leader = group.leader().empty() ? std::nullopt : std::optional(group.leader());
    value.current_state_timestamp = group.state_since_ms();
    value.members.reserve(group.members().size());
    for (const auto& [id, member] : group.members()) {
        value.members.push_back(metadata_of(member, group.protocol().value_or("")));
    }
    return record_of(key_bytes(group.id()), encoded(kGroupVersion, value, kGroupVersion));
}

Result<rsm::Record> group_tombstone(const std::string& group) {
    return tombstone_of(key_bytes(group));
}

}  // namespace kcore::group
