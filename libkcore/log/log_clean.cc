// Log, fifth part: retention, and what compaction asks of a log.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "log/log.h"
#include "log/names.h"

namespace kcore::log {

namespace {
// Renames of so many under one hold of the mutex.
constexpr std::size_t kSegmentsAtOnce = 32;
}  // namespace

std::size_t Log::count_below_start() const {
    std::size_t count = 0;
    while (count + 1 < segments_.size() &&
           segments_[count + 1]->base_offset() <= log_start_offset()) {
        ++count;
    }
    return count;
}

Result<void> Log::set_log_start_offset(std::int64_t offset) {
    if (auto usable = check_usable(); !usable) return usable;
    if (offset > high_watermark()) {
        return fail(Errc::offset_out_of_range,
                    fmt::format("{}: log start {} above high watermark {}", partition_.to_string(),
                                offset, high_watermark()));
    }
    if (offset <= log_start_offset()) return {};
    marks_->log_start_offset = offset;
    if (epochs_.truncate_from_start(offset)) pending_.are_epochs_new = true;
    if (producers_) producers_->on_log_start(offset);
    const auto first = segments_[count_below_start()]->base_offset();
    marks_->recovery_point = std::max(recovery_point(), first);
    return {};
}

// How many from the first on are to go. Only what is committed goes, and an empty last segment
// stays.
Result<std::size_t> Log::count_expired(std::int64_t now_ms) {
    auto count = count_below_start();
    if (!config_->is_deleted) return count;
    const auto limit = active().is_empty() ? segments_.size() - 1 : segments_.size();
    if (config_->retention_bytes >= 0) {
        auto size = size_bytes();
        for (std::size_t i = 0; i < count; ++i) size -= segments_[i]->size_bytes();
        const auto keep = static_cast<std::uint64_t>(config_->retention_bytes);
        while (count < limit && size >= keep + segments_[count]->size_bytes()) {
            size -= segments_[count++]->size_bytes();
        }
    }
    for (; config_->retention_ms >= 0 && count < limit; ++count) {
        const auto largest = segments_[count]->largest_timestamp();
        if (!largest) return storage_.failed_read(largest.error());
        const auto newest =
            largest->timestamp >= 0 ? largest->timestamp : segments_[count]->created_ms();
        if (now_ms - newest <= config_->retention_ms) break;
    }
    while (count > 0 && segments_[count - 1]->next_offset() > high_watermark()) --count;
    return count;
}

Result<bool> Log::expire_segments(std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    const auto count = count_expired(now_ms);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return false;
    if (*count == segments_.size()) {
        if (auto done = roll(now_ms); !done) return std::unexpected(std::move(done).error());
    }
    const auto start = segments_[*count]->base_offset();
    if (auto done = set_log_start_offset(start); !done) {
        return std::unexpected(std::move(done).error());
    }
    return true;
}

// The names are made durable by the next flush: what comes back after a crash is below log start.
Result<std::size_t> Log::drop_old_segments(std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    const auto count = std::min(count_below_start(), kSegmentsAtOnce);
    if (count == 0) return count;
    for (std::size_t i = 0; i < count; ++i) {
        auto done = segments_[i]->remove(now_ms + config_->file_delete_delay_ms);
        if (!done) return storage_.failed_for_good(done.error());
    }
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
    pending_.are_names_new = true;
    pending_.is_wanted = true;
    update_marks();
    prune_snapshots();
    return count;
}

// Whole segments that are synced and decided: nothing in them will be read by a recovery, or turn
// out to have been aborted.
Result<Cleanable> Log::cleanable(std::int64_t cleaned_to, std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable).error());
    const bool is_inside = cleaned_to >= log_start_offset() && cleaned_to <= log_end_offset();
    Cleanable found;
    found.first_dirty = is_inside ? cleaned_to : log_start_offset();
    if (is_compaction_paused_) return found;
    const auto limit = std::min(last_stable_offset(), recovery_point());
    const bool has_max_lag = config_->max_compaction_lag_ms != kForever;
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
        auto& segment = *segments_[i];
        const auto end = segments_[i + 1]->base_offset();
        if (end > limit || segment.needs_seal()) break;
        const bool is_dirty = end > found.first_dirty;
        if (is_dirty && config_->min_compaction_lag_ms > 0) {
            const auto largest = segment.largest_timestamp();
            if (!largest) return storage_.failed_read(largest.error());
            if (largest->timestamp > now_ms - config_->min_compaction_lag_ms) break;
        }
        if (is_dirty && has_max_lag) {
            const auto first = segment.first_timestamp();
            if (!first) return storage_.failed_read(first.error());
            found.is_overdue |= *first >= 0 && now_ms - *first > config_->max_compaction_lag_ms;
        }
        (is_dirty ? found.dirty_bytes : found.clean_bytes) += segment.size_bytes();
        found.segments.push_back({segment.base_offset(), end, segment.size_bytes()});
    }
    return found;
}

