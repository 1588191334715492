// Loader, second part: after a crash.

#include <fmt/format.h>

#include <utility>

#include "log/loader.h"
#include "log/names.h"

namespace kcore::log {

// Every segment from the one that holds the recovery point on. Producer state begins as it was
// there, from snapshots and the segments before.
Result<void> Loader::recover() {
    auto& segments = log_->segments_;
    const auto first = log_->index_of(from_.recovery_point);
    const auto base = segments[first]->base_offset();

    std::vector<std::unique_ptr<Segment>> rest;
    std::move(segments.begin() + static_cast<std::ptrdiff_t>(first), segments.end(),
              std::back_inserter(rest));
    segments.resize(first);
    auto later = log_->snapshots_;
    std::erase_if(later, [base](std::int64_t offset) { return offset <= base; });
    std::erase_if(log_->snapshots_, [base](std::int64_t offset) { return offset > base; });
    if (auto done = log_->rebuild_producers(now_ms_); !done) return done;
    std::ranges::move(rest, std::back_inserter(segments));
    std::ranges::copy(later, std::back_inserter(log_->snapshots_));

    for (auto i = first; i < segments.size(); ++i) {
        if (i > first && !follows(i)) {
            return drop_from(
                i, fmt::format("it does not follow offset {}", segments[i - 1]->next_offset()));
        }
        if (i > first) log_->snapshot_producers(segments[i]->base_offset());
        const auto goes_on = recover_segment(i);
        if (!goes_on) return std::unexpected(goes_on.error());
        if (!*goes_on) return drop_from(i + 1, "the segment before it is cut off");
    }
    return {};
}

// The offsets of a segment go on where the one before it ends; compaction leaves gaps.
bool Loader::follows(std::size_t index) const {
    const auto end = log_->segments_[index - 1]->next_offset();
    const auto base = log_->segments_[index]->base_offset();
    return base == end ||
           (base > end && (log_->config_->is_compacted || end < from_.recovery_point));
}

// False when its tail was cut off.
Result<bool> Loader::recover_segment(std::size_t index) {
    auto& segment = *log_->segments_[index];
    const auto end = rescan(segment, true);
    if (!end) return std::unexpected(end.error());
    if (end->is_whole) return true;

    const auto where = segment.path(kLogSuffix);
    // Whatever was lost was never synced; below the recovery point nothing may be missing. Where
    // acknowledgments wait for flushes, what is whole behind it may be flushed: zeros are no
    // excuse.
    const bool may_be_flushed = log_->config_->flush_messages != kForever;
    const bool is_excused =
        end->looks_torn && !may_be_flushed && end->next_offset >= from_.recovery_point;
    if (!is_excused) {
        auto behind = end->valid_at.has_value();
        if (!behind) {
            const auto later = is_valid_behind(index + 1, end->next_offset);
            if (!later) return std::unexpected(later.error());
            behind = *later;
        }
        if (behind) {
            return fail(Errc::corrupt_message,
                        fmt::format("{}: {}, and valid batches follow: this is damage, not an "
                                    "unfinished write; the partition stays offline",
                                    where, end->what));
        }
    }
    const auto file = segment.file();
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    storage_.logger().warn("cut off a torn tail path={} from={} bytes={} because=\"{}\"", where,
                           end->position, *size - end->position, end->what);
    if (auto done = (*file)->truncate(end->position); !done) {
        return std::unexpected(std::move(done).error());
    }
    if (auto done = (*file)->sync(); !done) return std::unexpected(std::move(done).error());
    return false;
}

Result<bool> Loader::is_valid_behind(std::size_t index, std::int64_t offset) {
    for (auto i = index; i < log_->segments_.size(); ++i) {
        const auto file = log_->segments_[i]->file();
        if (!file) return std::unexpected(file.error());
        const auto found = find_valid_batch(**file, 0, offset);
        if (!found) return std::unexpected(found.error());
        if (*found) return true;
    }
    return false;
}

Result<void> Loader::drop_from(std::size_t index, const std::string& why) {
    auto& segments = log_->segments_;
    while (segments.size() > index) {
        auto& segment = *segments.back();
        storage_.logger().warn("segment dropped path={} bytes={} because=\"{}\"",
                               segment.path(kLogSuffix), segment.size_bytes(), why);
        log_->pending_.snapshots.erase(segment.base_offset());
        if (auto done = segment.remove(now_ms_); !done) return done;
        segments.pop_back();
        is_changed_ = true;
    }
    if (auto done = storage_.disk().sync_directory(log_->path_); !done) return done;
    return {};
}

}  // namespace kcore::log
