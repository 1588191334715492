#include "log/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_number.h"

namespace kcore::log {

namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kHexDigits = 32;
constexpr std::size_t kOffsetDigits = 20;

std::string_view suffix_of(DirKind kind) {
    switch (kind) {
        case DirKind::deleted:
            return "-delete";
        case DirKind::stray:
            return "-stray";
        case DirKind::future:
            return "-future";
        case DirKind::current:
            break;
    }
    return "";
}

// Nothing but digits.
template <class T>
std::optional<T> parse_digits(std::string_view text) {
    return text.starts_with('-') ? std::nullopt : parse_number<T>(text);
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// "<topic>-<p>.<32 hex>": cuts off the dot and what follows.
bool cut_unique_part(std::string_view& name) {
    if (name.size() < kHexDigits + 1) return false;
    const auto hex = name.substr(name.size() - kHexDigits);
    if (!std::ranges::all_of(hex, is_hex) || name[name.size() - kHexDigits - 1] != '.') {
        return false;
    }
    name.remove_suffix(kHexDigits + 1);
    return true;
}

}  // namespace

std::optional<PartitionDirName> parse_dir_name(std::string_view name) {
    auto kind = DirKind::current;
    for (const auto special : {DirKind::deleted, DirKind::stray, DirKind::future}) {
        if (!name.ends_with(suffix_of(special))) continue;
        auto without = name.substr(0, name.size() - suffix_of(special).size());
        if (!cut_unique_part(without)) break;  // A topic may well be called "x-delete"...
        kind = special;
        name = without;
    }
    const auto dash = name.rfind('-');
    if (dash == std::string_view::npos || dash == 0 || dash + 1 == name.size()) return std::nullopt;
    const auto digits = name.substr(dash + 1);
    const auto partition = parse_digits<std::int32_t>(digits);
    // Two directories must not be of one partition, as t-5 and t-05 would be.
    if (!partition || (digits.starts_with('0') && digits.size() > 1)) return std::nullopt;
    return PartitionDirName{{std::string(name.substr(0, dash)), *partition}, kind};
}

std::string dir_name(const TopicPartition& partition, DirKind kind, const Uuid& random) {
    if (kind == DirKind::current) return partition.to_string();
    const auto rest = fmt::format("-{}.{:016x}{:016x}{}", partition.partition, random.high,
                                  random.low, suffix_of(kind));
    auto topic = partition.topic;
    if (kind != DirKind::future) topic.resize(std::min(topic.size(), kNameMax - rest.size()));
    return topic + rest;
}

std::string file_name(std::int64_t offset, std::string_view suffix) {
    return fmt::format("{:020}{}", offset, suffix);
}

std::optional<std::int64_t> parse_file_name(std::string_view name, std::string_view suffix) {
    if (name.size() != kOffsetDigits + suffix.size() || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    return parse_digits<std::int64_t>(name.substr(0, kOffsetDigits));
}

}  // namespace kcore::log
