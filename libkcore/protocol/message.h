#pragma once
// What the generated message structs are made of, besides the standard types. The field tables that
// describe them stand in protocol/message_info.h, the codec in protocol/codec.h.

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace kcore::protocol {

struct StructInfo;
struct MessageInfo;

// Record batches inside a message. Decoding gives a view into the input, which must outlive it.
// Encoding copies `bytes`; with external_index >= 0 it writes only the length and notes a cut,
// where the caller sends external_bytes bytes from elsewhere (a slice of a file).
struct Records {
    Records() = default;
    explicit Records(BytesView view) : bytes(view), is_null(false) {}

    static Records external(std::int32_t index, std::uint32_t size) {
        Records records;
        records.is_null = false;
        records.external_bytes = size;
        records.external_index = index;
        return records;
    }

    BytesView bytes;
    std::uint32_t external_bytes = 0;
    std::int32_t external_index = -1;
    bool is_null = true;
};

// A tagged field that the schema does not know: kept as it came and written back.
struct UnknownTag {
    UnknownTag() = default;
    UnknownTag(std::uint32_t t, Bytes v) : tag(t), value(std::move(v)) {}

    friend bool operator==(const UnknownTag&, const UnknownTag&) = default;

    std::uint32_t tag = 0;
    Bytes value;
};
using UnknownTags = std::vector<UnknownTag>;

}  // namespace kcore::protocol
