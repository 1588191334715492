#include "log/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "io/disk_error.h"
#include "log/checkpoint.h"
#include "log/names.h"

namespace kcore::log {

Log::Log(Storage& storage, TopicPartition partition, Uuid topic_id, std::string path,
         ConfigRef config)
    : storage_(storage),
      partition_(std::move(partition)),
      topic_id_(topic_id),
      path_(std::move(path)),
      config_(std::move(config)),
      marks_(std::make_shared<LogMarks>()) {}

Log::~Log() {
    cancel_compaction();
    if (pending_.in_flight) pending_.in_flight->cancel();
}

Result<void> Log::check_usable() const {
    assert(!is_closed_);
    return storage_.check_online();
}

std::int64_t Log::last_stable_offset() const {
    const auto first = producers_ ? producers_->first_undecided() : std::nullopt;
    if (!first) return high_watermark();
    return std::min(high_watermark(), std::max(*first, log_start_offset()));
}

std::int64_t Log::set_high_watermark(std::int64_t offset) {
    const auto kept = std::clamp(offset, log_start_offset(), log_end_offset());
    if (kept > high_watermark()) {
        marks_->high_watermark = kept;
        if (producers_) producers_->on_high_watermark(kept);
    }
    return high_watermark();
}

void Log::assign_epoch(std::int32_t epoch) { (void)epochs_.assign(epoch, log_end_offset()); }

EpochEnd Log::end_of_epoch(std::int32_t epoch) const {
    return epochs_.end_of(epoch, log_end_offset());
}

ProducerState& Log::producers_for_write() {
    if (!producers_) producers_ = std::make_unique<ProducerState>();
    return *producers_;
}

void Log::expire_producers(std::int64_t now_ms) {
    if (!producers_) return;
    producers_->expire(now_ms, config_->producer_id_expiration_ms);
    if (producers_->empty()) producers_.reset();
}

// An empty log that knows no producers needs none.
void Log::snapshot_producers(std::int64_t offset) {
    if (producers_) {
        pending_.snapshots[offset] = producers_->to_snapshot();
    } else if (offset > log_start_offset()) {
        pending_.snapshots[offset] = ProducerState().to_snapshot();
    }
}

std::size_t Log::index_of(std::int64_t offset) const {
    const auto above = std::ranges::upper_bound(
        segments_, offset, {}, [](const auto& segment) { return segment->base_offset(); });
    return above == segments_.begin() ? 0 : static_cast<std::size_t>(above - segments_.begin()) - 1;
}

void Log::update_marks() {
    std::uint64_t size = 0;
    for (const auto& segment : segments_) size += segment->size_bytes();
    marks_->size_bytes = size;
    marks_->first_segment_offset = segments_.front()->base_offset();
    marks_->log_end_offset = active().next_offset();
}

Result<void> Log::roll(std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return usable;
    if (active().is_empty()) return {};
    // A later segment must not survive a crash that the first one does not: the log would seem to
    // begin there.
    if (segments_.size() == 1 && recovery_point() == 0) {
        if (auto done = storage_.disk().sync_directory(path_); !done) {
            if (io::is_out_of_descriptors(done.error())) return storage_.failed(done.error());
            return storage_.failed_for_good(done.error());
        }
    }
    const auto base = log_end_offset();
    auto segment = std::make_unique<Segment>(storage_, path_, reads_, base);
    if (auto done = segment->create(*config_, now_ms); !done) {
        return storage_.failed(done.error());
    }
    // Written by the next flush: a roll only makes one file.
    snapshot_producers(base);
    pending_.is_wanted = true;
    pending_.are_names_new = true;
    segments_.push_back(std::move(segment));
    return {};
}

bool Log::is_flush_due(std::int64_t now_ms) const {
    if (pending_.in_flight || storage_.is_offline()) return false;
    if (pending_.is_wanted || pending_.messages >= config_->flush_messages) return true;
    return pending_.oldest_ms >= 0 && now_ms - pending_.oldest_ms >= config_->flush_ms;
}

bool Log::has_unflushed() const {
    return recovery_point() < log_end_offset() || pending_.is_wanted || pending_.are_names_new ||
           pending_.are_epochs_new || !pending_.snapshots.empty();
}

std::unique_ptr<FlushWork> Log::begin_flush() {
    if (pending_.in_flight || !has_unflushed() || !check_usable()) return nullptr;
    auto work = std::make_unique<FlushWork>(storage_);
    if (auto done = prepare(*work); !done) {
        (void)storage_.failed(done.error());
        return nullptr;
    }
    return work;
}

Result<void> Log::prepare(FlushWork& work) {
    if (auto done = gather(work); !done) return done;
    work.path_ = path_;
    work.up_to_ = log_end_offset();
    work.gate_ = std::make_shared<FlushGate>();
    work.snapshots_ = std::exchange(pending_.snapshots, {});
    work.are_names_new_ = pending_.are_names_new || !work.snapshots_.empty();
    if (pending_.are_epochs_new) work.epochs_ = epochs_.entries();
    pending_ = {};
    pending_.in_flight = work.gate_;
    return {};
}

// The files with something to sync, from the newest segment back.
Result<void> Log::gather(FlushWork& work) {
    for (auto at = segments_.rbegin(); at != segments_.rend(); ++at) {
        auto& segment = **at;
        const bool is_dirty = segment.next_offset() > recovery_point();
        const bool is_sealing = segment.needs_seal() && (at != segments_.rbegin() || is_closed_);
        if (!is_dirty && !is_sealing && at != segments_.rbegin()) break;
        if (is_dirty) {
            auto file = segment.file();
            if (!file) return std::unexpected(std::move(file).error());
            work.logs_.push_back(std::move(*file));
        }
        if (!is_sealing) continue;
        auto parts = segment.seal();
        if (!parts) return std::unexpected(std::move(parts).error());
        std::ranges::move(*parts, std::back_inserter(work.sealed_));
        work.sealed_bases_.push_back(segment.base_offset());
    }
    // Files of a segment's indexes come to be only now.
    if (!work.sealed_.empty()) pending_.are_names_new = true;
    return {};
}

bool Log::finish_flush(const FlushWork& work) {
    if (pending_.in_flight != work.gate_) return false;
    pending_.in_flight.reset();
    if (!work.result_) {
        pending_.snapshots.insert(work.snapshots_.begin(), work.snapshots_.end());
        pending_.are_names_new |= work.are_names_new_;
        pending_.are_epochs_new |= work.epochs_.has_value();
        pending_.is_wanted |= !work.sealed_bases_.empty();
        return true;
    }
    for (const auto base : work.sealed_bases_) {
        auto& segment = *segments_[index_of(base)];
        if (segment.base_offset() == base) segment.sealed();
    }
    marks_->recovery_point = std::max(recovery_point(), work.up_to_);
    for (const auto& [offset, bytes] : work.snapshots_) snapshots_.push_back(offset);
    if (!work.snapshots_.empty()) prune_snapshots();
    return true;
}

bool Log::is_segment_base(std::int64_t offset) const {
    return segments_[index_of(offset)]->base_offset() == offset;
}

// Kept: the newest one, and the one at each segment's base.
void Log::prune_snapshots() {
    std::ranges::sort(snapshots_);
    const auto newest = snapshots_.empty() ? -1 : snapshots_.back();
    std::erase_if(snapshots_, [&](std::int64_t offset) {
        if (offset == newest || is_segment_base(offset)) return false;
        const auto where = path_ + "/" + file_name(offset, kSnapshotSuffix);
        if (const auto done = storage_.disk().remove(where); !done) {
            (void)storage_.failed(done.error());
        }
        return true;
    });
}

void Log::release() {
    for (auto& segment : segments_) {
        if (const auto done = segment->release(); !done) (void)storage_.failed(done.error());
    }
}

Result<void> Log::close(std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return usable;
    assert(!pending_.in_flight);
    cancel_compaction();
    expire_producers(now_ms);
    const auto end = log_end_offset();
    // What never held a record is made anew should it not survive: no sync for it.
    if (end == 0 && !producers_) {
        is_closed_ = true;
        release();
        return storage_.check_online();
    }
    const bool is_new = snapshots_.empty() || snapshots_.back() < end;
    if (is_new && !pending_.snapshots.contains(end)) snapshot_producers(end);
    pending_.is_wanted = active().needs_seal() || pending_.is_wanted;
    is_closed_ = true;
    if (has_unflushed()) {
        FlushWork work(storage_);
        if (auto done = prepare(work); !done) return storage_.failed(done.error());
        work.run();
        finish_flush(work);
        if (!work.result_) return work.result_;
    }
    release();
    return storage_.check_online();
}

}  // namespace kcore::log
