#pragma once
// Records as the client's users hold them: views, valid as long as whoever handed them out says.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "record/record.h"

namespace kcore::client {

using Header = record::HeaderView;

// To be produced.
struct Record {
    std::optional<BytesView> key;
    std::optional<BytesView> value;
    std::span<const Header> headers;
    std::int64_t timestamp_ms = -1;  // -1: now.
};

enum class TimestampType : std::uint8_t { create, append };

// As read from a partition.
struct ConsumedRecord {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;
    TimestampType timestamp_type = TimestampType::create;
    std::int32_t leader_epoch = -1;
    std::optional<BytesView> key;
    std::optional<BytesView> value;
    std::span<const Header> headers;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::uint8_t codec = 0;  // As in a batch's attributes.
    bool is_transactional = false;
    bool is_control = false;
    std::int64_t log_start_offset = -1;
    std::int64_t last_stable_offset = -1;
    std::int64_t high_watermark = -1;
};

}  // namespace kcore::client
