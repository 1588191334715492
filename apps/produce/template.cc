#include "produce/template.h"

#include <fmt/format.h>

#include <iterator>

#include "cli/quantity.h"

namespace kcore::produce {

namespace {

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return out;
}

}  // namespace

cli::Parsed<Template::Part> Template::part_of(std::string_view inside) {
    const auto words = words_of(inside);
    const auto is = [&](std::string_view name, std::size_t count) {
        return words.size() == count && words[0] == name;
    };
    Part part;
    if (is("seq", 1)) return part.kind = Kind::sequence, part;
    if (is("uuid", 1)) return part.kind = Kind::uuid, part;
    if (is("now", 1)) return part.kind = Kind::now, part;
    if (is("seq", 3) && cli::parse_integer(words[2], part.first)) {
        if (words[1] == "+") return part.kind = Kind::plus, part;
        if (words[1] == "%" && part.first > 0) return part.kind = Kind::modulo, part;
    }
    if (is("rand", 3) && cli::parse_integer(words[1], part.first) &&
        cli::parse_integer(words[2], part.last) && part.first <= part.last) {
        return part.kind = Kind::between, part;
    }
    if (words.size() > 1 && words[0] == "choice") {
        part.kind = Kind::choice;
        part.choices.assign(words.begin() + 1, words.end());
        return part;
    }
    return cli::refuse(
        fmt::format("{{{{{}}}}} is not one of seq, seq % N, seq + N, uuid, "
                    "rand A B, now, choice A B",
                    inside));
}

cli::Parsed<Template> Template::compile(std::string_view text) {
    Template out;
    while (!text.empty()) {
        const auto open = text.find("{{");
        Part literal;
        literal.text = text.substr(0, open);
        if (!literal.text.empty()) out.parts_.push_back(std::move(literal));
        if (open == text.npos) break;
        const auto close = text.find("}}", open);
        if (close == text.npos) return cli::refuse("{{ without }}");
        auto part = part_of(text.substr(open + 2, close - open - 2));
        if (!part) return cli::refuse(std::move(part).error());
        out.parts_.push_back(std::move(*part));
        text.remove_prefix(close + 2);
    }
    return out;
}

void Template::append(std::string& to, std::uint64_t number, io::Random& random,
                      std::int64_t now_ms) const {
    const auto decimal = [&](auto value) { fmt::format_to(std::back_inserter(to), "{}", value); };
    for (const auto& part : parts_) {
        const auto first = static_cast<std::uint64_t>(part.first);
        switch (part.kind) {
            case Kind::literal:
                to += part.text;
                break;
            case Kind::sequence:
                decimal(number);
                break;
            case Kind::modulo:
                decimal(number % first);
                break;
            case Kind::plus:
                decimal(static_cast<std::int64_t>(number) + part.first);
                break;
            case Kind::uuid: {
                const auto high = (random.next() & ~0xf000ULL) | 0x4000;
                const auto low = (random.next() >> 2) | 1ULL << 63;
                fmt::format_to(std::back_inserter(to), "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                               high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
                               low & 0xffffffffffffULL);
                break;
            }
            case Kind::between:
                decimal(part.first + static_cast<std::int64_t>(random.below(
                                         static_cast<std::uint64_t>(part.last) - first + 1)));
                break;
            case Kind::now:
                decimal(now_ms);
                break;
            case Kind::choice:
                to += part.choices[random.below(part.choices.size())];
                break;
        }
    }
}

}  // namespace kcore::produce
