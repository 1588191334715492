#pragma once
// `-s KIND`: how the bytes of a key or value stand as text, both ways.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "cli/format.h"
#include "cli/parsed.h"

namespace kcore::cli {

// auto, string, json, hex, base64, i8 i16 i32 i64 u8 ... u64, f32, f64 (big-endian), msgpack, cbor,
// or an unpack string such as <iq$.
class Encoding {
public:
    static Parsed<Encoding> named(std::string_view kind);

    // As it stands; decode() and encode() change nothing.
    bool is_plain() const { return kind_ == Kind::plain; }
    // What decode() gives is a JSON value.
    bool gives_json() const { return kind_ >= Kind::json && kind_ < Kind::unpack; }

    Parsed<std::string> decode(BytesView bytes) const;        // For people and JSON.
    Parsed<std::string> encode(std::string_view text) const;  // What decode() gave, to bytes.

private:
    enum class Kind : std::uint8_t {
        plain,
        hex,
        base64,
        json,
        msgpack,
        cbor,
        signed_int,
        unsigned_int,
        floating,
        unpack,
    };
    Kind kind_ = Kind::plain;
    std::size_t bytes_ = 0;  // Of a number.
    std::optional<Format> format_;
};

struct Encodings {
    Encoding key;
    Encoding value;
};
// "KIND" for both, "key=KIND", "value=KIND".
Parsed<void> set_encoding(Encodings& to, const std::string& text);

}  // namespace kcore::cli
