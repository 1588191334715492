#include "client/partitioner.h"

#include "base/crc32c.h"

namespace kcore::client {

namespace {

constexpr std::uint32_t kSeed = 0x9747b28c;
constexpr std::uint32_t kMultiplier = 0x5bd1e995;
constexpr int kShift = 24;

}  // namespace

std::int32_t murmur2(BytesView key) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(key[i]); };
    auto hash = kSeed ^ static_cast<std::uint32_t>(key.size());
    std::size_t i = 0;
    for (; i + 4 <= key.size(); i += 4) {
        auto word = at(i) | at(i + 1) << 8 | at(i + 2) << 16 | at(i + 3) << 24;
        word *= kMultiplier;
        word ^= word >> kShift;
        word *= kMultiplier;
        hash = hash * kMultiplier ^ word;
    }
    const auto left = key.size() - i;
    if (left == 3) hash ^= at(i + 2) << 16;
    if (left >= 2) hash ^= at(i + 1) << 8;
    if (left >= 1) hash = (hash ^ at(i)) * kMultiplier;
    hash = (hash ^ hash >> 13) * kMultiplier;
    return static_cast<std::int32_t>(hash ^ hash >> 15);
}

std::int32_t partition_by_murmur2(BytesView key, std::int32_t count) {
    return (murmur2(key) & 0x7fffffff) % count;
}

std::int32_t partition_by_crc32(BytesView key, std::int32_t count) {
    return static_cast<std::int32_t>(crc32(key) % static_cast<std::uint32_t>(count));
}

}  // namespace kcore::client
