#pragma once
// Colours of terminals, and when they are wanted.

#include <cstdint>
#include <string>
#include <string_view>

namespace kcore::cli {

enum class Paint : std::uint8_t { none, bold, red, green, yellow };

std::string painted(std::string_view text, Paint paint);

// `when` as --color has it. With auto: on a terminal, unless NO_COLOR is set or TERM is dumb.
bool wants_color(std::string_view when, bool is_terminal);

}  // namespace kcore::cli
