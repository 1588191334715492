#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/format.h"
#include "cli/text.h"

namespace kcore::cli {

namespace {

constexpr std::string_view kTextVerbs = "tkv";
constexpr std::string_view kNumberVerbs = "TKVHpoeixy[|]d";
constexpr std::string_view kInnerVerbs = "kvKV";

// What kcat's letters mean in ours; a letter that it lacks is refused.
std::optional<FormatPart> from_kcat(char letter) {
    FormatPart part;
    switch (letter) {
        case 's':
            part.verb = 'v';
            break;
        case 'S':
            part.verb = 'V';
            part.as_kcat = true;
            break;
        case 'R':
            part.verb = 'V';
            part.as_kcat = true;
            part.number = FormatPart::Number::big;
            part.number_bits = 32;
            break;
        case 'K':
            part.verb = 'K';
            part.as_kcat = true;
            break;
        case 'T':
            part.verb = 'd';
            break;
        case 'h':
            part.verb = 'h';
            part.as_kcat = true;
            break;
        case 'k':
        case 't':
        case 'p':
        case 'o':
            part.verb = letter;
            break;
        default:
            return std::nullopt;
    }
    return part;
}

class Compiler {
public:
    Compiler(std::string_view text, bool kcat) : text_(text), kcat_(kcat) {}

    Parsed<std::vector<FormatPart>> run(bool inner) {
        std::vector<FormatPart> parts;
        std::string literal;
        const auto flush = [&] {
            if (literal.empty()) return;
            parts.emplace_back().literal = std::exchange(literal, {});
        };
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '%' && at_ + 1 < text_.size() && is_escaped(text_[at_ + 1])) {
                literal += text_[at_ + 1];
                at_ += 2;
            } else if (c == '%') {
                flush();
                auto part = verb(inner);
                if (!part) return refuse(std::move(part).error());
                parts.push_back(std::move(*part));
            } else if (c == '\\') {
                auto plain = escape();
                if (!plain) return refuse(std::move(plain).error());
                literal += *plain;
            } else {
                literal += c;
                ++at_;
            }
        }
        flush();
        return parts;
    }

private:
    static bool is_escaped(char c) { return c == '%' || c == '{' || c == '}'; }

    Parsed<std::string> escape() {
        const auto size = at_ + 1 < text_.size() && text_[at_ + 1] == 'x' ? 4U : 2U;
        auto plain = unescape(text_.substr(at_, size));
        at_ = std::min(text_.size(), at_ + size);
        return plain;
    }

    std::unexpected<std::string> wrong(std::string_view what) const {
        return refuse(fmt::format("format '{}': {}", text_, what));
    }

    Parsed<FormatPart> verb(bool inner) {
        if (++at_ >= text_.size()) return wrong("it ends in %");
        const char letter = text_[at_++];
        FormatPart part;
        part.verb = letter == 's' ? 'v' : letter == 'S' ? 'V' : letter;
        if (kcat_) {
            const auto kcat = from_kcat(letter);
            if (!kcat) return wrong(fmt::format("kcat has no %{}", letter));
            part = *kcat;
            if (part.verb == 'h') part.inner = kcat_headers();
            return part;
        }
        const auto verbs = inner ? kInnerVerbs : std::string_view("tkvhaTKVHpoeixy[|]d");
        if (!verbs.contains(part.verb)) return wrong(fmt::format("there is no %{}", letter));
        return modified(std::move(part));
    }

    // name=value,name=value as kcat prints headers; the commas come from the writer.
    static std::vector<FormatPart> kcat_headers() {
        std::vector<FormatPart> parts(3);
        parts[0].verb = 'k';
        parts[1].literal = "=";
        parts[2].verb = 'v';
        return parts;
    }

