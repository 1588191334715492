#include "log/epoch_cache.h"

#include <algorithm>

namespace kcore::log {

std::optional<std::int32_t> EpochCache::latest() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.back().epoch;
}

std::optional<std::int32_t> EpochCache::epoch_at(std::int64_t offset) const {
    const auto above = std::ranges::upper_bound(entries_, offset, {}, &EpochEntry::start_offset);
    if (above == entries_.begin()) return std::nullopt;
    return std::prev(above)->epoch;
}

bool EpochCache::assign(std::int32_t epoch, std::int64_t start_offset) {
    if (epoch < 0) return false;
    if (!entries_.empty()) {
        const auto& last = entries_.back();
        if (last.epoch == epoch && last.start_offset <= start_offset) return false;
    }
    std::erase_if(entries_, [&](const EpochEntry& entry) {
        return entry.epoch >= epoch || entry.start_offset >= start_offset;
    });
    entries_.push_back({epoch, start_offset});
    return true;
}

EpochEnd EpochCache::end_of(std::int32_t epoch, std::int64_t log_end) const {
    if (entries_.empty() || epoch < 0 || epoch > entries_.back().epoch) return {};
    if (epoch == entries_.back().epoch) return {epoch, log_end};
    const auto above = std::ranges::upper_bound(entries_, epoch, {}, &EpochEntry::epoch);
    // Below all that are known: whoever asks shares nothing with this log from here on.
    if (above == entries_.begin()) return {epoch, above->start_offset};
    return {std::prev(above)->epoch, above->start_offset};
}

bool EpochCache::truncate_from_end(std::int64_t offset) {
    return std::erase_if(entries_, [offset](const EpochEntry& entry) {
               return entry.start_offset >= offset;
           }) > 0;
}

bool EpochCache::truncate_from_start(std::int64_t offset) {
    const auto above = std::ranges::upper_bound(entries_, offset, {}, &EpochEntry::start_offset);
    if (above == entries_.begin()) return false;
    const auto holder = std::prev(above);
    if (holder == entries_.begin() && holder->start_offset == offset) return false;
    holder->start_offset = offset;
    entries_.erase(entries_.begin(), holder);
    return true;
}

}  // namespace kcore::log
