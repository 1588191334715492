#pragma once
// The entries of one index file: fixed size, in order, the newest also in memory and written in
// groups. What an entry means is the segment's.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "log/file_cache.h"
#include "log/flush_work.h"
#include "log/reads.h"
#include "log/storage.h"

namespace kcore::log {

class Segment;

// Guarded by its log's mutex. Opened, and counted, on first use.
class IndexFile {
public:
    // A trailing run of entries that are all zero is preallocated space, not entries.
    // Of `segment`, which owns it.
    IndexFile(Storage& storage, Reads& reads, const Segment& segment, std::string_view suffix,
              std::uint8_t entry_bytes)
        : storage_(storage),
          reads_(reads),
          segment_(segment),
          suffix_(suffix),
          entry_bytes_(entry_bytes) {}

    // Takes it as empty, whatever the file holds: for a new segment, and before a rebuild.
    void reset();

    // Of the entries seen so far: all, once the file was used.
    std::uint32_t known_entries() const { return total(); }
    // The number of entries.
    Result<std::uint32_t> count();
    // Entry `i` < count(); good until the next call.
    Result<BytesView> entry(std::uint32_t i);
    // The last entry that `holds`, which those of a first part do and the others do not; none
    // where not even the first does. Good until the next call.
    using Test = std::function<bool(BytesView entry)>;
    Result<std::optional<BytesView>> find_last(const Test& holds);
    // In memory at once; a full group is written, preallocating the file to `reserve_bytes`. A
    // group that does not get onto the disk stays in memory.
    Result<void> add(BytesView entry, std::uint64_t reserve_bytes);

    // Cut to so many entries, on the disk too.
    Result<void> truncate(std::uint32_t count);

    // What the disk still lacks for the index to be whole, and its final size.
    Result<Sealed> seal();
    // That was written, and nothing was added since.
    void sealed();

    // Writes what is pending and gives up memory and descriptor.
    Result<void> release();
    // Ends with the file's removal or renaming.
    void forget() { slot_.reset(); }

private:
    Result<std::shared_ptr<io::File>> file();
    std::uint32_t total() const;
    Result<void> load();
    Result<void> write_pending(std::uint64_t reserve_bytes);
    Result<std::uint32_t> count_used(const std::shared_ptr<io::File>& file, std::uint64_t size);
    BytesView last_of(BytesView entries, const Test& holds) const;
    Result<std::optional<BytesView>> find_last_on_disk(const Test& holds);

    Storage& storage_;
    Reads& reads_;
    const Segment& segment_;
    const std::string_view suffix_;
    std::unique_ptr<FileCache::Slot> slot_;
    Bytes tail_;  // Entries from first_in_tail_ on.
    std::uint32_t first_in_tail_ = 0;
    std::uint32_t written_ = 0;     // Entries on the disk.
    std::uint32_t last_block_ = 0;  // Where the last search on the disk ended.
    std::uint8_t entry_bytes_;
    bool is_loaded_ = false;
    bool is_stale_ = false;  // What the file holds goes before it is used.
    bool is_reserved_ = false;
    std::array<std::byte, 12> scratch_;
};

}  // namespace kcore::log
