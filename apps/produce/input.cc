#include "produce/input.h"

#include <fmt/format.h>

namespace kcore::produce {

cli::Parsed<std::string_view> LineParser::bytes_of(const cli::Encoding& encoding,
                                                   std::string_view text, std::string& room) {
    if (encoding.is_plain()) return text;
    auto bytes = encoding.encode(text);
    if (!bytes) return cli::refuse(std::move(bytes).error());
    room = std::move(*bytes);
    return std::string_view(room);
}

cli::Parsed<LineRecord> LineParser::parse(std::string_view line) {
    LineRecord out;
    std::optional<std::string_view> key;
    if (rules_.key_separator) {
        const auto at = line.find(*rules_.key_separator);
        if (at == line.npos) {
            return cli::refuse(fmt::format("no '{}' between key and value", *rules_.key_separator));
        }
        key = line.substr(0, at);
        line.remove_prefix(at + rules_.key_separator->size());
    } else if (rules_.fixed_key) {
        key = *rules_.fixed_key;
    }
    if (key && !(rules_.null_key && *key == *rules_.null_key)) {
        auto bytes = bytes_of(rules_.encodings.key, *key, key_);
        if (!bytes) return cli::refuse("key " + bytes.error());
        out.key = as_bytes(*bytes);
    }
    if (rules_.is_tombstone && line.empty()) return out;
    if (rules_.null_value && line == *rules_.null_value) return out;
    auto bytes = bytes_of(rules_.encodings.value, line, value_);
    if (!bytes) return cli::refuse("value " + bytes.error());
    out.value = as_bytes(*bytes);
    return out;
}

FixedHeader parse_header(const std::string& text) {
    auto at = text.find('=');
    if (at == text.npos) at = text.find(':');
    if (at == text.npos) return {text, std::nullopt};
    return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace kcore::produce
