// Log, fourth part: cutting off its end or its beginning, and what has to be redone then.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "log/checkpoint.h"
#include "log/header_walk.h"
#include "log/log.h"
#include "log/names.h"

namespace kcore::log {

namespace {

// Where recall_batches() looks: clients give up after two minutes, or five, and have no more than
// five requests under way, of which larger ones are rare.
constexpr std::uint64_t kRecalledBytes = 1 << 20;
constexpr std::int64_t kRepeatedMs = 15 * 60'000;

// What clients may still repeat: the last five batches of each producer, of which a snapshot, as
// Apache Kafka's, has the newest. They stand in the log's tail, whose headers are read; what is
// older is refused as out of order, as it is there. Damage is not this reader's to judge.
Result<void> recall_batches(std::span<const std::unique_ptr<Segment>> segments, std::int64_t now_ms,
                            ProducerState& state) {
    if (segments.empty() || !state.is_any_since(now_ms - kRepeatedMs)) return {};
    auto first = segments.size();
    std::uint64_t bytes = 0;
    while (first > 0 && bytes < kRecalledBytes) bytes += segments[--first]->size_bytes();
    ProducerState recent;
    for (auto i = first; i < segments.size(); ++i) {
        auto& segment = *segments[i];
        if (segment.is_empty()) continue;
        const auto skipped = i == first ? bytes - std::min(bytes, kRecalledBytes) : 0;
        const auto from = segment.indexed_position(skipped);
        if (!from) return std::unexpected(from.error());
        const auto file = segment.file();
        if (!file) return std::unexpected(file.error());
        for (HeaderWalk walk(**file, *from, segment.size_bytes());;) {
            const auto at = walk.next();
            if (!at && at.error().code != Errc::corrupt_message) {
                return std::unexpected(at.error());
            }
            if (!at) return {};
            if (!*at) break;
            if (!(*at)->header.is_control()) recent.add((*at)->header);
        }
    }
    state.recall(recent);
    return {};
}

}  // namespace

// Of segments_[first, last), with the names made durable: they must not come back after a crash
// beside what is appended next.
Result<void> Log::drop_segments(std::size_t first, std::size_t last, std::int64_t now_ms) {
    if (first == last) return {};
    for (auto i = first; i < last; ++i) {
        auto done = segments_[i]->remove(now_ms + config_->file_delete_delay_ms);
        if (!done) return storage_.failed_for_good(done.error());
    }
    const auto begin = segments_.begin();
    segments_.erase(begin + static_cast<std::ptrdiff_t>(first),
                    begin + static_cast<std::ptrdiff_t>(last));
    if (auto done = storage_.disk().sync_directory(path_); !done) {
        return storage_.failed_for_good(done.error());
    }
    return {};
}

// Durably, before anything is cut: a crash in between must not find a recovery point above what is
// left, or it would take the holes for what compaction leaves.
Result<void> Log::lower_recovery_point(std::int64_t offset) {
    if (recovery_point() <= offset) return {};
    marks_->recovery_point = offset;
    return storage_.recovery_point_fell();
}

// Epochs, snapshots, producers, marks: nothing may speak of offsets from `end` on. Snapshots go
// from above `snapshot_end`.
Result<void> Log::cut_metadata(std::int64_t end, std::int64_t snapshot_end, std::int64_t now_ms) {
    marks_->high_watermark = std::min(high_watermark(), end);
    update_marks();
    if (epochs_.truncate_from_end(end)) {
        const auto done = replace_file(storage_.disk(), path_ + "/" + std::string(kEpochCheckpoint),
                                       as_bytes(format_epochs(epochs_.entries())));
        if (!done) return storage_.failed_for_good(done.error());
    }
    std::erase_if(pending_.snapshots,
                  [=](const auto& entry) { return entry.first > snapshot_end; });
    // From the disk's own list: a flush that was cancelled may have left one that nobody noted.
    const auto entries = storage_.disk().list(path_);
    if (!entries) return storage_.failed_for_good(entries.error());
    for (const auto& entry : *entries) {
        const auto offset = parse_file_name(entry.name, kSnapshotSuffix);
        if (!offset || *offset <= snapshot_end) continue;
        if (auto done = storage_.disk().remove(path_ + "/" + entry.name); !done) {
            return storage_.failed_for_good(done.error());
        }
    }
    std::erase_if(snapshots_, [=](std::int64_t offset) { return offset > snapshot_end; });
    if (auto done = lower_recovery_point(end); !done) return done;
    return rebuild_producers(now_ms);
}

Result<void> Log::truncate_to(std::int64_t offset, std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return usable;
    if (offset >= log_end_offset()) return {};
    if (offset < log_start_offset() || offset < segments_.front()->base_offset()) {
        return truncate_fully_and_start_at(offset, now_ms);
    }
    cancel_compaction();
    if (pending_.in_flight) pending_.in_flight->cancel();
    pending_.in_flight.reset();
    if (auto done = lower_recovery_point(offset); !done) return done;
    const auto keep = index_of(offset);
    if (auto done = drop_segments(keep + 1, segments_.size(), now_ms); !done) return done;
    if (auto done = active().truncate_to(offset); !done) {
        return storage_.failed_for_good(done.error());
    }
    const auto end = active().next_offset();
    return cut_metadata(end, end, now_ms);
}

Result<void> Log::truncate_fully_and_start_at(std::int64_t offset, std::int64_t now_ms) {
    if (auto usable = check_usable(); !usable) return usable;
    cancel_compaction();
    if (pending_.in_flight) pending_.in_flight->cancel();
    pending_ = {};
    if (auto done = lower_recovery_point(segments_.front()->base_offset()); !done) return done;
    auto fresh = std::make_unique<Segment>(storage_, path_, reads_, offset);
    const auto old_count = segments_.size();
    if (auto done = drop_segments(0, old_count, now_ms); !done) return done;
    segments_.push_back(std::move(fresh));
    if (auto done = active().create(*config_, now_ms); !done) {
        return storage_.failed_for_good(done.error());
    }
    if (auto done = storage_.disk().sync_directory(path_); !done) {
        return storage_.failed_for_good(done.error());
    }
    marks_->log_start_offset = offset;
    marks_->high_watermark = offset;
    marks_->recovery_point = offset;
    epochs_ = EpochCache();
    pending_.are_epochs_new = true;
    // None of the old history's snapshots is worth keeping, also not those below.
    return cut_metadata(offset, -1, now_ms);
}

// Batches of one segment from offset `from` on.
Result<void> Log::replay(Segment& segment, std::int64_t from, ProducerState& state) {
    const auto position = segment.position_of(from);
    if (!position) return std::unexpected(position.error());
    const auto file = segment.file();
    if (!file) return std::unexpected(file.error());
    HeaderWalk walk(**file, *position, segment.size_bytes());
    for (;;) {
        const auto at = walk.next();
        if (!at) return std::unexpected(at.error());
        if (!*at) return {};
        const auto& header = (*at)->header;
        if (header.producer_id < 0) continue;
        if (!header.is_control()) {
            state.add(header);
            continue;
        }
        const auto bytes = segment.read(**at);
        if (!bytes) return std::unexpected(bytes.error());
        const auto marker = read_marker(*bytes);
        if (!marker) return std::unexpected(marker.error());
        if (marker->type != MarkerType::other) (void)state.add_marker(header, *marker);
    }
}

Result<void> Log::rebuild_producers(std::int64_t now_ms) {
    ProducerState state;
    auto from = log_start_offset();
    while (!snapshots_.empty()) {
        const auto offset = snapshots_.back();
        const auto path = path_ + "/" + file_name(offset, kSnapshotSuffix);
        const auto bytes = read_file(storage_.disk(), path);
        if (!bytes) return storage_.failed_for_good(bytes.error());
        auto read = ProducerState::from_snapshot(*bytes ? BytesView(**bytes) : BytesView());
        if (read) {
            state = std::move(*read);
            from = offset;
            break;
        }
        storage_.logger().warn("producer snapshot dropped path={} error=\"{}\"", path,
                               read.error().what);
        if (auto done = storage_.disk().remove(path); !done) {
            return storage_.failed_for_good(done.error());
        }
        snapshots_.pop_back();
    }
    for (auto i = index_of(from); i < segments_.size(); ++i) {
        if (segments_[i]->next_offset() <= from) continue;
        if (auto done = replay(*segments_[i], from, state); !done) {
            return fail(done.error().code, fmt::format("{}: {}", path_, done.error().what));
        }
    }
    if (auto done = recall_batches(segments_, now_ms, state); !done) return done;
    state.expire(now_ms, config_->producer_id_expiration_ms);
    state.on_high_watermark(high_watermark());
    producers_ = state.empty() ? nullptr : std::make_unique<ProducerState>(std::move(state));
    return {};
}

}  // namespace kcore::log
