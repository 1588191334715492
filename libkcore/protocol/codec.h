#pragma once
// Messages to bytes and back, by one interpreter over the generated field tables. Works on bodies
// only: headers are messages of their own (protocol/api_table.h), frames belong to rpc.
//
// No function here throws (memory exhaustion aside) or reads past its input. Memory taken by
// decoding is bounded by the size of the input. Errors name the message, its version and the path
// of the field:
//   unsupported_version  the message has no such version
//   corrupt_message      bytes that do not fit
//   invalid_request      a value that cannot be written in this version

#include <concepts>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/message_info.h"

namespace kcore::protocol {

template <class T>
concept Message = requires {
    { T::info() } -> std::same_as<const MessageInfo&>;
};
template <class T>
concept Nested = requires {
    { T::info() } -> std::same_as<const StructInfo&>;
};

// Where the caller must splice in external records: before bytes[position]. In ascending order; two
// cuts may share a position.
struct Cut {
    Cut(std::size_t p, std::int32_t i) : position(p), external_index(i) {}

    std::size_t position;
    std::int32_t external_index;
};

struct Encoded {
    Encoded() = default;

    Bytes bytes;
    std::vector<Cut> cuts;
    std::size_t external_bytes = 0;  // Sum over the cuts; not part of `bytes`.
};

enum class Trailing : std::uint8_t {
    refuse,
    allow,  // Requests: what follows the body is ignored, as Kafka does.
};

// The type-erased forms. `to` and `from` are structs that `info` describes; `to` is fresh.
Result<std::size_t> decode_into(const MessageInfo& info, BytesView in, std::int16_t version,
                                void* to);
Result<std::size_t> encoded_size_of(const MessageInfo& info, const void* from,
                                    std::int16_t version);
Result<void> encode_append(const MessageInfo& info, const void* from, std::int16_t version,
                           Encoded& out);
bool equal_structs(const StructInfo& info, const void* a, const void* b);

// The message and the number of bytes it took.
template <Message T>
Result<std::size_t> decode_prefix(BytesView in, std::int16_t version, T& to) {
    return decode_into(T::info(), in, version, &to);
}

std::unexpected<Error> trailing_bytes(const MessageInfo& info, std::int16_t version,
                                      std::size_t count);

// Records in the result are views into `in`.
template <Message T>
Result<T> decode(BytesView in, std::int16_t version, Trailing trailing = Trailing::refuse) {
    Result<T> out;
    const auto taken = decode_into(T::info(), in, version, &*out);
    if (!taken) {
        out = std::unexpected(taken.error());
    } else if (*taken != in.size() && trailing == Trailing::refuse) {
        out = trailing_bytes(T::info(), version, in.size() - *taken);
    }
    return out;
}

// External records count with their bytes.
template <Message T>
Result<std::size_t> encoded_size(const T& message, std::int16_t version) {
    return encoded_size_of(T::info(), &message, version);
}

// Appends. Refuses external records (invalid_request): they need encode_with_cuts. After an error
// `out` is as before.
Result<void> encode_plain(const MessageInfo& info, const void* from, std::int16_t version,
                          Bytes& out);

template <Message T>
Result<void> encode(const T& message, std::int16_t version, Bytes& out) {
    return encode_plain(T::info(), &message, version, out);
}

// Appends to out.bytes, out.cuts and out.external_bytes; positions count from the start of
// out.bytes.
template <Message T>
Result<void> encode_with_cuts(const T& message, std::int16_t version, Encoded& out) {
    return encode_append(T::info(), &message, version, out);
}

// Compares every field and the unknown tags; records by content.
template <Message T>
bool operator==(const T& a, const T& b) {
    return equal_structs(T::info().body, &a, &b);
}
template <Nested T>
bool operator==(const T& a, const T& b) {
    return equal_structs(T::info(), &a, &b);
}

}  // namespace kcore::protocol
