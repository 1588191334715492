#pragma once
// Whole numbers as text: decimal digits, maybe behind a minus, and nothing else.

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace kcore {

// Nothing, too, for what the type does not hold.
template <std::integral T>
std::optional<T> parse_number(std::string_view text) {
    T value = 0;
    const auto* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc() || end != last) return std::nullopt;
    return value;
}

// The same into `out`, which stays as it was when the text is no number; whether it is one.
template <std::integral T>
bool parse_number(std::string_view text, T& out) {
    const auto value = parse_number<T>(text);
    if (value) out = *value;
    return value.has_value();
}

}  // namespace kcore