    Parsed<FormatPart> modified(FormatPart part) {
        const auto braces = braced();
        if (!braces) {
            if (part.verb == 'h' || part.verb == 'a') {
                return wrong(fmt::format("%{} needs {{...}}", part.verb));
            }
            return part;
        }
        if (part.verb == 'h') {
            auto parts = Compiler(*braces, false).run(true);
            if (!parts) return refuse(std::move(parts).error());
            part.inner = std::move(*parts);
            return part;
        }
        const bool fits = part.verb == 'a'                          ? attribute(part, *braces)
                          : kTextVerbs.contains(part.verb)          ? text(part, *braces)
                          : part.verb == 'd' && time(part, *braces) ? true
                          : kNumberVerbs.contains(part.verb)        ? number(part, *braces)
                                                                    : false;
        if (!fits) return wrong(fmt::format("%{} has no {{{}}}", part.verb, *braces));
        return part;
    }

    // The text between matching braces right here; nothing when there are none.
    std::optional<std::string_view> braced() {
        if (at_ >= text_.size() || text_[at_] != '{') return std::nullopt;
        int depth = 0;
        for (auto i = at_; i < text_.size(); ++i) {
            if (text_[i] == '%' && i + 1 < text_.size() && is_escaped(text_[i + 1])) {
                ++i;
                continue;
            }
            if (text_[i] == '{') ++depth;
            if (text_[i] != '}' || --depth > 0) continue;
            const auto inside = text_.substr(at_ + 1, i - at_ - 1);
            at_ = i + 1;
            return inside;
        }
        return std::nullopt;
    }

    // "name[argument]" -> argument.
    static std::optional<std::string> argument(std::string_view text, std::string_view name) {
        if (!text.starts_with(name)) return std::nullopt;
        text.remove_prefix(name.size());
        if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
        return std::string(text.substr(1, text.size() - 2));
    }

    static bool text(FormatPart& part, std::string_view name) {
        using Text = FormatPart::Text;
        if (name == "hex") return part.text = Text::hex, true;
        if (name == "base64") return part.text = Text::base64, true;
        if (name == "base64raw") return part.text = Text::base64raw, true;
        if (name == "json") return part.text = Text::json, true;
        auto items = argument(name, "unpack");
        if (!items) return false;
        part.text = Text::unpack;
        part.literal = *items;
        return items->find_first_not_of("<>bBhHiIqQcs$ ") == std::string::npos;
    }

    static bool number(FormatPart& part, std::string_view name) {
        using Number = FormatPart::Number;
        if (name == "ascii") return true;
        if (name == "bool") return part.number = Number::truth, true;
        using Prefix = std::pair<std::string_view, Number>;
        for (const auto& [prefix, kind] :
             {Prefix{"big", Number::big}, {"little", Number::little}, {"hex", Number::hex}}) {
            if (!name.starts_with(prefix)) continue;
            const auto bits = name.substr(prefix.size());
            std::from_chars(bits.data(), bits.data() + bits.size(), part.number_bits);
            part.number = kind;
            return bits == "8" || bits == "16" || bits == "32" || bits == "64";
        }
        return false;
    }

    static bool time(FormatPart& part, std::string_view name) {
        using Time = FormatPart::Time;
        if (name == "ms") return true;
        if (name == "s") return part.time = Time::seconds, true;
        if (name == "rfc3339") return part.time = Time::rfc3339, true;
        auto format = argument(name, "strftime");
        if (!format) return false;
        part.time = Time::strftime;
        part.literal = *format;
        return true;
    }

    static bool attribute(FormatPart& part, std::string_view name) {
        using Attribute = FormatPart::Attribute;
        if (name == "compression") return part.attribute = Attribute::compression, true;
        if (name == "timestamp-type") return part.attribute = Attribute::timestamp_type, true;
        if (name == "transactional") return part.attribute = Attribute::transactional, true;
        if (name == "control") return part.attribute = Attribute::control, true;
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool kcat_;
};

}  // namespace

Parsed<std::vector<FormatPart>> parse_format(std::string_view text, bool kcat) {
    return Compiler(text, kcat).run(false);
}

}  // namespace kcore::cli
