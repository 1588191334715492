#include "log/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "log/checkpoint.h"
#include "log/header_walk.h"
#include "log/names.h"

namespace kcore::log {

namespace {

// The base offset in front of any of a segment's suffixes followed by `ending`.
std::optional<std::int64_t> segment_base(std::string_view name, std::string_view ending) {
    for (const auto suffix : kSegmentSuffixes) {
        if (auto base = parse_file_name(name, fmt::format("{}{}", suffix, ending))) return base;
    }
    return std::nullopt;
}

}  // namespace

Loader::Loader(Storage& storage, LoadWhat what, LoadFrom from, std::int64_t now_ms)
    : storage_(storage),
      from_(from),
      now_ms_(now_ms),
      log_(new Log(storage, std::move(what.partition), what.topic_id, std::move(what.path),
                   std::move(what.config))) {}

Result<std::unique_ptr<Log>> Loader::load(std::uint64_t recover_bytes_max) {
    const auto take = [this](std::initializer_list<Step> steps) -> Result<void> {
        for (const auto step : steps) {
            if (auto done = (this->*step)(); !done) return storage_.failed_read(done.error());
        }
        return {};
    };
    auto done = take(
        {&Loader::list, &Loader::remove_leftovers, &Loader::finish_swaps, &Loader::find_segments});
    if (done && bytes_to_recover() > recover_bytes_max) return nullptr;
    if (done) done = take({&Loader::read_epochs, &Loader::open_segments, &Loader::settle});
    if (!done) return std::unexpected(std::move(done).error());
    return std::move(log_);
}

std::uint64_t Loader::bytes_to_recover() const {
    if (from_.is_clean || log_->segments_.empty()) return 0;
    std::uint64_t bytes = 0;
    for (auto i = log_->index_of(from_.recovery_point); i < log_->segments_.size(); ++i) {
        bytes += files_.at(file_name(log_->segments_[i]->base_offset(), kLogSuffix));
    }
    return bytes;
}

Result<void> Loader::list() {
    const auto entries = storage_.disk().list(log_->path_);
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        if (!entry.is_directory) files_[entry.name] = entry.size_bytes;
    }
    return {};
}

Result<void> Loader::remove(const std::string& name) {
    if (auto done = storage_.disk().remove(log_->path_ + "/" + name); !done) return done;
    files_.erase(name);
    is_changed_ = true;
    return {};
}

Result<void> Loader::remove_leftovers() {
    auto first_cleaned = std::numeric_limits<std::int64_t>::max();
    for (const auto& [name, size] : files_) {
        if (const auto base = segment_base(name, kCleanedSuffix)) {
            first_cleaned = std::min(first_cleaned, *base);
        }
    }
    std::vector<std::string> doomed;
    for (const auto& [name, size] : files_) {
        const bool is_deleted =
            name.ends_with(kDeletedSuffix) && !name.ends_with(".checkpoint.deleted");
        // Above an unfinished output, swap files are of a split that was not finished either.
        const auto swap = segment_base(name, kSwapSuffix);
        if (is_deleted || name.ends_with(kCleanedSuffix) || (swap && *swap >= first_cleaned)) {
            doomed.push_back(name);
        }
    }
    for (const auto& name : doomed) {
        if (auto done = remove(name); !done) return done;
    }
    return {};
}

Result<void> Loader::finish_swaps() {
    auto first = std::numeric_limits<std::int64_t>::max();
    std::int64_t end = -1;
    std::vector<std::string> swaps;
    for (const auto& [name, size] : files_) {
        const auto base = segment_base(name, kSwapSuffix);
        if (!base) continue;
        swaps.push_back(name);
        first = std::min(first, *base);
        if (!name.starts_with(file_name(*base, kLogSuffix))) continue;
        end = std::max(end, *base);
        auto file = storage_.disk().open(log_->path_ + "/" + name, io::Open::read);
        if (!file) return std::unexpected(std::move(file).error());
        for (HeaderWalk walk(**file, 0, size);;) {
            const auto at = walk.next();
            if (!at) return std::unexpected(at.error());
            if (!*at) break;
            end = std::max(end, (*at)->header.last_offset + 1);
        }
    }
    std::vector<std::string> replaced;
    for (const auto& [name, size] : files_) {
        const auto base = segment_base(name, "");
        if (base && *base >= first && *base < end) replaced.push_back(name);
    }
    for (const auto& name : replaced) {
        if (auto done = remove(name); !done) return done;
    }
    for (const auto& name : swaps) {
        const auto plain = name.substr(0, name.size() - kSwapSuffix.size());
        auto done = storage_.disk().rename(log_->path_ + "/" + name, log_->path_ + "/" + plain);
        if (!done) return done;
        files_[plain] = files_[name];
        files_.erase(name);
        is_changed_ = true;
    }
    return {};
}

