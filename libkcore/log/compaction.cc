#include "log/compaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "log/names.h"
#include "record/scan.h"

namespace kcore::log {

namespace {

constexpr std::uint64_t kIndexEntryBytes = 12;  // Of the larger one.

// The bytes of the whole batches that `bytes` begins with; when there is none, what it takes.
struct Framed {
    std::size_t whole = 0;
    std::size_t first_needs = 0;
};

Result<Framed> frame(BytesView bytes) {
    Framed framed;
    while (framed.whole < bytes.size()) {
        const auto rest = bytes.subspan(framed.whole);
        const auto header = read_batch_header(rest);
        if (!header && rest.size() < kBatchHeaderBytes && framed.whole > 0) break;
        if (!header) return std::unexpected(header.error());
        if (header->size_bytes > rest.size()) {
            if (framed.whole == 0) framed.first_needs = header->size_bytes;
            break;
        }
        framed.whole += header->size_bytes;
    }
    return framed;
}

// visit(header, bytes, is_last) gives whether to go on.
template <class Visit>
Result<void> for_each_batch(BytesView chunk, Visit&& visit) {
    for (std::size_t at = 0; at < chunk.size();) {
        const auto header = read_batch_header(chunk.subspan(at));
        if (!header) return std::unexpected(header.error());
        const auto bytes = chunk.subspan(at, header->size_bytes);
        at += header->size_bytes;
        const Result<bool> goes_on = visit(*header, bytes, at == chunk.size());
        if (!goes_on) return std::unexpected(goes_on.error());
        if (!*goes_on) return {};
    }
    return {};
}

}  // namespace

Compaction::Compaction(Storage& storage, CompactionInput input, const CompactionLimits& limits,
                       std::int64_t now_ms)
    : storage_(storage),
      input_(std::move(input)),
      limits_(limits),
      now_ms_(now_ms),
      map_(limits.map_bytes, limits.map_load_factor, storage.random()),
      map_end_(input_.range.first_dirty),
      mapped_transactions_(input_.aborted) {
    const auto& segments = input_.range.segments;
    while (source_ < segments.size() && segments[source_].end_offset <= map_end_) ++source_;
}

Result<Compaction::Step> Compaction::step() {
    const std::lock_guard lock(input_.gate->mutex);
    if (input_.gate->is_cancelled) return Step::cancelled;
    auto done = work();
    if (done) return done;
    return fail(done.error().code, fmt::format("{}: {}", input_.path, done.error().what));
}

Result<Compaction::Step> Compaction::work() {
    const auto& segments = input_.range.segments;
    if (!cleaner_) {
        if (source_ == segments.size()) {
            begin_second_pass();
            return Step::more;
        }
        const auto chunk = read_chunk();
        if (!chunk) return std::unexpected(chunk.error());
        if (auto done = map_chunk(*chunk); !done) return std::unexpected(done.error());
        return Step::more;
    }
    if (std::exchange(is_replacing_, false)) {
        // The sources are gone for good before the output looks like any other segment.
        auto done = storage_.disk().sync_directory(input_.path);
        if (!done) return storage_.failed_for_good(done.error());
        return Step::name;
    }
    if (!output_) {
        const bool is_over =
            group_end_ == segments.size() || segments[group_end_].base_offset >= map_end_;
        if (is_over) return Step::done;
        if (auto done = begin_group(); !done) return std::unexpected(done.error());
    }
    const auto chunk = read_chunk();
    if (!chunk) return std::unexpected(chunk.error());
    const bool is_last = source_ == group_end_;
    if (auto done = clean_chunk(*chunk, is_last); !done) return std::unexpected(done.error());
    if (!is_last) return Step::more;
    if (auto done = finish_group(); !done) return storage_.failed_for_good(done.error());
    return Step::swap;
}

// The next whole batches of the source, which moves on behind its last.
Result<BytesView> Compaction::read_chunk() {
    const auto& source = input_.range.segments[source_];
    if (!file_) {
        auto opened = storage_.disk().open(
            input_.path + "/" + file_name(source.base_offset, kLogSuffix), io::Open::read);
        if (!opened) return storage_.failed(opened.error());
        file_ = std::move(*opened);
    }
    const auto left = source.size_bytes - position_;
    BytesView chunk;
    for (auto want = std::min<std::uint64_t>(left, limits_.buffer_bytes); want > 0;) {
        buffer_.resize(want);
        const auto read = file_->read(position_, buffer_);
        if (!read) return storage_.failed_read(read.error());
        const auto framed = frame(BytesView(buffer_).first(*read));
        if (!framed) return std::unexpected(framed.error());
        chunk = BytesView(buffer_).first(framed->whole);
        if (framed->whole > 0) break;
        if (framed->first_needs > left || *read < want) {
            return fail(Errc::corrupt_message,
                        fmt::format("the segment at {} ends inside a batch", source.base_offset));
        }
        want = framed->first_needs;
    }
    position_ += chunk.size();
    stats_.bytes_read += chunk.size();
    if (position_ == source.size_bytes) {
        ++source_;
        position_ = 0;
        file_.reset();
    }
    return chunk;
}

Result<void> Compaction::map_chunk(BytesView chunk) {
    return for_each_batch(chunk,
                          [&](const BatchHeader& header, BytesView bytes, bool) -> Result<bool> {
                              const auto fits = map_batch(header, bytes);
                              if (!fits) return fits;
                              if (!*fits) begin_second_pass();
                              if (*fits) map_end_ = std::max(map_end_, header.last_offset + 1);
                              return fits;
                          });
}

// False when the map is full.
Result<bool> Compaction::map_batch(const BatchHeader& header, BytesView bytes) {
    if (!is_checksum_right(header, bytes)) {
        return fail(Errc::corrupt_message,
                    fmt::format("the batch at {} has a wrong checksum", header.base_offset));
    }
    if (header.is_control()) {
        const auto marker = read_marker(bytes);
        if (!marker) return std::unexpected(marker.error());
        (void)mapped_transactions_.end(header, marker->type);
        return true;
    }
    if (mapped_transactions_.is_aborted(header)) return true;
    bool fits = true;
    const auto walked = record::for_each_record(
        record::AnyBatch(bytes), decompressor_, [&](const record::RecordView& record) {
            if (!record.key || record.offset < input_.range.first_dirty) return true;
            fits = map_.put(*record.key, record.offset);
            // What fits of a batch is cleaned: one alone may hold more keys than the map.
            if (!fits) map_end_ = record.offset;
            return fits;
        });
    if (!walked) return std::unexpected(walked.error());
    return fits;
}

void Compaction::begin_second_pass() {
    stats_.keys = map_.size();
    cleaner_ = std::make_unique<BatchCleaner>(map_, map_end_, input_, now_ms_);
    file_.reset();
}

bool Compaction::fits_group(std::uint64_t size, std::int64_t end_offset) const {
    const auto& config = *input_.config;
    const auto interval =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(config.index_interval_bytes), 1);
    const auto base = input_.range.segments[group_begin_].base_offset;
    return size <= static_cast<std::uint64_t>(config.segment_bytes) &&
           size / interval * kIndexEntryBytes <=
               static_cast<std::uint64_t>(config.segment_index_bytes) &&
           end_offset - base <= std::numeric_limits<std::int32_t>::max();
}

