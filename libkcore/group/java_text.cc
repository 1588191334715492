#include "group/java_text.h"

#include <limits>

namespace kcore::group {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Takes one code point from the front of `text`, which is not empty.
std::uint32_t take_code_point(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    static constexpr std::uint32_t kMask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t point = first & kMask[length];
    bool good = first < 0x80 || (first >= 0xC2 && first < 0xF5 && text.size() >= length);
    for (std::size_t i = 1; good && i < length; ++i) {
        good = is_continuation(text[i]);
        point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    text.remove_prefix(good ? length : 1);
    return good ? point : kReplacement;
}

template <class Visit>
void for_each_unit(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const auto point = take_code_point(text);
        if (point < 0x10000) {
            visit(point);
        } else {
            visit(0xD800 + ((point - 0x10000) >> 10));
            visit(0xDC00 + ((point - 0x10000) & 0x3FFU));
        }
    }
}

}  // namespace

std::int32_t java_hash(std::string_view text) {
    std::uint32_t hash = 0;
    for_each_unit(text, [&](std::uint32_t unit) { hash = hash * 31 + unit; });
    return static_cast<std::int32_t>(hash);
}

std::size_t java_length(std::string_view text) {
    std::size_t length = 0;
    for_each_unit(text, [&](std::uint32_t) { ++length; });
    return length;
}

std::int32_t partition_of(std::string_view group_id, std::int32_t partitions) {
    const auto hash = java_hash(group_id);
    // Java's abs of the least int is negative; Kafka takes it as 0.
    if (hash == std::numeric_limits<std::int32_t>::min()) return 0;
    return (hash < 0 ? -hash : hash) % partitions;
}

}  // namespace kcore::group
