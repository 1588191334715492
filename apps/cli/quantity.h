#pragma once
// Durations, sizes and rates as flags spell them, and back for people.

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/parsed.h"

namespace kcore::cli {

// "250ms", "10s", "5m", "2h", "3d", sums of them ("1h30m"), and a bare 0. Not negative.
Parsed<std::int64_t> parse_duration_ms(std::string_view text);

// "1024", "64KiB" (2^10), "50MB" (10^6); K, M, G alone count as KiB, MiB, GiB.
Parsed<std::int64_t> parse_size_bytes(std::string_view text);

// "5000/s", "100/m", "5000" (a second): per second.
Parsed<double> parse_rate(std::string_view text);

// A whole number with all of its digits; false when there is anything else.
bool parse_integer(std::string_view text, std::int64_t& out);

std::string human_size(std::int64_t bytes);   // "1.2 GiB"
std::string human_duration(std::int64_t ms);  // "1h30m", "250ms"

}  // namespace kcore::cli
