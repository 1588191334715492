#include "cli/time_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>

#include "cli/quantity.h"

namespace kcore::cli {

namespace {

struct Calendar {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0;
    bool has_zone = false;
    int zone_minutes = 0;
};

// Takes exactly `digits` digits.
bool take(std::string_view& text, std::size_t digits, int& out) {
    if (text.size() < digits) return false;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    out = value;
    return true;
}
bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

bool take_fraction(std::string_view& text, int& milli) {
    if (!take(text, '.')) return true;
    int scale = 100;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        milli += (text[digits] - '0') * scale;
        scale /= 10;
    }
    text.remove_prefix(digits);
    return digits > 0;
}

bool take_zone(std::string_view& text, Calendar& out) {
    if (text.empty()) return true;
    out.has_zone = true;
    if (take(text, 'Z')) return text.empty();
    const int sign = text.starts_with('-') ? -1 : 1;
    if (!take(text, '+') && !take(text, '-')) return false;
    int hours = 0;
    int minutes = 0;
    if (!take(text, 2, hours)) return false;
    take(text, ':');
    if (!take(text, 2, minutes) || hours > 14 || minutes > 59) return false;
    out.zone_minutes = sign * (hours * 60 + minutes);
    return text.empty();
}

bool take_calendar(std::string_view text, Calendar& out) {
    if (!take(text, 4, out.year) || !take(text, '-') || !take(text, 2, out.month) ||
        !take(text, '-') || !take(text, 2, out.day)) {
        return false;
    }
    if (out.month < 1 || out.month > 12 || out.day < 1 || out.day > 31) return false;
    if (text.empty()) return true;
    if (!take(text, 'T') && !take(text, ' ')) return false;
    if (!take(text, 2, out.hour) || !take(text, ':') || !take(text, 2, out.minute)) return false;
    if (out.hour > 23 || out.minute > 59) return false;
    if (take(text, ':')) {
        if (!take(text, 2, out.second) || out.second > 60) return false;
        if (!take_fraction(text, out.milli)) return false;
    }
    return take_zone(text, out);
}

std::int64_t to_ms(const Calendar& at) {
    std::tm parts{};
    parts.tm_year = at.year - 1900;
    parts.tm_mon = at.month - 1;
    parts.tm_mday = at.day;
    parts.tm_hour = at.hour;
    parts.tm_min = at.minute;
    parts.tm_sec = at.second;
    parts.tm_isdst = -1;
    const std::time_t seconds =
        at.has_zone ? ::timegm(&parts) - at.zone_minutes * 60 : ::mktime(&parts);
    return static_cast<std::int64_t>(seconds) * 1000 + at.milli;
}

std::int64_t floor_seconds(std::int64_t ms) { return ms >= 0 ? ms / 1000 : (ms - 999) / 1000; }

}  // namespace

Parsed<std::int64_t> parse_time_ms(std::string_view text, std::int64_t now_ms) {
    if (text == "now") return now_ms;
    if (text.starts_with('-')) {
        auto before = parse_duration_ms(text.substr(1));
        if (!before) return before;
        return now_ms - *before;
    }
    std::int64_t number = 0;
    if (parse_integer(text, number)) {
        if (text.size() == 13) return number;
        if (text.size() == 9 || text.size() == 10) return number * 1000;
    }
    Calendar at;
    if (take_calendar(text, at)) return to_ms(at);
    return refuse(
        fmt::format("'{}' is not a time: write 2026-05-01, 2026-05-01T10:00, 13 digits of "
                    "milliseconds, 10 digits of seconds, -1h or now",
                    text));
}

std::string strftime_local(const std::string& format, std::int64_t ms) {
    const std::time_t seconds = floor_seconds(ms);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    std::array<char, 256> out;
    const auto size = std::strftime(out.data(), out.size(), format.c_str(), &parts);
    return {out.data(), size};
}

std::string local_time(std::int64_t ms) { return strftime_local("%Y-%m-%d %H:%M:%S", ms); }

std::string rfc3339(std::int64_t ms) {
    const auto seconds = floor_seconds(ms);
    const std::time_t whole = seconds;
    std::tm parts{};
    ::gmtime_r(&whole, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       ms - seconds * 1000);
}

}  // namespace kcore::cli
