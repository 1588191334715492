#pragma once
// Registration, heartbeats, fencing and shutdown of brokers; registration of controllers; blocks of
// producer ids.
//
// States of a broker, as the metadata shows them:
//   fenced --caught up, wants no fence--> active --wants to stop, leads something--> shutting down
//   active or shutting down --session over, wants fence--> fenced
//   shutting down --leads nothing, and every active broker has seen it begin--> fenced, may stop
// A registration of a new incarnation always begins fenced.

#include <cstdint>

#include "controller/decision.h"
#include "controller/state.h"
#include "protocol/api/allocate_producer_ids.h"
#include "protocol/api/broker_heartbeat.h"
#include "protocol/api/broker_registration.h"
#include "protocol/api/controller_registration.h"
#include "protocol/api/unregister_broker.h"
#include "protocol/api/unregister_controller.h"

namespace kcore::controller {

inline constexpr std::int32_t kProducerIdBlock = 1000;

Decision<protocol::BrokerRegistrationResponse> register_broker(
    State& state, const protocol::BrokerRegistrationRequest& request, Moment moment);
Decision<protocol::BrokerHeartbeatResponse> heartbeat(
    State& state, const protocol::BrokerHeartbeatRequest& request, Moment moment);
Decision<protocol::UnregisterBrokerResponse> unregister_broker(
    State& state, const protocol::UnregisterBrokerRequest& request);
Decision<protocol::ControllerRegistrationResponse> register_controller(
    const State& state, const protocol::ControllerRegistrationRequest& request);
Decision<protocol::UnregisterControllerResponse> unregister_controller(
    const State& state, const protocol::UnregisterControllerRequest& request);
Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const State& state, const protocol::AllocateProducerIdsRequest& request);

// Fences the brokers whose session is over.
void fence_silent(State& state, std::int64_t now_ms, std::vector<metadata::Record>& out);

}  // namespace kcore::controller
