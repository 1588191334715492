#pragma once
// The language of positions and ranges: "-10", "@2026-05-01:+6h", "committed:", "100:200". Which
// offsets they mean in a partition is for the caller to find out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parsed.h"

namespace kcore::cli {

struct Position {
    enum class Kind : std::uint8_t {
        beginning,
        end,
        committed,
        offset,      // `value`
        from_start,  // `value` after the start of the partition
        from_end,    // the last `value` records
        time,        // first record at or after `value` ms
    };
    Kind kind = Kind::beginning;
    std::int64_t value = 0;

    friend bool operator==(const Position&, const Position&) = default;
};

// The end is exclusive.
struct Range {
    std::optional<Position> start;
    std::optional<Position> end;

    friend bool operator==(const Range&, const Range&) = default;
};

// "0,1,4-7"
Parsed<std::vector<std::int32_t>> parse_partitions(const std::string& text);

Parsed<Position> parse_position(std::string_view text, std::int64_t now_ms);
Parsed<Range> parse_range(std::string_view text, std::int64_t now_ms);

}  // namespace kcore::cli
