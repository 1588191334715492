#pragma once
// How the leader of a classic group shares partitions out: range and round robin.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/topic_partition.h"

namespace kcore::client {

struct Subscriber {
    std::string member_id;
    std::string instance_id;
    std::vector<std::string> topics;
};

using PartitionCounts = std::map<std::string, std::int32_t>;
using Shares = std::map<std::string, std::vector<TopicPartition>>;  // By member id; each has one.

// Each topic in equal runs, the first members getting one more.
Shares assign_range(std::vector<Subscriber> members, const PartitionCounts& counts);

// All partitions in turn over the members that subscribe their topic.
Shares assign_round_robin(std::vector<Subscriber> members, const PartitionCounts& counts);

}  // namespace kcore::client
