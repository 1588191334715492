#pragma once
// What goes into and comes out of a Log: plain values.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"

namespace kcore::log {

class Storage;

// Who appends decides what is checked against the producer state.
enum class Origin : std::uint8_t {
    client,       // Sequences and epochs.
    coordinator,  // Epochs: transaction markers, coordinators' own records.
    replication,  // Nothing: another log has checked it.
};

struct Appended {
    std::int64_t base_offset = -1;
    std::int64_t last_offset = -1;
    std::int64_t log_start_offset = -1;
    bool is_duplicate = false;    // Was appended earlier, at these offsets.
    std::int64_t timestamp = -1;  // Of a duplicate: the largest of the batch that is stored.
};

struct Submission {
    std::span<std::byte> batches;  // Whole validated v2 batches, back to back.
    Origin origin = Origin::client;
    Result<Appended> result;  // Set by the append.
};

struct ReadRange {
    std::int64_t offset = 0;
    std::int64_t up_to = 0;  // Exclusive, at a batch's end: high watermark, last stable or log end.
    std::size_t max_bytes = 0;
    bool at_least_one_batch = true;  // Whole, even when it is larger than max_bytes.
};

// Bytes of a file that stays open as long as the slice. May be read without the log's mutex; comes
// out short when the log was truncated meanwhile.
struct FileSlice {
    std::shared_ptr<io::File> file;
    std::uint64_t position = 0;
    std::size_t size_bytes = 0;
    Storage* storage = nullptr;  // Of its directory.
};

struct LogRead {
    // Batches from one segment, the first of which may begin below the offset asked for and the
    // last of which may be cut off. Empty at `up_to`, or when the first batch does not fit.
    FileSlice slice;
};

struct AbortedTransaction {
    std::int64_t producer_id = -1;
    std::int64_t first_offset = -1;
    std::int64_t last_offset = -1;  // Of its marker.
    std::int64_t last_stable_offset = -1;
    friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;
};

struct TimestampOffset {
    std::int64_t timestamp = -1;
    std::int64_t offset = -1;
    std::int32_t leader_epoch = -1;
    friend bool operator==(const TimestampOffset&, const TimestampOffset&) = default;
};

// Written under the log's mutex, read from anywhere.
struct LogMarks {
    std::atomic<std::int64_t> log_start_offset = 0;
    std::atomic<std::int64_t> log_end_offset = 0;
    std::atomic<std::int64_t> high_watermark = 0;
    std::atomic<std::int64_t> recovery_point = 0;
    std::atomic<std::int64_t> first_segment_offset = 0;
    std::atomic<std::uint64_t> size_bytes = 0;
};

}  // namespace kcore::log
