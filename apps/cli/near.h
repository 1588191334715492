#pragma once
// The known word nearest to a mistyped one.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kcore::cli {

// Nothing when no word is near enough to be meant.
std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> known);

}  // namespace kcore::cli
