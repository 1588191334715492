#pragma once
// How the leader of a classic group shares partitions out, by Kafka's four assignors.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/topic_partition.h"

namespace kcore::client {

struct Subscriber {
    std::string member_id;
    std::string instance_id;
    std::vector<std::string> topics;
    std::vector<TopicPartition> owned = {};  // For the sticky ones: what it has,
    std::int32_t generation = -1;            // and since when.
};

// Static members keep their place over restarts, which give them new member ids.
void sort_members(std::vector<Subscriber>& members);

using PartitionCounts = std::map<std::string, std::int32_t>;
using Shares = std::map<std::string, std::vector<TopicPartition>>;  // By member id; each has one.

// Each topic in equal runs, the first members getting one more.
Shares assign_range(std::vector<Subscriber> members, const PartitionCounts& counts);

// All partitions in turn over the members that subscribe their topic.
Shares assign_round_robin(std::vector<Subscriber> members, const PartitionCounts& counts);

// Balanced, and everybody keeps what it has as far as that is possible. What two members of the
// same generation say to have, neither keeps.
Shares assign_sticky(std::vector<Subscriber> members, const PartitionCounts& counts);

// The same, but what moves is given to nobody until its owner has let it go and the group
// rebalances once more (KIP-429).
Shares assign_cooperative_sticky(std::vector<Subscriber> members, const PartitionCounts& counts);

using Assign = Shares (*)(std::vector<Subscriber>, const PartitionCounts&);
// By the name that members give: range, roundrobin, sticky, cooperative-sticky. Else null.
Assign assignor_by_name(std::string_view name);

}  // namespace kcore::client
