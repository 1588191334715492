#pragma once
// Encodings of bytes as text: UTF-8 check, base64, hex, JSON strings, and the escapes of flags.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "cli/parsed.h"

namespace kcore::cli {

// Shortest forms only, no surrogates, up to U+10FFFF.
bool is_utf8(std::string_view text);

void append_base64(std::string& to, BytesView bytes, bool padded = true);
std::optional<std::string> decode_base64(std::string_view text);  // With or without padding.
void append_hex(std::string& to, BytesView bytes);
std::optional<std::string> decode_hex(std::string_view text);

// With its quotes; `text` is valid UTF-8.
void append_json_string(std::string& to, std::string_view text);

// The pieces of "a,b,c".
std::vector<std::string> split_commas(const std::string& text);

// \t \n \r \\ \0 \xNN; any other backslash is refused.
Parsed<std::string> unescape(std::string_view text);

}  // namespace kcore::cli
