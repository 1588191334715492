#pragma once
// A line of kafka-console-producer as a record: headers, key and value behind each other.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/parsed.h"
#include "produce/input.h"

namespace kcore::produce {

struct LineMessage {
    std::vector<FixedHeader> headers;
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
};

// What the properties of its reader say.
class LineMessageFormat {
public:
    // "parse.key=true" and its kin. Refuses what is none of them.
    cli::Parsed<void> set(const std::string& property);

    // Views into the line. `number` is for messages.
    cli::Parsed<LineMessage> parse(std::string_view line, std::uint64_t number) const;

private:
    // What stands before the separator, which is cut off with it; nothing: there is none.
    cli::Parsed<std::optional<std::string_view>> cut(std::string_view& line,
                                                     const std::string& separator,
                                                     std::string_view what,
                                                     std::uint64_t number) const;
    cli::Parsed<std::vector<FixedHeader>> parse_headers(std::string_view text,
                                                        std::uint64_t number) const;
    bool is_null(std::string_view text) const { return null_marker_ == text; }

    bool has_key_ = false;
    bool has_headers_ = false;
    bool ignores_errors_ = false;
    std::string key_separator_ = "\t";
    std::string headers_delimiter_ = "\t";
    std::string headers_separator_ = ",";
    std::string header_key_separator_ = ":";
    std::optional<std::string> null_marker_;
};

}  // namespace kcore::produce
