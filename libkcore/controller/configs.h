#pragma once
// AlterConfigs and IncrementalAlterConfigs: what they set is checked whole, then written.

#include <string>
#include <vector>

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/alter_configs.h"
#include "protocol/api/incremental_alter_configs.h"

namespace kcore::controller {

Decision<protocol::AlterConfigsResponse> alter_configs(
    const State& state, const protocol::AlterConfigsRequest& request);
Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const State& state, const protocol::IncrementalAlterConfigsRequest& request);

// The records that make the settings of `resource` `next`. With eligible leader replicas a changed
// min.insync.replicas also clears those.
std::vector<metadata::Record> config_records(const State& state,
                                             const metadata::ConfigResource& resource,
                                             const ConfigMap& next);

}  // namespace kcore::controller
