#include "produce/scripts/scripts.h"

namespace kcore::produce {

std::vector<cli::Script> scripts() { return {{"kafka-console-producer", kafka_console_producer}}; }

}  // namespace kcore::produce
