#pragma once
// Replica lists of new partitions: asked for by hand and checked, or placed; and the records of
// partitions that begin with them.

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/state.h"

namespace kcore::controller {

using Replicas = std::vector<std::int32_t>;

//   invalid_replica_assignment  empty, a broker twice or not registered, or not `replicas` of them
Result<void> check_replicas(const State& state, const Replicas& assigned,
                            std::optional<std::size_t> replicas);

// By the placer, over all brokers that can take partitions.
Result<std::vector<Replicas>> place_replicas(const State& state, std::int32_t partitions,
                                             std::int16_t replicas);

// The first record of a partition: led by the first active replica.
//   invalid_replica_assignment  no replica is on an active broker
Result<metadata::Record> new_partition(const State& state, const Uuid& topic, std::int32_t number,
                                       const Replicas& replicas);

}  // namespace kcore::controller
