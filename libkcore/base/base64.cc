#include "base/base64.h"

#include <algorithm>
#include <cstdint>

namespace kcore {

namespace {

constexpr std::string_view kBase64Alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(BytesView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = (group << 8) | (k < count ? static_cast<std::uint32_t>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= count ? kBase64Alphabet[(group >> (18 - 6 * k)) & 0x3fU] : '=';
        }
    }
    return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 == 0) {
        for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    }
    Bytes out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int held = 0;
    for (const auto c : text) {
        const auto digit = kBase64Alphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = ((bits << 6) | static_cast<std::uint32_t>(digit)) & 0xffffU;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out.push_back(static_cast<std::byte>(bits >> held));
    }
    // A single digit left over says nothing, and bits left over must be zero.
    if (held >= 6 || (bits & ((1U << held) - 1U)) != 0) return std::nullopt;
    return out;
}

}  // namespace kcore
