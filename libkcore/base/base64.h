#pragma once
// Base64 with the standard alphabet and padding (RFC 4648), for bytes in JSON and other text.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace kcore {

std::string to_base64(BytesView bytes);

// Nothing unless all of `text` is canonical base64; padding may be missing.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace kcore
