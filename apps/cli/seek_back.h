#pragma once
// The last N records of partitions, where offsets may be missing: compaction leaves gaps, and
// transaction markers are no records.

#include <map>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "client/consumer.h"

namespace kcore::cli {

// Moves starts down until `count` records lie between start and `ends`, or to `begins`. Both hold
// every partition.
Result<void> seek_back(client::Client& client, std::int64_t count,
                       const std::map<TopicPartition, std::int64_t>& begins,
                       const std::map<TopicPartition, std::int64_t>& ends,
                       std::map<TopicPartition, std::int64_t>& starts);

}  // namespace kcore::cli
