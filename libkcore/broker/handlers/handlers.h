#pragma once
// The handlers of all APIs that brokers serve, one per file of the API's name; which listener
// serves what stands in broker/apis.cc. See Handler for what each gives back.

#include "broker/request.h"

namespace kcore::broker {

Outcome alter_configs(Request& request);
Outcome alter_replica_log_dirs(Request& request);
Outcome api_versions(Request& request);
Outcome create_acls(Request& request);
Outcome create_delegation_token(Request& request);
Outcome delete_acls(Request& request);
Outcome delete_groups(Request& request);
Outcome delete_records(Request& request);
Outcome describe_acls(Request& request);
Outcome describe_client_quotas(Request& request);
Outcome describe_cluster(Request& request);
Outcome describe_configs(Request& request);
Outcome describe_delegation_token(Request& request);
Outcome describe_groups(Request& request);
Outcome describe_log_dirs(Request& request);
Outcome describe_producers(Request& request);
Outcome describe_topic_partitions(Request& request);
Outcome describe_user_scram_credentials(Request& request);
Outcome expire_delegation_token(Request& request);
Outcome fetch(Request& request);
Outcome find_coordinator(Request& request);
Outcome get_telemetry_subscriptions(Request& request);
Outcome heartbeat(Request& request);
Outcome incremental_alter_configs(Request& request);
Outcome init_producer_id(Request& request);
Outcome join_group(Request& request);
Outcome leave_group(Request& request);
Outcome list_config_resources(Request& request);
Outcome list_groups(Request& request);
Outcome list_offsets(Request& request);
Outcome metadata(Request& request);
Outcome offset_commit(Request& request);
Outcome offset_delete(Request& request);
Outcome offset_fetch(Request& request);
Outcome offset_for_leader_epoch(Request& request);
Outcome produce(Request& request);
Outcome push_telemetry(Request& request);
Outcome renew_delegation_token(Request& request);
Outcome sasl_authenticate(Request& request);
Outcome sasl_handshake(Request& request);
Outcome sync_group(Request& request);

// What the controller decides: handed on to it. For the bodies that hand_on.cc names.
template <class Body>
Outcome hand_on(Request& request);

}  // namespace kcore::broker
