#include "record/batch.h"

#include "base/crc32c.h"

namespace kcore::record {

std::int32_t sequence_after(std::int32_t sequence, std::int32_t count) {
    const auto sum = static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(count);
    return static_cast<std::int32_t>(sum & 0x7fffffffU);
}

std::int32_t BatchView::last_sequence() const {
    if (base_sequence() == kNoSequence) return kNoSequence;
    return sequence_after(base_sequence(), last_offset_delta());
}

std::optional<std::int64_t> BatchView::delete_horizon() const {
    if ((attributes() & kDeleteHorizonBit) == 0) return std::nullopt;
    return base_timestamp();
}

bool BatchView::crc_ok() const { return crc32c(bytes_.subspan(kAttributesAt)) == crc(); }

RecordBase BatchView::base() const {
    return {.offset = base_offset(),
            .timestamp = base_timestamp(),
            .append_time = max_timestamp(),
            .is_append_time = timestamp_type() == TimestampType::log_append_time,
            .count = count()};
}

void set_max_timestamp(std::span<std::byte> batch, TimestampType type, std::int64_t timestamp) {
    const BatchView view(batch);
    if (view.timestamp_type() == type && view.max_timestamp() == timestamp) return;
    constexpr auto kKept = kCodecMask | kTransactionalBit | kControlBit | kDeleteHorizonBit;
    auto attributes = view.attributes() & kKept;
    if (type == TimestampType::log_append_time) attributes |= kLogAppendTimeBit;
    store_be(batch.data() + kAttributesAt, static_cast<std::int16_t>(attributes));
    store_be(batch.data() + kMaxTimestampAt, timestamp);
    store_be(batch.data() + kCrcAt, crc32c(batch.subspan(kAttributesAt)));
}

}  // namespace kcore::record
