#pragma once
// The handlers of a controller listener. They run on the controller's own loop; the APIs that both
// kinds of listener serve stand in handlers.h.

#include "broker/request.h"

namespace kcore::broker {

Outcome allocate_producer_ids(Request& request);
Outcome alter_partition(Request& request);
Outcome assign_replicas_to_dirs(Request& request);
Outcome broker_heartbeat(Request& request);
Outcome broker_registration(Request& request);
Outcome controller_registration(Request& request);
Outcome envelope(Request& request);

// Between the replicas of the metadata log.
Outcome begin_quorum_epoch(Request& request);
Outcome end_quorum_epoch(Request& request);
Outcome fetch_metadata(Request& request);
Outcome fetch_snapshot(Request& request);
Outcome update_raft_voter(Request& request);
Outcome vote(Request& request);

// Straight from an admin tool, without an Envelope around it.
Outcome add_raft_voter_here(Request& request);
Outcome alter_client_quotas_here(Request& request);
Outcome alter_configs_here(Request& request);
Outcome alter_partition_reassignments_here(Request& request);
Outcome alter_user_scram_credentials_here(Request& request);
Outcome create_partitions_here(Request& request);
Outcome create_topics_here(Request& request);
Outcome delete_topics_here(Request& request);
Outcome describe_quorum_here(Request& request);
Outcome elect_leaders_here(Request& request);
Outcome incremental_alter_configs_here(Request& request);
Outcome list_partition_reassignments_here(Request& request);
Outcome remove_raft_voter_here(Request& request);
Outcome unregister_broker_here(Request& request);
Outcome unregister_controller_here(Request& request);
Outcome update_features_here(Request& request);

}  // namespace kcore::broker
