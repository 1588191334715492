#pragma once
// Where the replicas of partitions go, so that as few as possible move and racks and brokers share
// them evenly.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kcore::topics {

using Replicas = std::vector<std::int32_t>;

// New replicas of each partition, of `brokers` (id and rack, "" for none) and `factor` each. Those
// that may stay do, in their order; the others go to the least loaded broker, of another rack than
// the partition's when there is one. `factor` is at most the number of brokers.
std::vector<Replicas> place(const std::vector<Replicas>& now,
                            const std::map<std::int32_t, std::string>& brokers, std::size_t factor);

}  // namespace kcore::topics
