#include "groups/scripts/scripts.h"

namespace kcore::groups {

std::vector<cli::Script> scripts() { return {{"kafka-consumer-groups", kafka_consumer_groups}}; }

}  // namespace kcore::groups
