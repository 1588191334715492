#pragma once
// The scripts of Kafka that kgroups is when it is called by their names.

#include <vector>

#include "cli/script.h"

namespace kcore::groups {

std::vector<cli::Script> scripts();

cli::Command kafka_consumer_groups();

}  // namespace kcore::groups