std::vector<CleanSource> Log::closed_segments() const {
    std::vector<CleanSource> closed;
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
        const auto& segment = *segments_[i];
        closed.push_back(
            {segment.base_offset(), segments_[i + 1]->base_offset(), segment.size_bytes()});
    }
    return closed;
}

Result<CompactionInput> Log::begin_compaction(Cleanable range) {
    cancel_compaction();
    for (const auto& segment : segments_) {
        // Of one that was cancelled at that moment.
        if (auto done = segment->rename_to(""); !done) {
            return storage_.failed_for_good(done.error());
        }
    }
    CompactionInput input;
    if (!range.segments.empty()) {
        auto aborted = aborted_transactions(range.segments.front().base_offset,
                                            range.segments.back().end_offset);
        if (!aborted) return std::unexpected(std::move(aborted).error());
        input.aborted = *std::move(aborted);
        std::ranges::sort(input.aborted, {}, &AbortedTransaction::first_offset);
    }
    if (producers_) {
        for (const auto& [id, producer] : producers_->producers()) {
            const auto* last = producer.last_batch();
            input.producers[id] = {.data_offset = last != nullptr ? last->last_offset : -1,
                                   .epoch = producer.epoch};
        }
    }
    compacting_ = std::make_shared<FlushGate>();
    input.path = path_;
    input.config = config_;
    input.gate = compacting_;
    input.range = std::move(range);
    return input;
}

void Log::cancel_compaction() {
    if (compacting_) compacting_->cancel();
    compacting_.reset();
}

void Log::pause_compaction(bool is_paused) {
    is_compaction_paused_ = is_paused;
    if (is_paused) cancel_compaction();
}

Result<void> Log::replace_segments(const Replacement& with, std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return usable;
    if (with.gate != compacting_)
        return fail(Errc::invalid_request, "the compaction was cancelled");
    const auto first = index_of(with.base_offset);
    const auto last = index_of(with.end_offset);
    auto output = std::make_unique<Segment>(storage_, path_, reads_, with.base_offset);
    output->adopt(with.size_bytes, with.end_offset, now_ms);
    output->set_name_ending(kSwapSuffix);
    const bool are_there = segments_[first]->base_offset() == with.base_offset &&
                           segments_[last]->base_offset() == with.end_offset;
    if (!are_there) {
        if (auto done = output->remove(now_ms); !done)
            return storage_.failed_for_good(done.error());
        return fail(Errc::invalid_request, "some of the segments are gone");
    }
    for (auto i = first; i < last; ++i) {
        auto done = segments_[i]->remove(now_ms + config_->file_delete_delay_ms);
        if (!done) return storage_.failed_for_good(done.error());
    }
    segments_[first] = std::move(output);
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                    segments_.begin() + static_cast<std::ptrdiff_t>(last));
    update_marks();
    prune_snapshots();
    return {};
}

// A file of a segment that is gone again meanwhile is on its way out under another name.
Result<void> Log::name_replacement(const Replacement& with) {
    if (auto usable = check_usable(); !usable) return usable;
    auto& segment = *segments_[index_of(with.base_offset)];
    if (with.gate != compacting_ || segment.base_offset() != with.base_offset) {
        return fail(Errc::invalid_request, "the compaction was cancelled");
    }
    if (auto done = segment.rename_to(""); !done) return storage_.failed_for_good(done.error());
    pending_.are_names_new = true;
    pending_.is_wanted = true;
    return {};
}

}  // namespace kcore::log
