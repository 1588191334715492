#pragma once
// Strings on the wire are UTF-8; what is not is replaced, never refused.

#include <string>
#include <string_view>

namespace kcore::protocol {

bool is_utf8(std::string_view text);

// `text` with U+FFFD for each longest run of bytes that begins a character and does not end it.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace kcore::protocol
