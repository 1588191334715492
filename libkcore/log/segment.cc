#include "log/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <utility>

#include "io/disk_error.h"
#include "log/header_walk.h"
#include "log/names.h"

namespace kcore::log {

namespace {

constexpr std::uint8_t kOffsetEntryBytes = 8;
constexpr std::uint8_t kTimeEntryBytes = 12;
constexpr std::uint64_t kReserveBytesMin = 64 * 1024;
constexpr std::uint64_t kReserveBytesMax = 16 << 20;

std::uint64_t entries_max(const LogConfig& config, std::uint32_t entry_bytes) {
    return static_cast<std::uint64_t>(config.segment_index_bytes) / entry_bytes;
}

}  // namespace

Segment::Segment(Storage& storage, const std::string& directory, Reads& reads,
                 std::int64_t base_offset)
    : storage_(storage),
      directory_(directory),
      reads_(reads),
      base_offset_(base_offset),
      next_offset_(base_offset),
      slot_(storage.files()),
      offsets_(storage, reads, *this, kIndexSuffix, kOffsetEntryBytes),
      times_(storage, reads, *this, kTimeIndexSuffix, kTimeEntryBytes) {}

std::string Segment::path(std::string_view suffix) const {
    return fmt::format("{}/{}{}", directory_, file_name(base_offset_, suffix), name_ending_);
}

Result<std::shared_ptr<io::File>> Segment::file() {
    if (auto open = slot_.get_if_open()) return open;
    return slot_.get(path(kLogSuffix));
}

Result<void> Segment::create(const LogConfig& config, std::int64_t now_ms) {
    auto opened = file();
    if (!opened) return std::unexpected(std::move(opened).error());
    // One may be there from a roll that was cut off, or from before a truncation.
    if (auto done = (*opened)->truncate(0); !done) return done;
    created_ms_ = now_ms;
    offsets_.reset();
    times_.reset();
    needs_seal_ = true;
    const auto jitter = std::min(config.segment_jitter_ms, config.segment_ms);
    if (jitter > 0) {
        roll_jitter_ms_ =
            static_cast<std::int64_t>(storage_.random().below(static_cast<std::uint64_t>(jitter)));
    }
    if (!config.preallocate) return {};
    reserved_bytes_ = static_cast<std::uint64_t>(config.segment_bytes);
    return (*opened)->reserve(reserved_bytes_);
}

void Segment::adopt(std::uint64_t size_bytes, std::int64_t next_offset, std::int64_t now_ms) {
    size_bytes_ = size_bytes;
    next_offset_ = next_offset;
    created_ms_ = now_ms;
    is_largest_known_ = size_bytes == 0;
    is_first_known_ = size_bytes == 0;
}

// Disk space is taken ahead in steps that double as the segment proves busy.
Result<void> Segment::make_room(std::size_t bytes, const LogConfig& config) {
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    if (needs_cut_) {
        if (auto done = cut_back(**opened); !done) return done;
    }
    if (size_bytes_ < kReserveBytesMin || size_bytes_ + bytes <= reserved_bytes_) return {};
    const auto step = std::clamp(size_bytes_, kReserveBytesMin, kReserveBytesMax);
    const auto limit = static_cast<std::uint64_t>(config.segment_bytes);
    const auto want = std::max(std::min(size_bytes_ + step, limit), size_bytes_ + bytes);
    // Short of room: do without, and do not ask again in this segment.
    reserved_bytes_ = (*opened)->reserve(want) ? want : std::numeric_limits<std::int64_t>::max();
    return {};
}

// Synced, so that after a crash nothing of the failed write shows between what follows it.
Result<void> Segment::cut_back(io::File& file) {
    if (auto done = file.truncate(size_bytes_); !done) return done;
    if (auto done = file.sync(); !done) return storage_.failed_for_good(done.error());
    needs_cut_ = false;
    return {};
}

Result<void> Segment::write(std::span<const BytesView> pieces, std::size_t bytes,
                            const LogConfig& config) {
    if (auto done = make_room(bytes, config); !done) return storage_.failed(done.error());
    if (!is_largest_known_) {
        if (auto known = largest_timestamp(); !known) return storage_.failed(known.error());
    }
    const auto opened = file();
    if (!opened) return storage_.failed(opened.error());
    auto written = (*opened)->write(size_bytes_, pieces);
    if (written) return {};
    needs_cut_ = true;
    if (io::is_disk_full(written.error())) (void)cut_back(**opened);
    return storage_.failed(written.error());
}

void Segment::added(const BatchHeader& batch, const LogConfig& config) {
    assert(batch.base_offset >= base_offset_);
    if (size_bytes_ == 0) {
        first_timestamp_ = batch.max_timestamp;
        is_first_known_ = true;
    }
    if (batch.max_timestamp > largest_.timestamp) {
        largest_ = {batch.max_timestamp, batch.last_offset};
    }
    if (since_index_bytes_ > static_cast<std::uint64_t>(config.index_interval_bytes)) {
        // The batch is in the log; an index that cannot be written stays in memory for now.
        if (auto done = add_index_entries(batch, config); !done) {
            (void)storage_.failed(done.error());
        }
        since_index_bytes_ = 0;
    }
    if (!recent_) recent_ = std::make_unique<RecentBatches>();
    recent_->add({.position = size_bytes_, .header = batch});
    since_index_bytes_ += batch.size_bytes;
    size_bytes_ += batch.size_bytes;
    next_offset_ = batch.last_offset + 1;
    needs_seal_ = true;
}

Result<void> Segment::add_index_entries(const BatchHeader& batch, const LogConfig& config) {
    std::array<std::byte, kOffsetEntryBytes> entry;
    store_be(entry.data(), static_cast<std::int32_t>(batch.last_offset - base_offset_));
    store_be(entry.data() + 4, static_cast<std::int32_t>(size_bytes_));
    const auto reserve = entries_max(config, kOffsetEntryBytes) * kOffsetEntryBytes;
    if (auto done = offsets_.add(entry, reserve); !done) return done;
    return add_time_entry(entries_max(config, kTimeEntryBytes) * kTimeEntryBytes);
}

// Timestamps in the index only rise: one that adds nothing new is left out.
Result<void> Segment::add_time_entry(std::uint64_t reserve_bytes) {
    const auto count = times_.count();
    if (!count) return std::unexpected(count.error());
    if (*count > 0) {
        const auto last = times_.entry(*count - 1);
        if (!last) return std::unexpected(last.error());
        if (load_be<std::int64_t>(last->data()) >= largest_.timestamp) return {};
    }
    if (largest_.timestamp < 0) return {};
    std::array<std::byte, kTimeEntryBytes> entry;
    store_be(entry.data(), largest_.timestamp);
    store_be(entry.data() + 8, static_cast<std::int32_t>(largest_.offset - base_offset_));
    return times_.add(entry, reserve_bytes);
}

bool Segment::is_full(std::int64_t last_offset, const LogConfig& config) const {
    if (last_offset - base_offset_ > std::numeric_limits<std::int32_t>::max()) return true;
    // The last time entry's place is kept for the one a roll adds.
    return offsets_.known_entries() >= entries_max(config, kOffsetEntryBytes) ||
           times_.known_entries() + 1 >= entries_max(config, kTimeEntryBytes);
}

Result<std::int64_t> Segment::first_timestamp() {
    if (is_first_known_) return first_timestamp_;
    const auto first = scan(0, base_offset_, -1);
    if (!first) return std::unexpected(first.error());
    if (*first) first_timestamp_ = (*first)->header.max_timestamp;
    is_first_known_ = true;
    return first_timestamp_;
}

std::int64_t Segment::age_ms(std::int64_t timestamp, std::int64_t now_ms) {
    const auto first = first_timestamp();
    if (!first) {
        (void)storage_.failed_read(first.error());
        return -1;
    }
    return *first >= 0 ? timestamp - *first : now_ms - created_ms_;
}

// The position of the last indexed batch that ends at or before `offset`; 0 when none does.
Result<std::uint64_t> Segment::lookup(const IndexFile::Test& holds) {
    const auto last = offsets_.find_last(holds);
    if (!last) return std::unexpected(last.error());
    const auto position = *last ? load_be<std::uint32_t>((*last)->data() + 4) : 0;
    // An index that points outside cannot be right; reading from the start is, only slower.
    return position < size_bytes_ ? position : 0;
}

Result<std::uint64_t> Segment::lookup_offset(std::int64_t offset) {
    return lookup([&](BytesView entry) {
        return base_offset_ + load_be<std::int32_t>(entry.data()) <= offset;
    });
}

Result<std::uint64_t> Segment::indexed_position(std::uint64_t position) {
    return lookup(
        [&](BytesView entry) { return load_be<std::uint32_t>(entry.data() + 4) <= position; });
}

Result<std::uint64_t> Segment::last_indexed_position() {
    return lookup_offset(std::numeric_limits<std::int64_t>::max());
}

Result<std::optional<BatchAt>> Segment::scan(std::uint64_t from, std::int64_t offset,
                                             std::int64_t timestamp) {
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    HeaderWalk walk(*opened, reads_, from, size_bytes_);
    for (;;) {
        auto at = walk.next();
        if (!at) return fail(at.error().code, path(kLogSuffix) + ": " + at.error().what);
        if (!*at) return std::nullopt;
        const auto& header = (*at)->header;
        if (header.last_offset >= offset && header.max_timestamp >= timestamp) return at;
    }
}

Result<std::optional<BatchAt>> Segment::find(std::int64_t offset) {
    if (offset >= next_offset_ || size_bytes_ == 0) return std::nullopt;
    if (recent_) {
        if (auto found = recent_->find(offset)) return found;
    }
    const auto from = lookup_offset(offset);
    if (!from) return std::unexpected(from.error());
    auto found = scan(*from, offset, std::numeric_limits<std::int64_t>::min());
    if (!found || *found || *from == 0) return found;
    return scan(0, offset, std::numeric_limits<std::int64_t>::min());
}

Result<std::uint64_t> Segment::position_of(std::int64_t offset) {
    const auto found = find(offset);
    if (!found) return std::unexpected(found.error());
    return *found ? (*found)->position : size_bytes_;
}

Result<std::optional<BatchAt>> Segment::find_timestamp(std::int64_t timestamp) {
    const auto last = times_.find_last(
        [&](BytesView entry) { return load_be<std::int64_t>(entry.data()) <= timestamp; });
    if (!last) return std::unexpected(last.error());
    // Everything before the batch that ends there is older than what the entry says.
    const auto offset = base_offset_ + (*last ? load_be<std::int32_t>((*last)->data() + 8) : 0);
    const auto from = lookup_offset(offset);
    if (!from) return std::unexpected(from.error());
    return scan(*from, base_offset_, timestamp);
}

Result<Segment::LargestTimestamp> Segment::largest_timestamp() {
    if (is_largest_known_) return largest_;
    const auto count = times_.count();
    if (!count) return std::unexpected(count.error());
    LargestTimestamp largest;
    if (*count > 0) {
        const auto last = times_.entry(*count - 1);
        if (!last) return std::unexpected(last.error());
        largest = {load_be<std::int64_t>(last->data()),
                   base_offset_ + load_be<std::int32_t>(last->data() + 8)};
    }
    // Whoever wrote the index may have been stopped before its last entry.
    const auto from = lookup_offset(largest.offset);
    if (!from) return std::unexpected(from.error());
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    for (HeaderWalk walk(*opened, reads_, *from, size_bytes_);;) {
        const auto at = walk.next();
        if (!at) return fail(at.error().code, path(kLogSuffix) + ": " + at.error().what);
        if (!*at) break;
        const auto& header = (*at)->header;
        if (header.max_timestamp > largest.timestamp) {
            largest = {header.max_timestamp, header.last_offset};
        }
    }
    largest_ = largest;
    is_largest_known_ = true;
    return largest_;
}

Result<Bytes> Segment::read(const BatchAt& at) {
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    Bytes bytes(std::min<std::uint64_t>(at.header.size_bytes, size_bytes_ - at.position));
    const auto read = reads_.read(*opened, at.position, bytes);
    if (!read) return std::unexpected(read.error());
    bytes.resize(*read);
    if (bytes.size() == at.header.size_bytes) return bytes;
    return fail(Errc::corrupt_message,
                fmt::format("{}: the batch at {} is cut short", path(kLogSuffix), at.position));
}

}  // namespace kcore::log
