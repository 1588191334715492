#include "admin/scripts/scripts.h"

namespace kcore::admin {

std::vector<cli::Script> scripts() {
    return {{"kafka-broker-api-versions", kafka_broker_api_versions},
            {"kafka-cluster", kafka_cluster},
            {"kafka-configs", kafka_configs}};
}

}  // namespace kcore::admin
