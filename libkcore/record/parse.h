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

// Most numbers in a record take one byte.
inline const std::byte* take_varint(const std::byte* at, const std::byte* end, std::int32_t& out) {
    if (at < end) [[likely]] {
        const auto b = static_cast<std::uint32_t>(*at);
        if (b < 0x80U) [[likely]] {
            out = unzigzag(b);
            return at + 1;
        }
    }
    const auto taken = read_varint(at, end, out);
    return taken == 0 ? nullptr : at + taken;
}
inline const std::byte* take_varlong(const std::byte* at, const std::byte* end, std::int64_t& out) {
    const auto taken = read_varlong(at, end, out);
    return taken == 0 ? nullptr : at + taken;
}

// A length and that many bytes. Every negative length reads as null, as Kafka reads it.
inline const std::byte* take_field(const std::byte* at, const std::byte* end,
                                   const std::byte*& field, std::int32_t& size) {
    at = take_varint(at, end, size);
    if (at == nullptr) return nullptr;
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
        at = take_field(at, end, field, size);
        if (at == nullptr || size < 0) return nullptr;
        at = take_field(at, end, field, size);
        if (at == nullptr) return nullptr;
    }
    return at;
}

// The body of a record, which must end exactly at `end`. False when it does not parse.
inline bool parse_body(const std::byte* at, const std::byte* end, RecordParts& out) {
    if (at >= end) return false;
    ++at;  // Attributes: none are defined, any value is accepted.
    at = take_varlong(at, end, out.timestamp_delta);
    if (at == nullptr) return false;
    at = take_varint(at, end, out.offset_delta);
    if (at == nullptr) return false;
    at = take_field(at, end, out.key, out.key_bytes);
    if (at == nullptr) return false;
    at = take_field(at, end, out.value, out.value_bytes);
    if (at == nullptr) return false;
    at = take_varint(at, end, out.header_count);
    if (at == nullptr || out.header_count < 0) return false;
    out.headers = at;
    if (out.header_count == 0) [[likely]]
        return at == end;
    // A header takes two bytes at least: no walk for a count that cannot be.
    if (out.header_count > (end - at) / 2) return false;
    return skip_headers(at, end, out.header_count) == end;
}

// A record with its length prefix: where the next begins, or null when it does not parse.
inline const std::byte* parse_record(const std::byte* at, const std::byte* end, RecordParts& out) {
    std::int32_t size = 0;
    at = take_varint(at, end, size);
    if (at == nullptr || size < 0 || end - at < size) return nullptr;
    return parse_body(at, at + size, out) ? at + size : nullptr;
}

}  // namespace kcore::record
