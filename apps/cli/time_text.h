#pragma once
// Points in time as users write them and read them. Without a zone, local time.

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/parsed.h"

namespace kcore::cli {

// 13 digits (ms), 9 or 10 digits (s), YYYY-MM-DD, YYYY-MM-DDTHH:MM[:SS[.mmm]][Z|+HH:MM], "-DUR"
// before now, "now". Milliseconds since the epoch.
Parsed<std::int64_t> parse_time_ms(std::string_view text, std::int64_t now_ms);

std::string local_time(std::int64_t ms);                                 // 2026-05-01 10:00:00
std::string rfc3339(std::int64_t ms);                                    // 2026-05-01T08:00:00.000Z
std::string strftime_local(const std::string& format, std::int64_t ms);  // As strftime(3).

}  // namespace kcore::cli
