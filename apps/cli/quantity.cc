#include "cli/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace kcore::cli {

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

using Unit = std::pair<std::string_view, std::int64_t>;
constexpr std::array<Unit, 5> kDurations{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 14> kSizes{{{"", 1},
                                       {"B", 1},
                                       {"K", 1LL << 10},
                                       {"M", 1LL << 20},
                                       {"G", 1LL << 30},
                                       {"T", 1LL << 40},
                                       {"KiB", 1LL << 10},
                                       {"MiB", 1LL << 20},
                                       {"GiB", 1LL << 30},
                                       {"TiB", 1LL << 40},
                                       {"KB", 1'000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"TB", 1'000'000'000'000}}};

// Takes a run of digits off the front of `text`.
bool take_number(std::string_view& text, std::int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || out < 0 || text.starts_with('-')) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
    for (const auto& unit : units) {
        if (unit.first == name) return &unit;
    }
    return nullptr;
}

}  // namespace

bool parse_integer(std::string_view text, std::int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

Parsed<std::int64_t> parse_duration_ms(std::string_view text) {
    const auto wrong = [whole = text] {
        return refuse(fmt::format("'{}' is not a duration: write 250ms, 10s, 5m, 2h or 3d", whole));
    };
    if (text == "0") return 0;
    if (text.empty()) return wrong();
    std::int64_t total = 0;
    while (!text.empty()) {
        std::int64_t count = 0;
        if (!take_number(text, count)) return wrong();
        const auto letters = text.substr(0, text.find_first_of("0123456789"));
        const auto* unit = find_unit(kDurations, letters);
        if (unit == nullptr || count > (kMost - total) / unit->second) return wrong();
        total += count * unit->second;
        text.remove_prefix(letters.size());
    }
    return total;
}

Parsed<std::int64_t> parse_size_bytes(std::string_view text) {
    const auto whole = text;
    std::int64_t count = 0;
    const Unit* unit = take_number(text, count) ? find_unit(kSizes, text) : nullptr;
    if (unit == nullptr || count > kMost / unit->second) {
        return refuse(fmt::format("'{}' is not a size: write 1024, 64KiB or 50MB", whole));
    }
    return count * unit->second;
}

Parsed<double> parse_rate(std::string_view text) {
    const auto whole = text;
    std::int64_t count = 0;
    if (take_number(text, count) && count > 0) {
        if (text.empty() || text == "/s") return static_cast<double>(count);
        if (text == "/m") return static_cast<double>(count) / 60.0;
    }
    return refuse(fmt::format("'{}' is not a rate: write 5000/s or 100/m", whole));
}

std::string human_size(std::int64_t bytes) {
    constexpr std::array<std::string_view, 6> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    auto size = static_cast<double>(bytes);
    std::size_t at = 0;
    while (std::abs(size) >= 1024 && at + 1 < kNames.size()) {
        size /= 1024;
        ++at;
    }
    if (at == 0 || std::abs(size) >= 100) return fmt::format("{:.0f} {}", size, kNames[at]);
    return fmt::format("{:.1f} {}", size, kNames[at]);
}

std::string human_duration(std::int64_t ms) {
    if (ms < 0) return fmt::format("{}ms", ms);
    if (ms == 0) return "0";
    std::string out;
    for (auto unit = kDurations.rbegin(); unit != kDurations.rend(); ++unit) {
        if (ms < unit->second) continue;
        out += fmt::format("{}{}", ms / unit->second, unit->first);
        ms %= unit->second;
    }
    return out;
}

}  // namespace kcore::cli
