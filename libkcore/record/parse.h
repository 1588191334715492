#pragma once
// The one parser of a record's wire form, inline because batches are walked at memory speed. Not
// for callers outside this layer: they use RecordReader.

#include <cstddef>
#include <cstdint>

#include "base/varint.h"

namespace kcore::record {

// Where a record's parts are; lengths of -1 are null.
struct RecordParts {
    std::int64_t timestamp_delta = 0;
    std::int32_t offset_delta = 0;
    const std::byte* key = nullptr;
    std::int32_t key_bytes = -1;
    const std::byte* value = nullptr;
    std::int32_t value_bytes = -1;
    const std::byte* headers = nullptr;
    std::int32_t header_count = 0;
};

// Most numbers in a record take one byte, most others two; the loop is for the rest. kIsRoomy: the
// caller knows that two bytes may be read.
template <bool kIsRoomy = false>
inline const std::byte* take_varint(const std::byte* at, const std::byte* end, std::int32_t& out) {
    if (kIsRoomy || end - at >= 2) [[likely]] {
        const auto low = static_cast<std::uint32_t>(at[0]);
        if (low < 0x80U) [[likely]] {
            out = unzigzag(low);
            return at + 1;
        }
        const auto high = static_cast<std::uint32_t>(at[1]);
        if (high < 0x80U) {
            out = unzigzag((low & 0x7fU) | (high << 7));
            return at + 2;
        }
    }
    const auto taken = read_varint(at, end, out);
    return taken == 0 ? nullptr : at + taken;
}
template <bool kIsRoomy = false>
inline const std::byte* take_varlong(const std::byte* at, const std::byte* end, std::int64_t& out) {
    if (kIsRoomy || end - at >= 2) [[likely]] {
        const auto low = static_cast<std::uint64_t>(at[0]);
        if (low < 0x80U) {
            out = unzigzag(low);
            return at + 1;
        }
        const auto high = static_cast<std::uint64_t>(at[1]);
        if (high < 0x80U) {
            out = unzigzag((low & 0x7fU) | (high << 7));
            return at + 2;
        }
    }
    const auto taken = read_varlong(at, end, out);
    return taken == 0 ? nullptr : at + taken;
}

// A length, which stands before `readable`, and that many bytes before `end`. Every negative length
// reads as null, as Kafka reads it.
template <bool kIsRoomy = false>
inline const std::byte* take_field(const std::byte* at, const std::byte* end,
                                   const std::byte* readable, const std::byte*& field,
                                   std::int32_t& size) {
    at = take_varint<kIsRoomy>(at, readable, size);
    if (at == nullptr) [[unlikely]]
        return nullptr;
    field = at;
    if (size < 0) {
        size = -1;
        return at;
    }
    return end - at < size ? nullptr : at + size;
}

inline const std::byte* skip_headers(const std::byte* at, const std::byte* end,
                                     std::int32_t count) {
    for (std::int32_t i = 0; i < count; ++i) {
        const std::byte* field = nullptr;
        std::int32_t size = 0;
        at = take_field(at, end, end, field, size);
        if (at == nullptr || size < 0) return nullptr;
        at = take_field(at, end, end, field, size);
        if (at == nullptr) return nullptr;
    }
    return at;
}

// The numbers of a record take no more than this: behind a body with so many readable bytes, none
// of them needs a bounds check of its own. That the body ends where it must is checked at its end.
inline constexpr std::ptrdiff_t kNumbersBytesMax = 32;

template <bool kIsRoomy>
inline bool parse_fields(const std::byte* at, const std::byte* end, RecordParts& out) {
    const auto* readable = kIsRoomy ? end + kNumbersBytesMax : end;
    ++at;  // Attributes: none are defined, any value is accepted.
    at = take_varlong<kIsRoomy>(at, readable, out.timestamp_delta);
    if (at == nullptr) [[unlikely]]
        return false;
    at = take_varint<kIsRoomy>(at, readable, out.offset_delta);
    if (at == nullptr) [[unlikely]]
        return false;
    at = take_field<kIsRoomy>(at, end, readable, out.key, out.key_bytes);
    if (at == nullptr) [[unlikely]]
        return false;
    at = take_field<kIsRoomy>(at, end, readable, out.value, out.value_bytes);
    if (at == nullptr) [[unlikely]]
        return false;
    at = take_varint<kIsRoomy>(at, readable, out.header_count);
    if (at == nullptr || out.header_count < 0) [[unlikely]]
        return false;
    out.headers = at;
    if (out.header_count == 0) [[likely]]
        return at == end;
    // A header takes two bytes at least: no walk for a count that cannot be.
    if (at > end || out.header_count > (end - at) / 2) return false;
    return skip_headers(at, end, out.header_count) == end;
}

// The body of a record, which must end exactly at `end`. False when it does not parse.
inline bool parse_body(const std::byte* at, const std::byte* end, RecordParts& out) {
    return at < end && parse_fields<false>(at, end, out);
}

// A record with its length prefix: where the next begins, or null when it does not parse.
inline const std::byte* parse_record(const std::byte* at, const std::byte* end, RecordParts& out) {
    std::int32_t size = 0;
    at = take_varint(at, end, size);
    if (at == nullptr || size <= 0 || end - at < size) [[unlikely]]
        return nullptr;
    const auto* next = at + size;
    const auto is_good = end - next >= kNumbersBytesMax ? parse_fields<true>(at, next, out)
                                                        : parse_fields<false>(at, next, out);
    return is_good ? next : nullptr;
}

}  // namespace kcore::record
