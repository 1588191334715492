#pragma once
// Format strings (`-f '%t %k{hex} %v\n'`): compiled once, then written per record. Reading by the
// same language is cli/format_reader.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"
#include "client/record.h"

namespace kcore::cli {

// One verb or literal. The letter is the verb's; 0 for a literal.
struct FormatPart {
    enum class Text : std::uint8_t { plain, hex, base64, base64raw, json, unpack };
    enum class Number : std::uint8_t { ascii, big, little, hex, truth };
    enum class Time : std::uint8_t { none, strftime, seconds, rfc3339 };
    enum class Attribute : std::uint8_t { compression, timestamp_type, transactional, control };

    char verb = 0;
    std::string literal;  // Also the strftime and unpack text.
    Text text = Text::plain;
    Number number = Number::ascii;
    int number_bits = 0;
    Time time = Time::none;
    Attribute attribute = Attribute::compression;
    bool as_kcat = false;           // Null has length -1; headers are joined by commas.
    std::vector<FormatPart> inner;  // %h{...}
};

// `kcat`: the verbs have kcat's meanings.
Parsed<std::vector<FormatPart>> parse_format(std::string_view text, bool kcat = false);

class Format {
public:
    static Parsed<Format> compile(std::string_view text, bool kcat = false);

    // `number` counts from 1.
    void append(std::string& to, const client::ConsumedRecord& record, std::uint64_t number) const;

private:
    explicit Format(std::vector<FormatPart> parts) : parts_(std::move(parts)) {}
    std::vector<FormatPart> parts_;
};

}  // namespace kcore::cli
