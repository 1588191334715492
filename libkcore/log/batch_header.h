#pragma once
// What the log reads of a batch of any format: its header, and what a transaction marker says.
// Records are the record layer's.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::log {

inline constexpr std::size_t kEntryPrefixBytes = 12;  // Offset and size, in all formats.
inline constexpr std::size_t kMagicEndBytes = 17;     // Up to and including the magic.
inline constexpr std::size_t kBatchHeaderBytes = 61;  // Of format 2.

struct BatchHeader {
    std::int64_t base_offset = 0;
    std::int64_t last_offset = 0;
    std::uint32_t size_bytes = 0;  // Of the whole batch.
    std::int8_t magic = 2;
    std::int32_t leader_epoch = -1;
    std::uint32_t crc = 0;
    std::int16_t attributes = 0;
    std::int64_t max_timestamp = -1;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t base_sequence = -1;
    std::int32_t record_count = 0;

    bool is_transactional() const { return (attributes & 0x10) != 0; }
    bool is_control() const { return (attributes & 0x20) != 0; }
    bool has_sequence() const { return base_sequence >= 0; }
    std::int32_t last_sequence() const;  // Wraps from 2^31-1 to 0.
};

// Of the entry that begins `bytes`, which may end early: a header of format 2 needs 61 bytes, of
// the older ones 34 at most.
//   corrupt_message  too short, an impossible size, an unknown format or a negative count
Result<BatchHeader> read_batch_header(BytesView bytes);

// Over a whole entry.
bool is_checksum_right(const BatchHeader& header, BytesView entry);

enum class MarkerType : std::uint8_t { abort, commit, other };

struct Marker {
    MarkerType type = MarkerType::other;
    std::int32_t coordinator_epoch = -1;
};

// Of a whole control batch; `other` where compaction has left its header only.
//   corrupt_message  its record is not a control record
Result<Marker> read_marker(BytesView entry);

}  // namespace kcore::log
