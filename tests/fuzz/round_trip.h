#pragma once
// What must hold for any bytes that decode: the message encodes, and does so to the same bytes once
// more after decoding. Bytes are compared, not messages: a NaN is not equal to itself.

#include <cstdio>
#include <cstdlib>

#include "protocol/any_message.h"

namespace kcore::fuzz {

inline void require(bool holds, const char* what, std::string_view name) {
    if (holds) return;
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), what);
    std::abort();
}

inline void check_round_trip(const protocol::AnyMessage& message, std::int16_t version) {
    const auto& info = message.info();
    Bytes bytes;
    const auto done = protocol::encode_plain(info, message.data(), version, bytes);
    if (!done) {
        // The one value that reads and does not write: U+FFFD made a string too long.
        require(done.error().what.find("string of") != std::string::npos, "does not encode",
                info.name);
        return;
    }
    require(protocol::encoded_size_of(info, message.data(), version) == bytes.size(),
            "another size than foretold", info.name);
    const auto again = protocol::decode_any(info, bytes, version);
    require(again.has_value(), "does not decode again", info.name);
    Bytes twice;
    require(protocol::encode_plain(info, again->data(), version, twice).has_value(),
            "does not encode again", info.name);
    require(twice == bytes, "other bytes the second time", info.name);
}

}  // namespace kcore::fuzz
