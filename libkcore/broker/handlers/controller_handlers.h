#pragma once
// The handlers of a controller listener. They run on the controller's own loop; the APIs that both
// kinds of listener serve stand in handlers.h.

#include "broker/request.h"

namespace kcore::broker {

Outcome envelope(Request& request);

// What the controller decides: brokers' own requests, and those of admin tools that dial it. For
// the bodies that controller_requests.cc names.
template <class Body>
Outcome decide(Request& request);

// What the replicas of the metadata log ask of each other, and operators of its voters. For the
// bodies that quorum_requests.cc names.
template <class Body>
Outcome ask_replica(Request& request);

}  // namespace kcore::broker