Result<void> Loader::find_segments() {
    std::vector<std::string> orphans;
    for (const auto& [name, size] : files_) {
        if (const auto base = parse_file_name(name, kLogSuffix)) {
            log_->segments_.push_back(
                std::make_unique<Segment>(storage_, log_->path_, log_->reads_, *base));
            const auto by_offset = files_.find(file_name(*base, kIndexSuffix));
            const auto by_time = files_.find(file_name(*base, kTimeIndexSuffix));
            // An empty segment needs none.
            const bool is_bad = by_offset == files_.end() || by_offset->second % 8 != 0 ||
                                by_time == files_.end() || by_time->second % 12 != 0;
            if (is_bad && size > 0) bad_indexes_.insert(*base);
        } else if (const auto owner = segment_base(name, "");
                   owner && !files_.contains(file_name(*owner, kLogSuffix))) {
            orphans.push_back(name);
        } else if (const auto offset = parse_file_name(name, kSnapshotSuffix)) {
            log_->snapshots_.push_back(*offset);
        }
    }
    for (const auto& name : orphans) {
        if (auto done = remove(name); !done) return done;
    }
    return {};
}

Result<void> Loader::read_epochs() {
    const auto path = log_->path_ + "/" + std::string(kEpochCheckpoint);
    const auto bytes = read_file(storage_.disk(), path);
    if (!bytes) return std::unexpected(bytes.error());
    auto entries = parse_epochs(*bytes ? as_text(**bytes) : std::string_view());
    if (entries) {
        for (const auto& entry : *entries) log_->epochs_.assign(entry.epoch, entry.start_offset);
        return {};
    }
    if (*bytes) {
        storage_.logger().warn("leader epochs are read from the batches path={} error=\"{}\"", path,
                               entries.error().what);
    }
    log_->pending_.are_epochs_new = true;
    return walk_epochs();
}

Result<void> Loader::walk_epochs() {
    for (auto& segment : log_->segments_) {
        const auto file = segment->file();
        if (!file) return std::unexpected(file.error());
        HeaderWalk walk(**file, 0, files_[file_name(segment->base_offset(), kLogSuffix)]);
        for (;;) {
            const auto at = walk.next();
            // Damage is found, and judged, by whoever needs the batch.
            if (!at || !*at) break;
            const auto& header = (*at)->header;
            if (header.leader_epoch > log_->epochs_.latest().value_or(-1)) {
                log_->epochs_.assign(header.leader_epoch, header.base_offset);
            }
        }
    }
    return {};
}

Result<void> Loader::open_segments() {
    auto& segments = log_->segments_;
    if (segments.empty()) {
        segments.push_back(
            std::make_unique<Segment>(storage_, log_->path_, log_->reads_, from_.log_start_offset));
        is_changed_ = true;
        return segments.back()->create(*log_->config_, now_ms_);
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto size = files_[file_name(segments[i]->base_offset(), kLogSuffix)];
        const auto next =
            i + 1 < segments.size() ? segments[i + 1]->base_offset() : segments[i]->base_offset();
        segments[i]->adopt(size, next, now_ms_);
    }
    log_->marks_->log_start_offset =
        std::max(from_.log_start_offset, segments.front()->base_offset());
    const auto first_recovered =
        from_.is_clean ? segments.size() - 1 : log_->index_of(from_.recovery_point);
    for (std::size_t i = 0; i < first_recovered; ++i) {
        if (!bad_indexes_.contains(segments[i]->base_offset())) continue;
        if (auto done = rebuild_indexes(*segments[i]); !done) return done;
    }
    if (!from_.is_clean) return recover();
    if (bad_indexes_.contains(segments.back()->base_offset())) {
        return rebuild_indexes(*segments.back());
    }
    return trust(segments.size() - 1);
}

