#pragma once
// What Java sees in a text: lengths and hashes over UTF-16 code units, while ours is UTF-8.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kcore::group {

// String.hashCode(). Bytes that are no UTF-8 count as U+FFFD, as the protocol decodes them.
std::int32_t java_hash(std::string_view text);

// String.length().
std::size_t java_length(std::string_view text);

// The partition of __consumer_offsets that holds a group; `partitions` > 0 and never changes.
std::int32_t partition_of(std::string_view group_id, std::int32_t partitions);

}  // namespace kcore::group
