#pragma once
// One segment of a log: a file of batches in offset order, with an index by offset, one by time and
// one of aborted transactions. Offsets are given to it; it knows no producers and no epochs.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/batch_header.h"
#include "log/config.h"
#include "log/file_cache.h"
#include "log/header_walk.h"
#include "log/index_file.h"
#include "log/log_types.h"
#include "log/reads.h"
#include "log/recent_batches.h"
#include "log/storage.h"

namespace kcore::log {

// Belongs to one Log and is guarded by its mutex. `directory` is the log's path, which may change
// by a rename; it and `reads`, through which lookups read, outlive the segment.
class Segment {
public:
    Segment(Storage& storage, const std::string& directory, Reads& reads, std::int64_t base_offset);

    // A new segment: creates the file, empty.
    Result<void> create(const LogConfig& config, std::int64_t now_ms);
    // One that is there, with `size_bytes` of batches that end below `next_offset`; reads nothing.
    void adopt(std::uint64_t size_bytes, std::int64_t next_offset, std::int64_t now_ms);
    // After a rebuild: there are no batches below `next_offset` but those found.
    void adopt_end(std::int64_t next_offset) { next_offset_ = next_offset; }

    std::int64_t base_offset() const { return base_offset_; }
    std::int64_t next_offset() const { return next_offset_; }  // One past the last record.
    std::uint64_t size_bytes() const { return size_bytes_; }
    bool is_empty() const { return size_bytes_ == 0; }
    std::string path(std::string_view suffix) const;

    // Writes whole batches at the end; added() then tells of each.
    //   kafka_storage_error  nothing was added. A full disk: later calls try again
    Result<void> write(std::span<const BytesView> pieces, std::size_t bytes,
                       const LogConfig& config);
    void added(const BatchHeader& batch, const LogConfig& config);

    // Whether one of the indexes can take no more, or `last_offset` is too far from the base.
    bool is_full(std::int64_t last_offset, const LogConfig& config) const;
    // By the records' clock, from the first batch to `timestamp`; by the wall clock when the first
    // has none. Less than 0 when it cannot be told.
    std::int64_t age_ms(std::int64_t timestamp, std::int64_t now_ms);
    // The largest of its first batch; -1 when it has none.
    Result<std::int64_t> first_timestamp();
    std::int64_t created_ms() const { return created_ms_; }  // Or when it was opened.
    std::int64_t roll_jitter_ms() const { return roll_jitter_ms_; }

    // The first batch that ends at or after `offset`; nothing when there is none.
    Result<std::optional<BatchAt>> find(std::int64_t offset);
    // Its position; the segment's end when there is none.
    Result<std::uint64_t> position_of(std::int64_t offset);
    // The first batch whose largest timestamp is at least this.
    Result<std::optional<BatchAt>> find_timestamp(std::int64_t timestamp);
    struct LargestTimestamp {
        std::int64_t timestamp = -1;
        std::int64_t offset = -1;  // The last of the first batch that has it.
    };
    Result<LargestTimestamp> largest_timestamp();
    // Of the last batch that the index by offset knows; 0 when it knows none.
    Result<std::uint64_t> last_indexed_position();
    // Of the last one that stands at `position` or before it.
    Result<std::uint64_t> indexed_position(std::uint64_t position);
    // A batch with all its bytes.
    Result<Bytes> read(const BatchAt& at);
    Result<std::shared_ptr<io::File>> file();

    Result<void> add_aborted(const AbortedTransaction& aborted);
    Result<std::vector<AbortedTransaction>> aborted();

    // Keeps the batches that end below `offset` and cuts the rest, in files and indexes, durably.
    Result<void> truncate_to(std::int64_t offset);

    // Before a rebuild from the file's bytes, batch by batch through added(): nothing is known.
    // The index of aborted transactions goes, too, when `with_aborted`.
    Result<void> reset(bool with_aborted);

    // No more batches will come: the last index entries, the indexes' and the file's final sizes.
    Result<std::vector<Sealed>> seal();
    // That was written, and nothing was added since.
    void sealed();
    // For output that is not yet in its place: the names of its files go on with this.
    void set_name_ending(std::string_view ending) { name_ending_ = ending; }
    Result<void> rename_to(std::string_view ending);
    bool needs_seal() const { return needs_seal_; }

    // Writes what is pending and gives up memory and descriptors that a busy segment needs.
    Result<void> release();
    // Renames the files to .deleted and queues them for removal.
    Result<void> remove(std::int64_t at_ms);

private:
    Result<Bytes> read_aborted();
    Result<void> cut_back(io::File& file);
    Result<void> make_room(std::size_t bytes, const LogConfig& config);
    Result<void> add_index_entries(const BatchHeader& batch, const LogConfig& config);
    Result<void> add_time_entry(std::uint64_t reserve_bytes);
    Result<std::uint64_t> lookup(const IndexFile::Test& holds);
    Result<std::uint64_t> lookup_offset(std::int64_t offset);
    // From `from` on, the first batch that ends at or after `offset` and reaches `timestamp`.
    Result<std::optional<BatchAt>> scan(std::uint64_t from, std::int64_t offset,
                                        std::int64_t timestamp);

    Storage& storage_;
    const std::string& directory_;
    Reads& reads_;
    const std::int64_t base_offset_;
    std::string_view name_ending_;
    std::int64_t next_offset_;
    std::uint64_t size_bytes_ = 0;
    std::uint64_t reserved_bytes_ = 0;
    std::uint64_t since_index_bytes_ = 0;
    LargestTimestamp largest_;
    std::int64_t first_timestamp_ = -1;
    std::int64_t created_ms_ = 0;
    std::int64_t roll_jitter_ms_ = 0;
    FileCache::Slot slot_;
    IndexFile offsets_;
    IndexFile times_;
    std::unique_ptr<RecentBatches>
        recent_;                    // The newest batches, so that tail reads need no lookup.
    bool has_txn_index_ = false;    // With entries that are not synced.
    bool may_have_aborted_ = true;  // There may be a file of them.
    bool is_largest_known_ = true;
    bool is_first_known_ = true;
    bool needs_cut_ = false;   // A write failed: the bytes past size_bytes_ are unknown.
    bool needs_seal_ = false;  // Indexes or the file's tail on the disk are not final.
};

}  // namespace kcore::log
