#pragma once
// What kproduce reads: pieces of files or stdin between delimiters, and what a piece says about a
// record.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"
#include "client/record.h"

namespace kcore::produce {

// Pieces of one file descriptor. A piece is a view that lasts until the next call.
class PieceReader {
public:
    PieceReader(int descriptor, std::string delimiter)
        : descriptor_(descriptor), delimiter_(std::move(delimiter)) {}

    // Nothing at the end, or when a signal came. The last piece needs no delimiter behind it.
    std::optional<std::string_view> next();

    bool has_failed() const { return error_ != 0; }
    int error() const { return error_; }

private:
    bool fill();

    const int descriptor_;
    const std::string delimiter_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t searched_ = 0;  // From begin_: where no delimiter starts.
    bool at_end_ = false;
    int error_ = 0;
};

enum class Encoding : std::uint8_t { utf8, hex, base64 };

// How a piece becomes a record.
struct LineRules {
    std::optional<std::string> key_separator;
    std::optional<std::string> fixed_key;
    std::optional<std::string> null_value;  // Text that stands for a null value.
    std::optional<std::string> null_key;
    bool is_tombstone = false;  // An empty value is null.
    Encoding key_encoding = Encoding::utf8;
    Encoding value_encoding = Encoding::utf8;
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
    cli::Parsed<std::string_view> decode(Encoding encoding, std::string_view text,
                                         std::string& room) const;

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
