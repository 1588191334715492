#pragma once
// The scripts of Kafka that kconsume is when it is called by their names.

#include <vector>

#include "cli/script.h"

namespace kcore::consume {

std::vector<cli::Script> scripts();

cli::Command kafka_console_consumer();

}  // namespace kcore::consume
