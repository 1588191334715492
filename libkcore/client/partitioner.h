#pragma once
// Which partition a record goes to: hashes of keys that other clients agree on, and the rest.

#include <cstdint>

#include "base/bytes.h"

namespace kcore::client {

// As Kafka's Java clients hash keys: murmur2 with seed 0x9747b28c.
std::int32_t murmur2(BytesView key);

// Both for count > 0.
std::int32_t partition_by_murmur2(BytesView key, std::int32_t count);
std::int32_t partition_by_crc32(BytesView key, std::int32_t count);  // librdkafka's consistent.

}  // namespace kcore::client
