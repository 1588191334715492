#include "consume/scripts/scripts.h"

namespace kcore::consume {

std::vector<cli::Script> scripts() { return {{"kafka-console-consumer", kafka_console_consumer}}; }

}  // namespace kcore::consume
