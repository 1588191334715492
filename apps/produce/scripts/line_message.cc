#include "produce/scripts/line_message.h"

#include <fmt/format.h>

#include <map>

namespace kcore::produce {

cli::Parsed<void> LineMessageFormat::set(const std::string& property) {
    const auto split = property.find('=');
    const auto name = property.substr(0, split);
    const auto value = split == property.npos ? "" : property.substr(split + 1);
    const std::map<std::string, bool*> switches{{"parse.key", &has_key_},
                                                {"parse.headers", &has_headers_},
                                                {"ignore.error", &ignores_errors_}};
    const std::map<std::string, std::string*> texts{
        {"key.separator", &key_separator_},
        {"headers.delimiter", &headers_delimiter_},
        {"headers.separator", &headers_separator_},
        {"headers.key.separator", &header_key_separator_}};
    if (const auto found = switches.find(name); found != switches.end()) {
        *found->second = value == "true" || value == "TRUE" || value == "True";
        return {};
    }
    if (name == "null.marker") return null_marker_ = value, cli::Parsed<void>();
    const auto found = texts.find(name);
    if (found == texts.end()) {
        return cli::refuse(fmt::format("unknown property of the reader: {}", name));
    }
    if (value.empty()) return cli::refuse(fmt::format("{} is empty", name));
    *found->second = value;
    return {};
}

cli::Parsed<std::optional<std::string_view>> LineMessageFormat::cut(std::string_view& line,
                                                                    const std::string& separator,
                                                                    std::string_view what,
                                                                    std::uint64_t number) const {
    const auto at = line.find(separator);
    if (at == line.npos) {
        if (ignores_errors_) return std::nullopt;
        return cli::refuse(fmt::format("No {} found on line number {}: '{}'", what, number, line));
    }
    const auto piece = line.substr(0, at);
    line.remove_prefix(at + separator.size());
    return piece;
}

cli::Parsed<std::vector<FixedHeader>> LineMessageFormat::parse_headers(std::string_view text,
                                                                       std::uint64_t number) const {
    std::vector<FixedHeader> out;
    for (std::size_t from = 0; from <= text.size() && !text.empty();) {
        const auto end = std::min(text.find(headers_separator_, from), text.size());
        const auto pair = text.substr(from, end - from);
        from = end + headers_separator_.size();
        const auto at = pair.find(header_key_separator_);
        if (at == pair.npos && !ignores_errors_) {
            return cli::refuse(
                fmt::format("No header key separator found in pair '{}' on line "
                            "number {}",
                            pair, number));
        }
        auto& header = out.emplace_back();
        header.name = pair.substr(0, at);
        if (is_null(header.name)) {
            return cli::refuse(
                fmt::format("The key of a header is the null marker '{}' on line "
                            "number {}",
                            *null_marker_, number));
        }
        if (at == pair.npos) continue;
        const auto value = pair.substr(at + header_key_separator_.size());
        if (!is_null(value)) header.value = value;
    }
    return out;
}

cli::Parsed<LineMessage> LineMessageFormat::parse(std::string_view line,
                                                  std::uint64_t number) const {
    LineMessage out;
    if (has_headers_) {
        const auto text = cut(line, headers_delimiter_, "headers delimiter", number);
        if (!text) return cli::refuse(text.error());
        if (*text && !is_null(**text)) {
            auto headers = parse_headers(**text, number);
            if (!headers) return cli::refuse(std::move(headers).error());
            out.headers = std::move(*headers);
        }
    }
    if (has_key_) {
        const auto key = cut(line, key_separator_, "key separator", number);
        if (!key) return cli::refuse(key.error());
        if (*key && !is_null(**key)) out.key = *key;
    }
    if (!is_null(line)) out.value = line;
    return out;
}

}  // namespace kcore::produce
