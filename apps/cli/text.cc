#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kcore::cli {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> make_reverse(std::string_view alphabet) {
    std::array<std::int8_t, 256> out{};
    out.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return out;
}
constexpr auto kFromBase64 = make_reverse(kBase64);

int from_hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Bytes of the sequence at `at`, or 0 when it is not well-formed.
std::size_t sequence(const unsigned char* at, std::size_t left) {
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return i < left && at[i] >= low && at[i] <= high;
    };
    const unsigned c = at[0];
    if (c < 0x80) return 1;
    if (c >= 0xc2 && c <= 0xdf) return follows(1) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        const unsigned low = c == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = c == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        const unsigned low = c == 0xf0 ? 0x90 : 0x80;
        const unsigned high = c == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

void append_escaped(std::string& to, char c) {
    switch (c) {
        case '"':
            to += "\\\"";
            return;
        case '\\':
            to += "\\\\";
            return;
        case '\n':
            to += "\\n";
            return;
        case '\r':
            to += "\\r";
            return;
        case '\t':
            to += "\\t";
            return;
        case '\b':
            to += "\\b";
            return;
        case '\f':
            to += "\\f";
            return;
        default:
            to += "\\u00";
            to += kHex[static_cast<unsigned char>(c) >> 4];
            to += kHex[static_cast<unsigned char>(c) & 15];
    }
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

}  // namespace

bool is_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t i = 0;
    while (i < text.size()) {
        std::uint64_t eight = 0;
        if (i + 8 <= text.size()) {
            std::memcpy(&eight, at + i, 8);
            if ((eight & 0x8080808080808080ULL) == 0) {
                i += 8;
                continue;
            }
        }
        const auto size = sequence(at + i, text.size() - i);
        if (size == 0) return false;
        i += size;
    }
    return true;
}

void append_base64(std::string& to, BytesView bytes, bool padded) {
    std::size_t i = 0;
    const auto at = [&](std::size_t n) { return static_cast<unsigned>(bytes[n]); };
    for (; i + 2 < bytes.size(); i += 3) {
        const unsigned three = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        for (const int shift : {18, 12, 6, 0}) to += kBase64[(three >> shift) & 63];
    }
    const auto left = bytes.size() - i;
    if (left == 0) return;
    const unsigned rest = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
    to += kBase64[(rest >> 18) & 63];
    to += kBase64[(rest >> 12) & 63];
    if (left == 2) to += kBase64[(rest >> 6) & 63];
    if (padded) to.append(3 - left, '=');
}

std::optional<std::string> decode_base64(std::string_view text) {
    for (int pads = 0; pads < 2 && text.ends_with('='); ++pads) text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    out.reserve(text.size() * 3 / 4);
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const int six = kFromBase64[static_cast<unsigned char>(c)];
        if (six < 0) return std::nullopt;
        held = (held << 6 | static_cast<unsigned>(six)) & 0xffffff;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out += static_cast<char>(held >> bits & 0xff);
    }
    return out;
}

void append_hex(std::string& to, BytesView bytes) {
    for (const auto b : bytes) {
        to += kHex[static_cast<unsigned>(b) >> 4];
        to += kHex[static_cast<unsigned>(b) & 15];
    }
}

std::optional<std::string> decode_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = from_hex(text[i]);
        const int low = from_hex(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

void append_json_string(std::string& to, std::string_view text) {
    to += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_plain(text[i])) continue;
        to.append(text, plain, i - plain);
        append_escaped(to, text[i]);
        plain = i + 1;
    }
    to.append(text, plain);
    to += '"';
}

Parsed<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        const char c = ++i < text.size() ? text[i] : '?';
        constexpr std::string_view kNames = "tnr\\0";
        constexpr std::string_view kValues{"\t\n\r\\\0", 5};
        if (const auto at = kNames.find(c); at != kNames.npos) {
            out += kValues[at];
            continue;
        }
        const auto byte = c == 'x' ? decode_hex(text.substr(i + 1, 2)) : std::nullopt;
        if (!byte || byte->size() != 1) {
            return refuse(fmt::format("'{}': write \\t \\n \\r \\\\ \\0 or \\xNN", text));
        }
        out += *byte;
        i += 2;
    }
    return out;
}

std::vector<std::string> split_commas(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from < text.size();) {
        const auto comma = std::min(text.find(',', from), text.size());
        if (comma > from) out.push_back(text.substr(from, comma - from));
        from = comma + 1;
    }
    return out;
}

}  // namespace kcore::cli
