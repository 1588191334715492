#pragma once
// Reads a partition of __consumer_offsets from its start and gives every record to a coordinator.

#include <cstdint>

#include "base/result.h"
#include "group/coordinator.h"
#include "replication/partition.h"

namespace kcore::broker {

// Blocks: on a pool. Gives the offset after the last record.
//   kafka_storage_error, corrupt_message  the log cannot be read
Result<std::int64_t> replay_group_log(replication::Partition& partition,
                                      group::Coordinator& coordinator);

}  // namespace kcore::broker
