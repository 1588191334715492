#include "cli/format_reader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace kcore::cli {

// --- Bytes

bool ByteSource::fill() {
    constexpr std::size_t kChunk = 64U << 10;
    if (at_end_) return false;
    if (begin_ > buffer_.size() / 2) {
        buffer_.erase(0, begin_);
        begin_ = 0;
    }
    const auto size = buffer_.size();
    buffer_.resize(size + kChunk);
    const auto got = ::read(descriptor_, buffer_.data() + size, kChunk);
    buffer_.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    at_end_ = got <= 0;
    return !at_end_;
}

std::string_view ByteSource::peek(std::size_t size) {
    while (buffer_.size() - begin_ < size && fill()) continue;
    return std::string_view(buffer_).substr(begin_);
}

std::optional<std::size_t> ByteSource::find(std::string_view text) {
    std::size_t from = 0;
    for (;;) {
        const auto there = std::string_view(buffer_).substr(begin_);
        const auto at = there.find(text, from);
        if (at != there.npos) return at;
        from = there.size() - std::min(there.size(), text.size() - 1);
        if (!fill()) return std::nullopt;
    }
}

std::string_view ByteSource::rest() {
    while (fill()) continue;
    return std::string_view(buffer_).substr(begin_);
}

namespace {

constexpr std::string_view kTexts = "tkv";
constexpr std::int64_t kLengthMax = 1 << 30;

bool is_text(const FormatPart& part) { return kTexts.contains(part.verb) && part.verb != 0; }

// The length verb of a text verb.
char length_of(char verb) { return static_cast<char>(std::toupper(verb)); }

// One record on its way in.
class Reading {
public:
    explicit Reading(ByteSource& source) : source_(source) {}

    Parsed<void> read(const std::vector<FormatPart>& parts, InputRecord& record,
                      InputRecord::NamedValue* header) {
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto& part = parts[i];
            const auto* next = i + 1 < parts.size() ? &parts[i + 1] : nullptr;
            const bool is_last = next == nullptr && header == nullptr;
            Parsed<void> done;
            if (part.verb == 0) {
                done = literal(part.literal, is_last);
            } else if (part.verb == 'h') {
                done = headers(part, record);
            } else if (is_text(part)) {
                auto text = take_text(part, next);
                if (!text) return refuse(std::move(text).error());
                store(part.verb, std::move(*text), record, header);
            } else {
                done = number(part, record);
            }
            if (!done) return done;
        }
        return {};
    }

private:
    Parsed<void> literal(std::string_view text, bool is_last) {
        const auto there = source_.peek(text.size());
        if (is_last && there.empty()) return {};
        if (!there.starts_with(text)) return refuse(fmt::format("'{}' is missing", text));
        source_.skip(text.size());
        return {};
    }

    Parsed<void> headers(const FormatPart& part, InputRecord& record) {
        const auto count = lengths_.find('H');
        if (count == lengths_.end()) return refuse("the number of headers (%H) is not known");
        for (std::int64_t i = 0; i < count->second; ++i) {
            InputRecord::NamedValue header;
            lengths_.erase('K');
            lengths_.erase('V');
            auto done = read(part.inner, record, &header);
            if (!done) return done;
            record.headers.push_back(std::move(header));
        }
        return {};
    }

    Parsed<std::string> take_text(const FormatPart& part, const FormatPart* next) {
        const auto length = lengths_.find(length_of(part.verb));
        std::string raw;
        if (length != lengths_.end()) {
            const auto size = static_cast<std::size_t>(length->second);
            const auto there = source_.peek(size);
            if (there.size() < size) return refuse("the input ends inside a record");
            raw = there.substr(0, size);
            source_.skip(size);
            lengths_.erase(length);
        } else {
            const auto end = next == nullptr ? std::nullopt : source_.find(next->literal);
            const auto there = end ? source_.peek(*end).substr(0, *end) : source_.rest();
            raw = there;
            source_.skip(raw.size());
        }
        return decoded(part, std::move(raw));
    }

    static Parsed<std::string> decoded(const FormatPart& part, std::string raw) {
        using Text = FormatPart::Text;
        if (part.text == Text::plain) return raw;
        if (part.text == Text::json) {
            const auto json = nlohmann::json::parse(raw, nullptr, false);
            if (json.is_string()) return json.get<std::string>();
            return refuse(fmt::format("'{}' is not a JSON string", raw));
        }
        auto bytes = part.text == Text::hex ? decode_hex(raw) : decode_base64(raw);
        if (!bytes) return refuse(fmt::format("'{}' does not decode", raw));
        return std::move(*bytes);
    }

