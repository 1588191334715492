#pragma once
// The scripts of Kafka about a cluster that kbroker is when it is called by their names.

#include <vector>

#include "cli/script.h"

namespace kcore::admin {

std::vector<cli::Script> scripts();

cli::Command kafka_broker_api_versions();
cli::Command kafka_cluster();
cli::Command kafka_configs();

}  // namespace kcore::admin