// The last segment of a cleanly closed log: its end is where its batches end.
Result<void> Loader::trust(std::size_t index) {
    auto& segment = *log_->segments_[index];
    if (segment.is_empty()) return {};
    const auto size = segment.size_bytes();
    const auto from = segment.last_indexed_position();
    if (!from) return std::unexpected(from.error());
    const auto file = segment.file();
    if (!file) return std::unexpected(file.error());
    HeaderWalk walk(**file, *from, size);
    auto next_offset = segment.base_offset();
    for (;;) {
        const auto at = walk.next();
        if (!at) return fail(at.error().code, segment.path(kLogSuffix) + ": " + at.error().what);
        if (!*at) break;
        next_offset = (*at)->header.last_offset + 1;
    }
    segment.adopt(walk.position(), next_offset, now_ms_);
    if (walk.position() == size) return {};
    storage_.logger().warn("cut off the beginning of a batch path={} bytes={}",
                           segment.path(kLogSuffix), size - walk.position());
    if (auto done = (*file)->truncate(walk.position()); !done) return done;
    return (*file)->sync();
}

// A segment that is trusted but for its indexes.
Result<void> Loader::rebuild_indexes(Segment& segment) {
    const auto next = segment.next_offset();
    const auto end = rescan(segment, false);
    if (!end) return std::unexpected(end.error());
    if (!end->is_whole) {
        return fail(Errc::corrupt_message, segment.path(kLogSuffix) + ": " + end->what);
    }
    segment.adopt_end(std::max(next, segment.next_offset()));
    log_->pending_.is_wanted = true;
    return {};
}

// From the first byte to the first batch that is not right, indexes and, if asked for, producer
// state anew.
Result<ScanEnd> Loader::rescan(Segment& segment, bool with_producers) {
    const auto file = segment.file();
    if (!file) return std::unexpected(file.error());
    if (auto done = segment.reset(with_producers); !done) return std::unexpected(done.error());
    const auto visit = [&](const BatchHeader& header, BytesView bytes) -> Result<void> {
        if (header.last_offset - segment.base_offset() > std::numeric_limits<std::int32_t>::max()) {
            return fail(Errc::corrupt_message,
                        fmt::format("{}: offset {} does not fit this segment: it is damaged, or "
                                    "of a broker before 2.0, which this one cannot split; the "
                                    "partition stays offline",
                                    segment.path(kLogSuffix), header.last_offset));
        }
        segment.added(header, *log_->config_);
        if (!with_producers) return {};
        if (header.leader_epoch > log_->epochs_.latest().value_or(-1)) {
            log_->pending_.are_epochs_new |=
                log_->epochs_.assign(header.leader_epoch, header.base_offset);
        }
        std::optional<Marker> marker;
        if (header.magic == 2 && header.is_control() && header.producer_id >= 0) {
            const auto read = read_marker(bytes);
            if (!read) return std::unexpected(read.error());
            if (read->type != MarkerType::other) marker = *read;
        }
        log_->update_producers(segment, header, marker);
        return {};
    };
    return scan_batches(**file, segment.base_offset(), visit);
}

Result<void> Loader::settle() {
    auto& log = *log_;
    auto& marks = *log.marks_;
    log.update_marks();
    if (marks.log_end_offset < from_.log_start_offset) {
        storage_.logger().warn("log end is below log start, starting empty path={} end={} start={}",
                               log.path_, log.log_end_offset(), from_.log_start_offset);
        return log.truncate_fully_and_start_at(from_.log_start_offset, now_ms_);
    }
    marks.log_start_offset = std::max(from_.log_start_offset, log.segments_.front()->base_offset());
    marks.high_watermark =
        std::clamp(from_.high_watermark, log.log_start_offset(), log.log_end_offset());
    marks.recovery_point = from_.is_clean ? log.log_end_offset()
                                          : std::min(from_.recovery_point, log.log_end_offset());
    log.pending_.are_epochs_new |= log.epochs_.truncate_from_start(log.log_start_offset());
    log.pending_.are_epochs_new |= log.epochs_.truncate_from_end(log.log_end_offset() + 1);

    const auto end = log.log_end_offset();
    for (const auto offset : log.snapshots_) {
        if (offset <= end) continue;
        if (auto done = remove(file_name(offset, kSnapshotSuffix)); !done) return done;
    }
    std::erase_if(log.snapshots_, [end](std::int64_t offset) { return offset > end; });
    // Without any snapshot a clean log has no producers: reading all of it would find none.
    if (!from_.is_clean) {
        log.snapshot_producers(end);
        log.pending_.is_wanted = end > 0;
        log.expire_producers(now_ms_);
        if (log.producers_) log.producers_->on_high_watermark(marks.high_watermark);
    } else if (!log.snapshots_.empty()) {
        if (auto done = log.rebuild_producers(now_ms_); !done) return done;
    }
    log.prune_snapshots();
    // Files of a new segment, too, are durable with the first flush at the latest.
    log.pending_.are_names_new |= is_changed_ || !from_.is_clean || end == 0;
    log.release();
    return {};
}

}  // namespace kcore::log
