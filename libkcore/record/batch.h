#pragma once
// A record batch of magic 2, seen through its bytes: header fields, checksum, and the fields a
// leader patches in place. Building one is builder.h, walking several scan.h, records record.h.

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "record/codec.h"
#include "record/record.h"

namespace kcore::record {

enum class TimestampType : std::uint8_t { create_time = 0, log_append_time = 1 };

// Positions of the fields in a batch of magic 2 (FORMAT.md).
inline constexpr std::size_t kBaseOffsetAt = 0;
inline constexpr std::size_t kLengthAt = 8;
inline constexpr std::size_t kLeaderEpochAt = 12;
inline constexpr std::size_t kMagicAt = 16;
inline constexpr std::size_t kCrcAt = 17;
inline constexpr std::size_t kAttributesAt = 21;
inline constexpr std::size_t kLastOffsetDeltaAt = 23;
inline constexpr std::size_t kBaseTimestampAt = 27;
inline constexpr std::size_t kMaxTimestampAt = 35;
inline constexpr std::size_t kProducerIdAt = 43;
inline constexpr std::size_t kProducerEpochAt = 51;
inline constexpr std::size_t kBaseSequenceAt = 53;
inline constexpr std::size_t kCountAt = 57;
inline constexpr std::size_t kBatchHeaderBytes = 61;

// Offset and length: what stands before the bytes that the length counts, in every magic.
inline constexpr std::size_t kLogOverheadBytes = 12;
// What tells size and magic of an entry of any magic.
inline constexpr std::size_t kPeekBytes = 17;

inline constexpr std::int16_t kCodecMask = 0x07;
inline constexpr std::int16_t kLogAppendTimeBit = 0x08;
inline constexpr std::int16_t kTransactionalBit = 0x10;
inline constexpr std::int16_t kControlBit = 0x20;
inline constexpr std::int16_t kDeleteHorizonBit = 0x40;

inline constexpr std::int64_t kNoProducerId = -1;
inline constexpr std::int16_t kNoProducerEpoch = -1;
inline constexpr std::int32_t kNoSequence = -1;

// `count` sequence numbers after `sequence`; they wrap from 2^31-1 to 0.
std::int32_t sequence_after(std::int32_t sequence, std::int32_t count);

// Cheap to copy; the accessors only load. Made from bytes that hold at least the header
// (a BatchScanner sees to it); everything else about the bytes is unchecked until asked for.
class BatchView {
public:
    explicit BatchView(BytesView bytes) : bytes_(bytes) {
        assert(bytes.size() >= kBatchHeaderBytes);
    }

    BytesView bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    // The records as stored, compressed when codec() says so.
    BytesView payload() const { return bytes_.subspan(kBatchHeaderBytes); }

    std::int64_t base_offset() const { return field<std::int64_t>(kBaseOffsetAt); }
    std::int64_t last_offset() const { return wrapping_add(base_offset(), last_offset_delta()); }
    std::int64_t next_offset() const { return wrapping_add(last_offset(), 1); }
    std::int32_t length() const { return field<std::int32_t>(kLengthAt); }
    std::int32_t leader_epoch() const { return field<std::int32_t>(kLeaderEpochAt); }
    std::int8_t magic() const { return field<std::int8_t>(kMagicAt); }
    std::uint32_t crc() const { return field<std::uint32_t>(kCrcAt); }
    std::int16_t attributes() const { return field<std::int16_t>(kAttributesAt); }
    std::int32_t last_offset_delta() const { return field<std::int32_t>(kLastOffsetDeltaAt); }
    std::int64_t base_timestamp() const { return field<std::int64_t>(kBaseTimestampAt); }
    std::int64_t max_timestamp() const { return field<std::int64_t>(kMaxTimestampAt); }
    std::int64_t producer_id() const { return field<std::int64_t>(kProducerIdAt); }
    std::int16_t producer_epoch() const { return field<std::int16_t>(kProducerEpochAt); }
    std::int32_t base_sequence() const { return field<std::int32_t>(kBaseSequenceAt); }
    std::int32_t last_sequence() const;
    std::int32_t count() const { return field<std::int32_t>(kCountAt); }

    // Nothing for the undefined ids 5 to 7.
    std::optional<Codec> codec() const { return codec_from_id(attributes() & kCodecMask); }
    bool is_compressed() const { return (attributes() & kCodecMask) != 0; }
    TimestampType timestamp_type() const {
        return (attributes() & kLogAppendTimeBit) != 0 ? TimestampType::log_append_time
                                                       : TimestampType::create_time;
    }
    bool is_transactional() const { return (attributes() & kTransactionalBit) != 0; }
    bool is_control() const { return (attributes() & kControlBit) != 0; }
    bool has_producer_id() const { return producer_id() > kNoProducerId; }
    // From when on the cleaner may drop the tombstones in it (KIP-534).
    std::optional<std::int64_t> delete_horizon() const;

    bool crc_ok() const;

    // What its records are counted from, for a RecordReader.
    RecordBase base() const;

private:
    template <class T>
    T field(std::size_t at) const {
        return load_be<T>(bytes_.data() + at);
    }

    BytesView bytes_;
};

// In place, outside the checksum: what a leader stamps on what it appends.
inline void set_base_offset(std::span<std::byte> batch, std::int64_t offset) {
    store_be(batch.data() + kBaseOffsetAt, offset);
}
inline void set_leader_epoch(std::span<std::byte> batch, std::int32_t epoch) {
    store_be(batch.data() + kLeaderEpochAt, epoch);
}

// In place, with a new checksum, unless both are so already. Undefined attribute bits are cleared.
void set_max_timestamp(std::span<std::byte> batch, TimestampType type, std::int64_t timestamp);

}  // namespace kcore::record
