#pragma once
// What a controller is made of: the settings of its decisions, of its log, and of its surroundings.

#include "base/config.h"
#include "broker/host_quotas.h"
#include "controller/controller.h"
#include "protocol/api/controller_registration.h"
#include "raft/node.h"
#include "security/client_quotas.h"

namespace kcore::broker {

struct ControllerOptions {
    controller::Settings settings;
    ConfigMap fixed;  // server.properties
    raft::NodeOptions raft;
    // This controller as it registers itself; the incarnation is new with every process.
    protocol::ControllerRegistrationRequest registration;
    // A broker of this process registers as soon as it can: the first records wait a moment for it,
    // so that both are synced together.
    bool expects_broker = false;
    security::ClientQuotas* client_quotas = nullptr;  // Null: nobody has any.
    io::Pool* names_pool = nullptr;                   // Where that waits; null: with the rest.
    Resolve resolve;                                  // Null: no host has an address.
};

}  // namespace kcore::broker
