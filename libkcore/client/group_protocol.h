#pragma once
// What the members of a classic consumer group tell each other through the coordinator:
// subscriptions and assignments, as bytes.

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/topic_partition.h"

namespace kcore::client {

struct Subscription {
    std::vector<std::string> topics;
    std::vector<TopicPartition> owned = {};
    std::int32_t generation = -1;  // In which it got them.
    std::string rack = {};
    Bytes user_data = {};  // The assignor's own; empty: none.
};
Bytes encode_subscription(const Subscription& subscription);
// corrupt_message: not a subscription. Versions above ours are read as ours.
Result<Subscription> decode_subscription(BytesView bytes);

// User data of the sticky assignor: what the member had, which it does not own any more when it
// joins. Older members leave the generation out (-1). Nothing when it is not that.
Bytes encode_sticky_data(const std::vector<TopicPartition>& had, std::int32_t generation);
struct StickyData {
    std::vector<TopicPartition> had;
    std::int32_t generation = -1;
};
std::optional<StickyData> decode_sticky_data(BytesView bytes);

// User data of the cooperative sticky assignor: the generation, for members whose subscriptions
// have no field for it.
Bytes encode_cooperative_data(std::int32_t generation);

Bytes encode_assignment(const std::vector<TopicPartition>& partitions);
// Empty bytes are no partitions. corrupt_message: not an assignment.
Result<std::vector<TopicPartition>> decode_assignment(BytesView bytes);

}  // namespace kcore::client
