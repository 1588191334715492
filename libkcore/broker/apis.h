#pragma once
// What is implemented, and so advertised: the table of APIs for each kind of listener.

#include "broker/dispatch.h"

namespace kcore::broker {

Dispatch broker_apis(bool with_unstable_versions);
Dispatch controller_apis(bool with_unstable_versions);

}  // namespace kcore::broker
