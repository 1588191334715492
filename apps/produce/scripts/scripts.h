#pragma once
// The scripts of Kafka that kproduce is when it is called by their names.

#include <vector>

#include "cli/script.h"

namespace kcore::produce {

std::vector<cli::Script> scripts();

cli::Command kafka_console_producer();

}  // namespace kcore::produce
