#pragma once
// UpdateFeatures: finalized levels go up, and down where nothing would be lost (KIP-584, KIP-778).
// All updates of a request are taken, or none.

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/update_features.h"

namespace kcore::controller {

Decision<protocol::UpdateFeaturesResponse> update_features(
    const State& state, const protocol::UpdateFeaturesRequest& request);

}  // namespace kcore::controller
