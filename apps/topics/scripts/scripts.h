#pragma once
// The scripts of Kafka that ktopics is when it is called by their names.

#include <vector>

#include "cli/script.h"

namespace kcore::topics {

std::vector<cli::Script> scripts();

cli::Command kafka_topics();
cli::Command kafka_get_offsets();
cli::Command kafka_delete_records();
cli::Command kafka_leader_election();
cli::Command kafka_log_dirs();

}  // namespace kcore::topics