    static void store(char verb, std::string text, InputRecord& record,
                      InputRecord::NamedValue* header) {
        if (header != nullptr && verb == 'k') {
            header->name = std::move(text);
        } else if (header != nullptr) {
            header->value = std::move(text);
        } else if (verb == 't') {
            record.topic = std::move(text);
        } else if (verb == 'k') {
            record.key = std::move(text);
        } else {
            record.value = std::move(text);
        }
    }

    Parsed<void> number(const FormatPart& part, InputRecord& record) {
        auto value = take_number(part);
        if (!value) return refuse(std::move(value).error());
        const bool is_length = std::string_view("TKVH").contains(part.verb);
        if (is_length && (*value < 0 || *value > kLengthMax)) {
            return refuse(fmt::format("{} is not a length", *value));
        }
        if (is_length) lengths_[part.verb] = *value;
        if (part.verb == 'p') record.partition = static_cast<std::int32_t>(*value);
        if (part.verb == 'd') {
            record.timestamp_ms = part.time == FormatPart::Time::seconds ? *value * 1000 : *value;
        }
        return {};
    }

    Parsed<std::int64_t> take_number(const FormatPart& part) {
        using Number = FormatPart::Number;
        if (part.number == Number::truth) return take_truth();
        std::size_t size = static_cast<std::size_t>(part.number_bits) / 8;
        if (part.number == Number::hex) size *= 2;
        if (part.number == Number::ascii) {
            constexpr std::size_t kDigits = 20;
            const auto there = source_.peek(kDigits + 1);
            size = there.find_first_not_of("0123456789", there.starts_with('-') ? 1 : 0);
            size = std::min(size, there.size());
        }
        const auto there = source_.peek(size);
        if (there.size() < size) return refuse("the input ends inside a record");
        const std::string raw(there.substr(0, size));
        source_.skip(size);
        if (part.number == Number::ascii || part.number == Number::hex) {
            const int base = part.number == Number::hex ? 16 : 10;
            std::int64_t out = 0;
            const auto [end, error] =
                std::from_chars(raw.data(), raw.data() + raw.size(), out, base);
            const bool is_whole = error == std::errc() && end == raw.data() + raw.size();
            if (!is_whole) return refuse(fmt::format("%{}: '{}' is not a number", part.verb, raw));
            return out;
        }
        return packed(raw, part.number == Number::little);
    }

    // Sign-extended from its own width.
    static std::int64_t packed(std::string_view raw, bool is_little) {
        std::uint64_t out = 0;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const auto at = is_little ? raw.size() - 1 - i : i;
            out = out << 8 | static_cast<unsigned char>(raw[at]);
        }
        const auto shift = 64 - 8 * static_cast<int>(raw.size());
        return static_cast<std::int64_t>(out << shift) >> shift;
    }

    Parsed<std::int64_t> take_truth() {
        const auto there = source_.peek(5);
        const bool is_true = there.starts_with("true");
        if (!is_true && !there.starts_with("false")) return refuse("neither true nor false");
        source_.skip(is_true ? 4 : 5);
        return is_true ? 1 : 0;
    }

    ByteSource& source_;
    std::map<char, std::int64_t> lengths_;
};

Parsed<void> check(const std::vector<FormatPart>& parts, bool is_inner) {
    std::string measured;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& part = parts[i];
        if (part.verb == 'h') {
            if (!measured.contains('H')) return refuse("%h needs %H before it");
            if (auto inner = check(part.inner, true); !inner) return inner;
        } else if (is_text(part)) {
            const bool has_length = measured.contains(length_of(part.verb));
            const bool is_last = i + 1 == parts.size();
            const bool has_end = is_last ? !is_inner : parts[i + 1].verb == 0;
            if (!has_length && !has_end) {
                return refuse(
                    fmt::format("%{} needs its length before it or a text after it", part.verb));
            }
            if (part.text == FormatPart::Text::unpack) return refuse("unpack only writes");
        } else if (part.verb == 'a' || part.time == FormatPart::Time::strftime ||
                   part.time == FormatPart::Time::rfc3339) {
            return refuse(fmt::format("%{} in this form only writes", part.verb));
        } else if (part.verb != 0) {
            measured += part.verb;
        }
    }
    return {};
}

}  // namespace

Parsed<FormatReader> FormatReader::compile(std::string_view text) {
    auto parts = parse_format(text);
    if (!parts) return refuse(std::move(parts).error());
    if (parts->empty()) return refuse("the format is empty");
    auto fits = check(*parts, false);
    if (!fits) return refuse(fmt::format("format '{}': {}", text, fits.error()));
    return FormatReader(std::move(*parts));
}

Parsed<std::optional<InputRecord>> FormatReader::next(ByteSource& source) const {
    if (source.peek(1).empty()) return std::nullopt;
    InputRecord record;
    auto done = Reading(source).read(parts_, record, nullptr);
    if (!done) return refuse(std::move(done).error());
    return record;
}

}  // namespace kcore::cli
