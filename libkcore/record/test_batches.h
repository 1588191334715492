#pragma once
// For tests of this layer and those above: bytes from hex, and batches that are wrong on purpose.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "record/batch.h"

namespace kcore::record::testing {

Bytes from_hex(std::string_view hex);

// One record's wire form; what is set to odd values goes out as it is.
struct RawRecord {
    std::int32_t offset_delta = 0;
    std::optional<std::string_view> key = std::nullopt;
    std::optional<std::string_view> value = "";
    std::int64_t timestamp_delta = 0;
    std::int8_t attributes = 0;
    std::optional<std::int32_t> size = std::nullopt;          // Else the true one.
    std::optional<std::int32_t> header_count = std::nullopt;  // Else the true one.
    std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers = {};
    std::string_view extra = {};

    Bytes bytes() const;
};

inline constexpr std::int64_t kBaseTime = 1'600'000'000'000;

// A batch whose header says whatever it is told to, with a right checksum unless told otherwise.
struct RawBatch {
    std::vector<RawRecord> records = {};
    Codec codec = Codec::none;
    std::int64_t base_offset = 0;
    std::int64_t base_timestamp = kBaseTime;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t base_sequence = -1;
    std::int8_t magic = 2;
    std::int16_t attribute_bits = 0;  // Added to the codec's.
    std::optional<std::int64_t> max_timestamp = std::nullopt;
    std::optional<std::int32_t> count = std::nullopt;
    std::optional<std::int32_t> last_offset_delta = std::nullopt;
    std::optional<std::uint32_t> crc = std::nullopt;
    std::optional<std::int32_t> length = std::nullopt;
    std::optional<Bytes> payload = std::nullopt;  // Instead of the compressed records.

    Bytes bytes() const;
};

// `n` records k0=v0, k1=v1, ... one millisecond apart.
RawBatch plain_batch(int n, Codec codec = Codec::none);

// The records as they stand between header and codec.
Bytes record_bytes(const std::vector<RawRecord>& records);
Bytes compressed(Codec codec, BytesView input);

}  // namespace kcore::record::testing
