#include "topics/scripts/scripts.h"

namespace kcore::topics {

std::vector<cli::Script> scripts() {
    return {{"kafka-topics", kafka_topics},
            {"kafka-get-offsets", kafka_get_offsets},
            {"kafka-delete-records", kafka_delete_records},
            {"kafka-leader-election", kafka_leader_election},
            {"kafka-log-dirs", kafka_log_dirs}};
}

}  // namespace kcore::topics
