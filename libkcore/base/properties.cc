#include "base/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace kcore {

namespace {

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0 | (point >> 6));
        put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        put(0xe0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3f));
        put(0x80 | (point & 0x3f));
    } else {
        put(0xf0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3f));
        put(0x80 | ((point >> 6) & 0x3f));
        put(0x80 | (point & 0x3f));
    }
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// A line with its continuations joined, escapes still in it.
struct LogicalLine {
    std::string text;
    int number = 0;
};

class LineReader {
public:
    explicit LineReader(std::string_view text) : rest_(text) {}

    // False at the end. Blank lines and comments are left out.
    bool next(LogicalLine& out) {
        while (!rest_.empty()) {
            out.number = number_ + 1;
            auto line = skip_blanks(take());
            if (line.empty() || line.front() == '#' || line.front() == '!') continue;
            out.text.clear();
            while (ends_in_open_backslash(line)) {
                out.text += line.substr(0, line.size() - 1);
                if (rest_.empty()) return true;
                line = skip_blanks(take());
            }
            out.text += line;
            return true;
        }
        return false;
    }

private:
    static std::string_view skip_blanks(std::string_view line) {
        while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
        return line;
    }

    static bool ends_in_open_backslash(std::string_view line) {
        const auto last = line.find_last_not_of('\\');
        const auto count = last == std::string_view::npos ? line.size() : line.size() - last - 1;
        return count % 2 == 1;
    }

    // The next natural line; \n, \r and \r\n end it.
    std::string_view take() {
        ++number_;
        const auto end = rest_.find_first_of("\r\n");
        const auto line = rest_.substr(0, end);
        if (end == std::string_view::npos) {
            rest_ = {};
        } else {
            const bool pair = rest_.substr(end).starts_with("\r\n");
            rest_.remove_prefix(end + (pair ? 2 : 1));
        }
        return line;
    }

    std::string_view rest_;
    int number_ = 0;
};

// Characters of one key or value; a surrogate pair of two \u escapes becomes one character.
class Text {
public:
    void put(std::uint32_t unit) {
        constexpr std::uint32_t kReplacement = 0xfffd;
        const bool is_low = unit >= 0xdc00 && unit < 0xe000;
        if (high_ != 0 && is_low) {
            append_utf8(text_, 0x10000 + ((high_ - 0xd800) << 10) + (unit - 0xdc00));
            high_ = 0;
            return;
        }
        flush();
        if (unit >= 0xd800 && unit < 0xdc00) {
            high_ = unit;
        } else {
            append_utf8(text_, is_low ? kReplacement : unit);
        }
    }

    std::string take() {
        flush();
        return std::move(text_);
    }

private:
    void flush() {
        if (high_ != 0) append_utf8(text_, 0xfffd);
        high_ = 0;
    }

    std::string text_;
    std::uint32_t high_ = 0;
};

Result<std::string> unescape(std::string_view raw, int line) {
    Text out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            out.put(static_cast<unsigned char>(raw[i]));
            continue;
        }
        if (++i == raw.size()) break;
        switch (raw[i]) {
            case 't':
                out.put('\t');
                continue;
            case 'n':
                out.put('\n');
                continue;
            case 'r':
                out.put('\r');
                continue;
            case 'f':
                out.put('\f');
                continue;
            case 'u':
                break;
            default:
                out.put(static_cast<unsigned char>(raw[i]));
                continue;
        }
        std::uint32_t unit = 0;
        for (int k = 0; k < 4; ++k) {
            const int digit = ++i < raw.size() ? hex_digit(raw[i]) : -1;
            if (digit < 0) {
                return fail(Errc::invalid_config,
                            fmt::format("line {}: \\u needs four hexadecimal digits", line));
            }
            unit = unit * 16 + static_cast<std::uint32_t>(digit);
        }
        out.put(unit);
    }
    return out.take();
}

// Where the key ends and the value begins: at the first '=', ':' or blank that is not escaped, with
// blanks around one '=' or ':'.
std::pair<std::size_t, std::size_t> split(std::string_view line) {
    std::size_t end = 0;
    while (end < line.size()) {
        const char c = line[end];
        if (c == '=' || c == ':' || is_blank(c)) break;
        end += c == '\\' ? 2 : 1;
    }
    end = std::min(end, line.size());
    auto value = end;
    bool seen = false;
    while (value < line.size()) {
        const char c = line[value];
        const bool sign = c == '=' || c == ':';
        if (!is_blank(c) && (!sign || seen)) break;
        seen = seen || sign;
        ++value;
    }
    return {end, value};
}

void append_escaped(std::string& out, std::uint32_t point) {
    if (point >= 0x10000) {
        append_escaped(out, 0xd800 + ((point - 0x10000) >> 10));
        append_escaped(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
        return;
    }
    out += fmt::format("\\u{:04X}", point);
}

// One UTF-8 character from `at` on; a broken one counts as one byte of ISO-8859-1.
std::uint32_t take_utf8(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::uint32_t first = byte(at++);
    const int more = first >= 0xf0 && first < 0xf8 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
    if (first < 0xc2 || first >= 0xf8 || at + static_cast<std::size_t>(more) > text.size()) {
        return first;
    }
    std::uint32_t point = first & (0x3fU >> more);
    for (int i = 0; i < more; ++i) {
        const std::uint32_t next = byte(at + static_cast<std::size_t>(i));
        if ((next & 0xc0) != 0x80) return first;
        point = (point << 6) | (next & 0x3f);
    }
    at += static_cast<std::size_t>(more);
    return point;
}

std::string escape(std::string_view text, bool is_key) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool is_first = at == 0;
        const auto point = take_utf8(text, at);
        switch (point) {
            case '\t':
                out += "\\t";
                continue;
            case '\n':
                out += "\\n";
                continue;
            case '\r':
                out += "\\r";
                continue;
            case '\f':
                out += "\\f";
                continue;
            case ' ':
                out += is_key || is_first ? "\\ " : " ";
                continue;
            case '\\':
            case '#':
            case '!':
            case '=':
            case ':':
                out += '\\';
                out += static_cast<char>(point);
                continue;
            default:
                break;
        }
        if (point < 0x20 || point > 0x7e) {
            append_escaped(out, point);
        } else {
            out += static_cast<char>(point);
        }
    }
    return out;
}

}  // namespace

Result<std::vector<Property>> parse_properties(BytesView bytes) {
    std::vector<Property> out;
    std::unordered_map<std::string, std::size_t> places;
    LineReader reader(as_text(bytes));
    LogicalLine line;
    while (reader.next(line)) {
        const std::string_view text = line.text;
        const auto [key_end, value_start] = split(text);
        auto key = unescape(text.substr(0, key_end), line.number);
        if (!key) return std::unexpected(key.error());
        auto value = unescape(text.substr(value_start), line.number);
        if (!value) return std::unexpected(value.error());
        const auto [place, is_new] = places.try_emplace(*key, out.size());
        if (is_new) out.emplace_back();
        out[place->second] = {std::move(*key), std::move(*value), line.number};
    }
    return out;
}

std::string format_properties(const std::vector<std::pair<std::string, std::string>>& properties,
                              std::string_view comment) {
    std::string out;
    while (!comment.empty()) {
        const auto end = comment.find('\n');
        out += fmt::format("#{}\n", comment.substr(0, end));
        comment.remove_prefix(end == std::string_view::npos ? comment.size() : end + 1);
    }
    for (const auto& [key, value] : properties) {
        out += fmt::format("{}={}\n", escape(key, true), escape(value, false));
    }
    return out;
}

}  // namespace kcore