// As many segments as fit into one again; its output begins.
Result<void> Compaction::begin_group() {
    const auto& segments = input_.range.segments;
    group_begin_ = source_ = group_end_;
    position_ = 0;
    auto size = segments[group_end_++].size_bytes;
    for (; group_end_ < segments.size() && segments[group_end_].base_offset < map_end_;
         ++group_end_) {
        size += segments[group_end_].size_bytes;
        if (!fits_group(size, segments[group_end_].end_offset)) break;
    }
    const auto base = segments[group_begin_].base_offset;
    for (const auto suffix : kSegmentSuffixes) {
        const auto leftover =
            fmt::format("{}/{}{}", input_.path, file_name(base, suffix), kCleanedSuffix);
        if (auto done = storage_.disk().remove(leftover); !done) {
            return storage_.failed(done.error());
        }
    }
    output_ = std::make_unique<Segment>(storage_, input_.path, reads_, base);
    output_->set_name_ending(kCleanedSuffix);
    if (auto done = output_->create(*input_.config, now_ms_); !done) {
        return storage_.failed(done.error());
    }
    return {};
}

Result<void> Compaction::clean_chunk(BytesView chunk, bool is_last) {
    Bytes out;
    std::vector<BatchHeader> headers;
    auto done = for_each_batch(
        chunk, [&](const BatchHeader& header, BytesView bytes, bool is_end) -> Result<bool> {
            auto cleaned = cleaner_->clean(header, bytes, is_last && is_end);
            if (!cleaned) return std::unexpected(std::move(cleaned).error());
            if (cleaned->index) {
                auto added = output_->add_aborted(*cleaned->index);
                if (!added) return storage_.failed(added.error());
            }
            if (cleaned->bytes.empty()) return true;
            headers.push_back(*read_batch_header(cleaned->bytes));
            append(out, cleaned->bytes);
            return true;
        });
    if (!done || out.empty()) return done;
    const BytesView piece(out);
    done = output_->write(std::span(&piece, 1), out.size(), *input_.config);
    if (!done) return done;
    for (const auto& header : headers) output_->added(header, *input_.config);
    stats_.bytes_written += out.size();
    return {};
}

// The names change only when every byte is on the disk, and the sources go only when the names are.
Result<void> Compaction::finish_group() {
    const auto& segments = input_.range.segments;
    auto parts = output_->seal();
    if (!parts) return std::unexpected(std::move(parts).error());
    for (const auto& part : *parts) {
        if (auto done = write_sealed(part); !done) return done;
        if (auto done = part.file->sync(); !done) return done;
    }
    output_->sealed();
    const auto file = output_->file();
    if (!file) return std::unexpected(file.error());
    if (auto done = (*file)->sync(); !done) return done;
    replacement_ = {.gate = input_.gate,
                    .base_offset = segments[group_begin_].base_offset,
                    .end_offset = segments[group_end_ - 1].end_offset,
                    .size_bytes = output_->size_bytes()};
    if (auto done = output_->rename_to(kSwapSuffix); !done) return done;
    output_.reset();
    is_replacing_ = true;
    return storage_.disk().sync_directory(input_.path);
}

}  // namespace kcore::log
