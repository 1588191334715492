#include "protocol/utf8.h"

#include <cstdint>
#include <cstring>

namespace kcore::protocol {

namespace {

struct Character {
    std::size_t bytes;  // Consumed: of the character, or of the broken run.
    bool valid;
};

// The allowed second bytes depend on the first (no overlong forms, no surrogates, <= U+10FFFF).
Character next_character(const unsigned char* at, std::size_t left) {
    const auto first = at[0];
    if (first < 0x80) return {1, true};
    std::size_t need = 0;
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        need = 1;
    } else if (first >= 0xe0 && first <= 0xef) {
        need = 2;
        if (first == 0xe0) low = 0xa0;
        if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
        need = 3;
        if (first == 0xf0) low = 0x90;
        if (first == 0xf4) high = 0x8f;
    } else {
        return {1, false};
    }
    for (std::size_t i = 1; i <= need; ++i) {
        if (i >= left || at[i] < low || at[i] > high) return {i, false};
        low = 0x80;
        high = 0xbf;
    }
    return {need + 1, true};
}

std::size_t ascii_prefix(std::string_view text) {
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, sizeof word);
        if ((word & 0x8080808080808080ULL) != 0) break;
    }
    while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
    return i;
}

}  // namespace

bool is_utf8(std::string_view text) {
    auto i = ascii_prefix(text);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    while (i < text.size()) {
        const auto next = next_character(bytes + i, text.size() - i);
        if (!next.valid) return false;
        i += next.bytes;
    }
    return true;
}

std::string replace_invalid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    for (std::size_t i = 0; i < text.size();) {
        const auto next = next_character(bytes + i, text.size() - i);
        if (next.valid) {
            out.append(text.substr(i, next.bytes));
        } else {
            out += "\xef\xbf\xbd";
        }
        i += next.bytes;
    }
    return out;
}

}  // namespace kcore::protocol
