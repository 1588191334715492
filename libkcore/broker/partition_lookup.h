#pragma once
// Finding the partition that a request names, with the error for one that is not here.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "broker/services.h"
#include "metadata/image.h"
#include "replication/partition.h"

namespace kcore::broker {

//   unknown_topic_or_partition  the cluster has no such partition
//   kafka_storage_error         it is assigned here, but its log is offline
//   not_leader_or_follower      it is on other brokers
Result<replication::PartitionRef> find_partition(const Services& services,
                                                 const metadata::Image& image,
                                                 std::string_view topic, std::int32_t partition);

}  // namespace kcore::broker
