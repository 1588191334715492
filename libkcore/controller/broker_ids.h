#pragma once
// Replicas, in-sync replicas and the like: short lists of broker ids whose order counts.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kcore::controller {

using BrokerIds = std::vector<std::int32_t>;

inline bool has(const BrokerIds& ids, std::int32_t id) {
    return std::ranges::find(ids, id) != ids.end();
}

inline BrokerIds without(BrokerIds ids, const BrokerIds& gone) {
    std::erase_if(ids, [&](std::int32_t id) { return has(gone, id); });
    return ids;
}

}  // namespace kcore::controller
