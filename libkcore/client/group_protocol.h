#pragma once
// What the members of a classic consumer group tell each other through the coordinator:
// subscriptions and assignments, as bytes.

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/topic_partition.h"

namespace kcore::client {

Bytes encode_subscription(const std::vector<std::string>& topics,
                          const std::vector<TopicPartition>& owned, std::int32_t generation);
// corrupt_message: not a subscription. Versions above ours are read as ours.
Result<std::vector<std::string>> decode_subscription(BytesView bytes);

Bytes encode_assignment(const std::vector<TopicPartition>& partitions);
// Empty bytes are no partitions. corrupt_message: not an assignment.
Result<std::vector<TopicPartition>> decode_assignment(BytesView bytes);

}  // namespace kcore::client
