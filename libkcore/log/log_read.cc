// Log, third part: reading and looking up.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "log/log.h"
#include "record/compression.h"
#include "record/scan.h"

namespace kcore::log {

namespace {
// What was appended last is in memory, as a rule.
constexpr std::uint64_t kHotTailBytes = 256 * 1024;
}  // namespace

Result<LogRead> Log::read(const ReadRange& range) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    if (range.offset < log_start_offset() || range.offset > log_end_offset()) {
        return fail(Errc::offset_out_of_range,
                    fmt::format("{}: offset {} is not within {} and {}", partition_.to_string(),
                                range.offset, log_start_offset(), log_end_offset()));
    }
    LogRead read;
    if (range.offset >= range.up_to) return read;
    if (range.max_bytes == 0 && !range.at_least_one_batch) return read;
    for (auto i = index_of(range.offset); i < segments_.size(); ++i) {
        auto& segment = *segments_[i];
        const auto found = segment.find(range.offset);
        if (!found) return storage_.failed_read(found.error());
        if (!*found) continue;  // A gap at its end: compaction leaves them.
        if ((*found)->header.base_offset >= range.up_to) return read;
        auto end = segment.size_bytes();
        if (range.up_to < segment.next_offset()) {
            const auto position = segment.position_of(range.up_to);
            if (!position) return storage_.failed_read(position.error());
            end = *position;
        }
        const auto position = (*found)->position;
        const std::size_t first = (*found)->header.size_bytes;
        auto size = std::min<std::uint64_t>(end - std::min(end, position), range.max_bytes);
        if (size < first) {
            if (!range.at_least_one_batch) return read;
            size = first;
        }
        auto file = segment.file();
        if (!file) return storage_.failed_read(file.error());
        if (position + size + kHotTailBytes < segment.size_bytes() || &segment != &active()) {
            if (auto cached = reads_.check_cached(*file, position, size); !cached) {
                return storage_.failed_read(cached.error());
            }
        }
        read.slice = {.file = std::move(*file),
                      .position = position,
                      .size_bytes = size,
                      .storage = &storage_};
        return read;
    }
    return read;
}

Result<std::vector<AbortedTransaction>> Log::aborted_transactions(std::int64_t from,
                                                                  std::int64_t to) {
    std::vector<AbortedTransaction> found;
    for (auto i = index_of(from); i < segments_.size(); ++i) {
        const auto aborted = segments_[i]->aborted();
        if (!aborted) return storage_.failed_read(aborted.error());
        for (const auto& transaction : *aborted) {
            if (transaction.last_offset >= from && transaction.first_offset < to) {
                found.push_back(transaction);
            }
            // Nothing that began below `to` was undecided any more when this one was ended.
            if (transaction.last_stable_offset >= to) return found;
        }
    }
    return found;
}

Result<std::optional<TimestampOffset>> Log::find_in_batch(Segment& segment, const BatchAt& at,
                                                          std::int64_t timestamp) {
    const auto bytes = segment.read(at);
    if (!bytes) return std::unexpected(bytes.error());
    std::optional<TimestampOffset> found;
    record::Decompressor decompressor;
    const auto walked = record::for_each_record(
        record::AnyBatch(*bytes), decompressor, [&](const record::RecordView& record) {
            if (record.timestamp < timestamp || record.offset < log_start_offset()) return true;
            found = {record.timestamp, record.offset, at.header.leader_epoch};
            return false;
        });
    if (!walked && !found) {
        return fail(Errc::corrupt_message,
                    fmt::format("{}: batch at {}: {}", partition_.to_string(),
                                at.header.base_offset, walked.error().what));
    }
    return found;
}

Result<std::optional<TimestampOffset>> Log::find_timestamp(std::size_t first_segment,
                                                           std::int64_t timestamp) {
    for (auto i = first_segment; i < segments_.size(); ++i) {
        auto& segment = *segments_[i];
        const auto largest = segment.largest_timestamp();
        if (!largest) return storage_.failed_read(largest.error());
        if (largest->timestamp < timestamp) continue;
        auto at = segment.find_timestamp(timestamp);
        while (at && *at) {
            const auto& header = (*at)->header;
            if (header.max_timestamp >= timestamp && header.last_offset >= log_start_offset()) {
                auto found = find_in_batch(segment, **at, timestamp);
                if (!found || *found) return found;
            }
            at = segment.find(header.last_offset + 1);
        }
        if (!at) return storage_.failed_read(at.error());
    }
    return std::nullopt;
}

Result<std::optional<TimestampOffset>> Log::offset_for_timestamp(std::int64_t timestamp) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    return find_timestamp(index_of(log_start_offset()), timestamp);
}

Result<std::optional<TimestampOffset>> Log::max_timestamp() {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    std::int64_t largest = -1;
    auto holder = segments_.size();
    for (auto i = index_of(log_start_offset()); i < segments_.size(); ++i) {
        const auto here = segments_[i]->largest_timestamp();
        if (!here) return storage_.failed_read(here.error());
        if (here->timestamp <= largest) continue;
        largest = here->timestamp;
        holder = i;
    }
    return find_timestamp(holder, largest);
}

}  // namespace kcore::log
