#pragma once
// One function per API, each in a file of its name. See Handler for what it gives back.

#include "broker/request.h"

namespace kcore::broker {

Outcome delete_records(Request& request);
Outcome describe_log_dirs(Request& request);
Outcome fetch(Request& request);
Outcome list_offsets(Request& request);
Outcome offset_for_leader_epoch(Request& request);
Outcome produce(Request& request);

}  // namespace kcore::broker
