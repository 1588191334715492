#pragma once
// Reads a segment's file after a crash, every byte of it, and tells a torn tail from damage.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "log/batch_header.h"

namespace kcore::log {

struct ScanEnd {
    std::uint64_t position = 0;    // Valid batches end here.
    std::int64_t next_offset = 0;  // And with this offset.
    bool is_whole = true;          // Nothing else is in the file.
    std::string what;              // Otherwise: what is wrong with the rest.
    // A write that did not (all) reach the disk explains it: the file ends inside a batch, or
    // sectors of it were never written and read as zeros.
    bool looks_torn = false;
    // A valid batch behind the damage, or there, of which only the offset is not right.
    std::optional<std::uint64_t> valid_at;
};

using VisitBatch = std::function<Result<void>(const BatchHeader&, BytesView)>;

// Where a scan stands: in front of a batch that is due at `next_offset` or later.
struct ScanAt {
    std::uint64_t position = 0;
    std::int64_t next_offset = 0;
    std::string what;           // What is wrong there; empty: nothing is.
    bool is_misplaced = false;  // Only that: a batch stands there that is due earlier.
};

// Visits the valid batches of `file` from there on that begin before `until`, at most its size.
// Fails only for I/O and what `visit` fails with.
Result<void> scan_on(io::File& file, ScanAt& at, std::uint64_t until, const VisitBatch& visit);

// Visits the batches of `file` from its start while their framing, offsets and checksums are right.
// Fails only for I/O and what `visit` fails with.
Result<ScanEnd> scan_batches(io::File& file, std::int64_t base_offset, const VisitBatch& visit);

// Whether the file begins with, or has anywhere, a valid batch at `from_offset` or later.
Result<std::optional<std::uint64_t>> find_valid_batch(io::File& file, std::uint64_t from,
                                                      std::int64_t from_offset);

}  // namespace kcore::log
