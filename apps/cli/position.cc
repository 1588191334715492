#include "cli/position.h"

#include <fmt/format.h>

#include <vector>

#include "cli/quantity.h"
#include "cli/text.h"
#include "cli/time_text.h"

namespace kcore::cli {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
        if (text == word) return true;
    }
    return false;
}

std::unexpected<std::string> not_a_position(std::string_view text) {
    return refuse(fmt::format(
        "'{}' is not a position: write beginning, end, committed, an offset, +N, -N or @TIME",
        text));
}

// After a start that is a time, the end may be a time without its '@', and +DUR counts from it.
Parsed<Position> parse_end(std::string_view text, const std::optional<Position>& start,
                           std::int64_t now_ms) {
    const bool after_time = start && start->kind == Position::Kind::time;
    if (!after_time) return parse_position(text, now_ms);
    if (text.starts_with('+')) {
        if (auto length = parse_duration_ms(text.substr(1)); length && text != "+0") {
            return Position{Position::Kind::time, start->value + *length};
        }
    }
    if (auto time = parse_time_ms(text, now_ms)) return Position{Position::Kind::time, *time};
    return parse_position(text, now_ms);
}

std::optional<Range> split_at(std::string_view text, std::size_t colon, std::int64_t now_ms) {
    const auto left = text.substr(0, colon);
    const auto right = text.substr(colon + 1);
    if (left.empty() && right.empty()) return std::nullopt;
    Range range;
    if (!left.empty()) {
        auto start = parse_position(left, now_ms);
        if (!start) return std::nullopt;
        range.start = *start;
    }
    if (!right.empty()) {
        auto end = parse_end(right, range.start, now_ms);
        if (!end) return std::nullopt;
        range.end = *end;
    }
    return range;
}

}  // namespace

Parsed<std::vector<std::int32_t>> parse_partitions(const std::string& text) {
    std::vector<std::int32_t> out;
    for (const auto& piece : split_commas(text)) {
        const auto dash = piece.find('-');
        std::int64_t first = 0;
        std::int64_t last = 0;
        const auto to = dash == piece.npos ? piece : piece.substr(dash + 1);
        const bool is_good = parse_integer(piece.substr(0, dash), first) &&
                             parse_integer(to, last) && first >= 0 && first <= last &&
                             last - first < 100'000 && last <= INT32_MAX;
        if (!is_good) return refuse(fmt::format("'{}' is not a list of partitions: 0,1,4-7", text));
        for (; first <= last; ++first) out.push_back(static_cast<std::int32_t>(first));
    }
    return out;
}

Parsed<Position> parse_position(std::string_view text, std::int64_t now_ms) {
    using PositionKind = Position::Kind;
    if (is_one_of(text, {"beginning", "start", "earliest", "oldest"})) return Position{};
    if (is_one_of(text, {"end", "latest", "newest"})) return Position{PositionKind::end, 0};
    if (is_one_of(text, {"stored", "committed"})) return Position{PositionKind::committed, 0};
    if (text.starts_with('@')) {
        auto time = parse_time_ms(text.substr(1), now_ms);
        if (!time) return refuse(std::move(time).error());
        return Position{PositionKind::time, *time};
    }
    const bool is_signed = text.starts_with('+') || text.starts_with('-');
    const auto digits = text.substr(is_signed ? 1 : 0);
    std::int64_t number = 0;
    if (!parse_integer(digits, number) || number < 0) return not_a_position(text);
    if (!is_signed) return Position{PositionKind::offset, number};
    return Position{text[0] == '+' ? PositionKind::from_start : PositionKind::from_end, number};
}

Parsed<Range> parse_range(std::string_view text, std::int64_t now_ms) {
    if (text.starts_with("s@") || text.starts_with("e@")) {  // kcat's spelling.
        auto time = parse_position(text.substr(1), now_ms);
        if (!time) return refuse(std::move(time).error());
        return text[0] == 's' ? Range{*time, std::nullopt} : Range{std::nullopt, *time};
    }
    std::vector<Range> readings;
    auto whole = parse_position(text, now_ms);
    if (whole) readings.push_back({*whole, std::nullopt});
    for (auto colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1)) {
        auto range = split_at(text, colon, now_ms);
        if (range) readings.push_back(*range);
    }
    if (readings.empty()) {
        if (!text.contains(':')) return refuse(std::move(whole).error());
        return refuse(fmt::format("'{}' is not a range: write START:END, each a position", text));
    }
    if (readings.size() > 1) {
        return refuse(
            fmt::format("'{}' can be read in {} ways: use --from and --to", text, readings.size()));
    }
    return readings.front();
}

}  // namespace kcore::cli
