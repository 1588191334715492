#include "cli/format.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "cli/text.h"
#include "cli/time_text.h"

namespace kcore::cli {

namespace {

using client::ConsumedRecord;

constexpr std::array<std::string_view, 5> kCodecs{"none", "gzip", "snappy", "lz4", "zstd"};

void append_decimal(std::string& to, std::int64_t value) {
    const fmt::format_int digits(value);
    to.append(digits.data(), digits.size());
}

void append_number(std::string& to, const FormatPart& part, std::int64_t value) {
    using Number = FormatPart::Number;
    const int bytes = part.number_bits / 8;
    const auto byte = [&](int i) {
        return static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
    };
    switch (part.number) {
        case Number::ascii:
            append_decimal(to, value);
            return;
        case Number::truth:
            to += value != 0 ? "true" : "false";
            return;
        case Number::big:
            for (int i = bytes - 1; i >= 0; --i) to += byte(i);
            return;
        case Number::little:
            for (int i = 0; i < bytes; ++i) to += byte(i);
            return;
        case Number::hex:
            for (int i = bytes - 1; i >= 0; --i) {
                const char one = byte(i);
                append_hex(to, as_bytes({&one, 1}));
            }
            return;
    }
}

template <class T>
std::string unpack_number(std::string_view from, bool little) {
    auto value = load_be<T>(as_bytes(from).data());
    if (little) value = std::byteswap(value);
    return fmt::format("{}", +value);
}

// One item of an unpack string; nothing when the bytes do not suffice.
std::optional<std::string> unpack_item(char item, std::string_view& from, bool little) {
    constexpr std::string_view kItems = "bBhHiIqQc";
    constexpr std::array<std::size_t, 9> kSizes{1, 1, 2, 2, 4, 4, 8, 8, 1};
    const auto at = kItems.find(item);
    if (at == kItems.npos || from.size() < kSizes[at]) return std::nullopt;
    const auto bytes = from.substr(0, kSizes[at]);
    from.remove_prefix(kSizes[at]);
    switch (item) {
        case 'b':
            return unpack_number<std::int8_t>(bytes, little);
        case 'B':
            return unpack_number<std::uint8_t>(bytes, little);
        case 'h':
            return unpack_number<std::int16_t>(bytes, little);
        case 'H':
            return unpack_number<std::uint16_t>(bytes, little);
        case 'i':
            return unpack_number<std::int32_t>(bytes, little);
        case 'I':
            return unpack_number<std::uint32_t>(bytes, little);
        case 'q':
            return unpack_number<std::int64_t>(bytes, little);
        case 'Q':
            return unpack_number<std::uint64_t>(bytes, little);
        default:
            return std::string(bytes);
    }
}

// Items separated by spaces; what does not fit is said in place.
void append_unpacked(std::string& to, std::string_view items, std::string_view from) {
    bool little = false;
    bool first = true;
    for (const char item : items) {
        if (item == '<' || item == '>') {
            little = item == '<';
            continue;
        }
        if (item == ' ') continue;
        if (item == '$') {
            if (!from.empty()) fmt::format_to(std::back_inserter(to), "<{} left>", from.size());
            continue;
        }
        if (!std::exchange(first, false)) to += ' ';
        if (item == 's') {
            to += std::exchange(from, {});
            continue;
        }
        const auto text = unpack_item(item, from, little);
        to += text.value_or("<short>");
        if (!text) return;
    }
}

void append_text(std::string& to, const FormatPart& part, std::string_view text) {
    using Text = FormatPart::Text;
    switch (part.text) {
        case Text::plain:
            to += text;
            return;
        case Text::hex:
            append_hex(to, as_bytes(text));
            return;
        case Text::base64:
            append_base64(to, as_bytes(text));
            return;
        case Text::base64raw:
            append_base64(to, as_bytes(text), false);
            return;
        case Text::unpack:
            append_unpacked(to, part.literal, text);
            return;
        case Text::json:
            if (is_utf8(text)) {
                append_json_string(to, text);
            } else {
                to += '"';
                append_base64(to, as_bytes(text));
                to += '"';
            }
            return;
    }
}

void append_text(std::string& to, const FormatPart& part, const std::optional<BytesView>& bytes) {
    if (bytes) append_text(to, part, as_text(*bytes));
    if (!bytes && part.text == FormatPart::Text::json) to += "null";
}

void append_size(std::string& to, const FormatPart& part, const std::optional<BytesView>& bytes) {
    const std::int64_t none = part.as_kcat ? -1 : 0;
    append_number(to, part, bytes ? static_cast<std::int64_t>(bytes->size()) : none);
}

void append_time(std::string& to, const FormatPart& part, std::int64_t ms) {
    using Time = FormatPart::Time;
    switch (part.time) {
        case Time::none:
            append_number(to, part, ms);
            return;
        case Time::seconds:
            append_decimal(to, ms / 1000);
            return;
        case Time::rfc3339:
            to += rfc3339(ms);
            return;
        case Time::strftime:
            to += strftime_local(part.literal, ms);
            return;
    }
}

void append_attribute(std::string& to, const FormatPart& part, const ConsumedRecord& record) {
    using Attribute = FormatPart::Attribute;
    switch (part.attribute) {
        case Attribute::compression:
            to += record.codec < kCodecs.size() ? kCodecs[record.codec] : "unknown";
            return;
        case Attribute::timestamp_type:
            to += record.timestamp_type == client::TimestampType::create ? "CreateTime"
                                                                         : "LogAppendTime";
            return;
        case Attribute::transactional:
            to += record.is_transactional ? "true" : "false";
            return;
        case Attribute::control:
            to += record.is_control ? "true" : "false";
            return;
    }
}

void append_header(std::string& to, const FormatPart& part, const client::Header& header) {
    for (const auto& inner : part.inner) {
        switch (inner.verb) {
            case 0:
                to += inner.literal;
                break;
            case 'k':
                append_text(to, inner, header.key);
                break;
            case 'v':
                append_text(to, inner, header.value);
                break;
            case 'K':
                append_number(to, inner, static_cast<std::int64_t>(header.key.size()));
                break;
            case 'V':
                append_size(to, inner, header.value);
                break;
            default:
                break;
        }
    }
}

std::int64_t number_of(char verb, const ConsumedRecord& record, std::uint64_t number) {
    switch (verb) {
        case 'p':
            return record.partition;
        case 'o':
            return record.offset;
        case 'e':
            return record.leader_epoch;
        case 'i':
            return static_cast<std::int64_t>(number);
        case 'x':
            return record.producer_id;
        case 'y':
            return record.producer_epoch;
        case 'T':
            return static_cast<std::int64_t>(record.topic.size());
        case 'H':
            return static_cast<std::int64_t>(record.headers.size());
        case '[':
            return record.log_start_offset;
        case '|':
            return record.last_stable_offset;
        default:
            return record.high_watermark;
    }
}

}  // namespace

Parsed<Format> Format::compile(std::string_view text, bool kcat) {
    auto parts = parse_format(text, kcat);
    if (!parts) return refuse(std::move(parts).error());
    return Format(std::move(*parts));
}

void Format::append(std::string& to, const ConsumedRecord& record, std::uint64_t number) const {
    for (const auto& part : parts_) {
        switch (part.verb) {
            case 0:
                to += part.literal;
                break;
            case 'v':
                append_text(to, part, record.value);
                break;
            case 'k':
                append_text(to, part, record.key);
                break;
            case 't':
                append_text(to, part, record.topic);
                break;
            case 'V':
                append_size(to, part, record.value);
                break;
            case 'K':
                append_size(to, part, record.key);
                break;
            case 'd':
                append_time(to, part, record.timestamp_ms);
                break;
            case 'a':
                append_attribute(to, part, record);
                break;
            case 'h':
                for (std::size_t i = 0; i < record.headers.size(); ++i) {
                    if (i > 0 && part.as_kcat) to += ',';
                    append_header(to, part, record.headers[i]);
                }
                break;
            default:
                append_number(to, part, number_of(part.verb, record, number));
        }
    }
}

}  // namespace kcore::cli
