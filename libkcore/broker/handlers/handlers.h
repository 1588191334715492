#pragma once
// One function per API, each in a file of its name. See Handler for what it gives back.

#include "broker/request.h"

namespace kcore::broker {

Outcome delete_groups(Request& request);
Outcome delete_records(Request& request);
Outcome describe_groups(Request& request);
Outcome describe_log_dirs(Request& request);
Outcome fetch(Request& request);
Outcome heartbeat(Request& request);
Outcome join_group(Request& request);
Outcome leave_group(Request& request);
Outcome list_groups(Request& request);
Outcome list_offsets(Request& request);
Outcome offset_commit(Request& request);
Outcome offset_delete(Request& request);
Outcome offset_fetch(Request& request);
Outcome offset_for_leader_epoch(Request& request);
Outcome produce(Request& request);
Outcome sync_group(Request& request);

}  // namespace kcore::broker
