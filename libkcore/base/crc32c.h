#pragma once
// CRC-32C (Castagnoli) of record batches and snapshots; CRC-32 (IEEE) of message formats 0 and 1.

#include <cstdint>

#include "base/bytes.h"

namespace kcore {

// `seed` is the result for the bytes before these: crc32c(b, crc32c(a)) == crc32c(a + b).
std::uint32_t crc32c(BytesView bytes, std::uint32_t seed = 0);
std::uint32_t crc32(BytesView bytes, std::uint32_t seed = 0);

}  // namespace kcore
