#pragma once
// What a line of kproduce's input says about a record.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/encoding.h"
#include "cli/parsed.h"
#include "client/record.h"

namespace kcore::produce {

// How a piece becomes a record.
struct LineRules {
    std::optional<std::string> key_separator = {};
    std::optional<std::string> fixed_key = {};
    std::optional<std::string> null_value = {};  // Text that stands for a null value.
    std::optional<std::string> null_key = {};
    bool is_tombstone = false;  // An empty value is null.
    cli::Encodings encodings = {};
};

// Key and value as views into the line or into `key` and `value` when they had to be decoded.
struct LineRecord {
    std::optional<BytesView> key;
    std::optional<BytesView> value;
};

class LineParser {
public:
    explicit LineParser(LineRules rules) : rules_(std::move(rules)) {}

    // Views last until the next call. Refuses a line without separator, or one that does not
    // decode.
    cli::Parsed<LineRecord> parse(std::string_view line);

private:
    static cli::Parsed<std::string_view> bytes_of(const cli::Encoding& encoding,
                                                  std::string_view text, std::string& room);

    const LineRules rules_;
    std::string key_;
    std::string value_;
};

// "name=value", else "name:value", else a name with a null value.
struct FixedHeader {
    std::string name;
    std::optional<std::string> value;
};
FixedHeader parse_header(const std::string& text);

}  // namespace kcore::produce
