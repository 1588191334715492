#pragma once
// What a range means in each partition of some topics: first offset wanted, and first not wanted.

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/position.h"
#include "client/client.h"
#include "client/consumer.h"

namespace kcore::cli {

struct Wanted {
    std::vector<TopicPartition> partitions;
    Range range;
    std::string group;      // For `committed`.
    bool ends_now = false;  // -e: at what is the end of each partition at this moment.
    bool is_read_committed = true;
};

Result<std::vector<client::Assignment>> resolve(client::Client& client, const Wanted& wanted);

}  // namespace kcore::cli
