#pragma once
// Who leads a partition and who replicates it, as the metadata image says; nothing about the log.

#include <cstdint>
#include <vector>

namespace kcore::replication {

struct Leadership {
    std::int32_t leader = -1;  // -1: none.
    std::int32_t leader_epoch = -1;
    std::int32_t partition_epoch = -1;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> isr;
};

}  // namespace kcore::replication
