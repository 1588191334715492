#include "protocol/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "protocol/api_table.h"

namespace kcore::protocol {

namespace {

using Number = std::pair<int, int>;

constexpr Number kThis{4, 4};

// From this release on (major * 100 + minor) clients can send the API up to this version.
struct Step {
    std::int16_t release;
    std::int16_t api_key;
    std::int16_t newest;
};

// By release; the first is whole. APIs that only nodes use are left out.
constexpr auto kSteps = std::to_array<Step>(
    {{201, 0, 7},  {201, 1, 10}, {201, 2, 4},  {201, 3, 7},  {201, 8, 6},  {201, 9, 5},
     {201, 10, 2}, {201, 11, 3}, {201, 12, 2}, {201, 13, 2}, {201, 14, 2}, {201, 15, 2},
     {201, 16, 2}, {201, 17, 1}, {201, 18, 2}, {201, 19, 3}, {201, 20, 3}, {201, 21, 1},
     {201, 22, 1}, {201, 23, 2}, {201, 24, 1}, {201, 25, 1}, {201, 26, 1}, {201, 28, 2},
     {201, 29, 1}, {201, 30, 1}, {201, 31, 1}, {201, 32, 2}, {201, 33, 1}, {201, 34, 1},
     {201, 35, 1}, {201, 36, 0}, {201, 37, 1}, {201, 38, 1}, {201, 39, 1}, {201, 40, 1},
     {201, 41, 1}, {201, 42, 1}, {202, 2, 5},  {202, 11, 4}, {202, 36, 1}, {202, 43, 0},
     {203, 1, 11}, {203, 3, 8},  {203, 8, 7},  {203, 11, 5}, {203, 12, 3}, {203, 14, 3},
     {203, 15, 3}, {203, 23, 3}, {203, 44, 0}, {204, 0, 8},  {204, 3, 9},  {204, 8, 8},
     {204, 9, 6},  {204, 10, 3}, {204, 11, 6}, {204, 12, 4}, {204, 13, 4}, {204, 14, 4},
     {204, 15, 5}, {204, 16, 3}, {204, 18, 3}, {204, 19, 5}, {204, 20, 4}, {204, 22, 2},
     {204, 38, 2}, {204, 42, 2}, {204, 43, 2}, {204, 44, 1}, {204, 45, 0}, {204, 46, 0},
     {204, 47, 0}, {205, 9, 7},  {205, 11, 7}, {205, 14, 5}, {205, 22, 3}, {205, 28, 3},
     {205, 29, 2}, {205, 30, 2}, {205, 31, 2}, {205, 36, 2}, {205, 37, 2}, {205, 39, 2},
     {205, 40, 2}, {205, 41, 2}, {206, 16, 4}, {206, 21, 2}, {206, 32, 3}, {206, 35, 2},
     {206, 48, 0}, {206, 49, 0}, {207, 1, 12}, {207, 19, 6}, {207, 20, 5}, {207, 22, 4},
     {207, 24, 2}, {207, 25, 2}, {207, 26, 2}, {207, 37, 3}, {207, 50, 0}, {207, 51, 0},
     {207, 57, 0}, {208, 0, 9},  {208, 2, 6},  {208, 3, 11}, {208, 19, 7}, {208, 20, 6},
     {208, 23, 4}, {208, 24, 3}, {208, 25, 3}, {208, 26, 3}, {208, 32, 4}, {208, 33, 2},
     {208, 34, 2}, {208, 48, 1}, {208, 49, 1}, {208, 60, 0}, {208, 61, 0}, {300, 2, 7},
     {300, 9, 8},  {300, 10, 4}, {300, 65, 0}, {300, 66, 0}, {301, 1, 13}, {301, 3, 12},
     {302, 11, 9}, {302, 13, 5}, {302, 35, 3}, {303, 29, 3}, {303, 30, 3}, {303, 31, 3},
     {303, 35, 4}, {303, 38, 3}, {303, 41, 3}, {303, 55, 1}, {303, 57, 1}, {303, 64, 0},
     {305, 1, 15}, {305, 2, 8},  {306, 24, 4}, {307, 0, 10}, {307, 1, 16}, {307, 8, 9},
     {307, 9, 9},  {307, 60, 1}, {307, 68, 0}, {307, 71, 0}, {307, 72, 0}, {307, 74, 0},
     {308, 0, 11}, {308, 10, 5}, {308, 16, 5}, {308, 22, 5}, {308, 24, 5}, {308, 25, 4},
     {308, 26, 4}, {308, 28, 4}, {308, 66, 1}, {308, 69, 0}, {308, 75, 0}, {309, 1, 17},
     {309, 2, 9},  {309, 10, 6}, {309, 18, 4}, {309, 55, 2}, {309, 80, 0}, {309, 81, 0},
     {400, 0, 12}, {400, 2, 10}, {400, 3, 13}, {400, 15, 6}, {400, 26, 5}, {400, 28, 5},
     {400, 57, 2}, {400, 60, 2}, {400, 68, 1}, {400, 69, 1}, {401, 0, 13}, {401, 1, 18},
     {401, 45, 1}, {401, 66, 2}, {401, 74, 1}, {401, 76, 1}, {401, 77, 1}, {401, 78, 1},
     {401, 79, 1}});

// A release in which nothing changed for clients.
constexpr Number kQuiet{3, 4};

bool is_known(Number release) {
    const auto is_it = [&](const Step& step) {
        return step.release == release.first * 100 + release.second;
    };
    return release == kThis || release == kQuiet || std::ranges::any_of(kSteps, is_it);
}

std::optional<Number> parse_number(std::string_view text) {
    Number number;
    const auto* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, number.first);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, number.second);
    const bool has_patch = minor.ptr != end && *minor.ptr == '.';
    if (minor.ec != std::errc() || (minor.ptr != end && !has_patch)) return std::nullopt;
    return number;
}

}  // namespace

Result<Release> Release::parse(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || !is_known(*number)) {
        return fail(Errc::invalid_config,
                    fmt::format("'{}' is no known release of Kafka: 2.1 to 4.1, and 4.4", text));
    }
    return Release(*number);
}

std::optional<std::int16_t> Release::newest(std::int16_t api_key) const {
    if (number_ == kThis) {
        const auto* api = find_api(api_key);
        return api == nullptr ? std::nullopt : std::optional(api->versions.high);
    }
    std::optional<std::int16_t> newest;
    for (const auto& step : kSteps) {
        if (step.release > number_.first * 100 + number_.second) break;
        if (step.api_key == api_key) newest = step.newest;
    }
    return newest;
}

std::string Release::to_string() const {
    return fmt::format("{}.{}", number_.first, number_.second);
}

}  // namespace kcore::protocol
