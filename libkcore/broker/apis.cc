#include "broker/apis.h"

#include "broker/handlers/controller_handlers.h"
#include "broker/handlers/handlers.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/allocate_producer_ids.h"
#include "protocol/api/alter_client_quotas.h"
#include "protocol/api/alter_configs.h"
#include "protocol/api/alter_partition.h"
#include "protocol/api/alter_partition_reassignments.h"
#include "protocol/api/alter_user_scram_credentials.h"
#include "protocol/api/api_versions.h"
#include "protocol/api/assign_replicas_to_dirs.h"
#include "protocol/api/begin_quorum_epoch.h"
#include "protocol/api/broker_heartbeat.h"
#include "protocol/api/broker_registration.h"
#include "protocol/api/controller_registration.h"
#include "protocol/api/create_acls.h"
#include "protocol/api/create_delegation_token.h"
#include "protocol/api/create_partitions.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/delete_acls.h"
#include "protocol/api/delete_groups.h"
#include "protocol/api/delete_records.h"
#include "protocol/api/delete_topics.h"
#include "protocol/api/describe_acls.h"
#include "protocol/api/describe_client_quotas.h"
#include "protocol/api/describe_cluster.h"
#include "protocol/api/describe_configs.h"
#include "protocol/api/describe_delegation_token.h"
#include "protocol/api/describe_groups.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/describe_producers.h"
#include "protocol/api/describe_quorum.h"
#include "protocol/api/describe_topic_partitions.h"
#include "protocol/api/describe_user_scram_credentials.h"
#include "protocol/api/elect_leaders.h"
#include "protocol/api/end_quorum_epoch.h"
#include "protocol/api/envelope.h"
#include "protocol/api/expire_delegation_token.h"
#include "protocol/api/fetch.h"
#include "protocol/api/fetch_snapshot.h"
#include "protocol/api/find_coordinator.h"
#include "protocol/api/get_telemetry_subscriptions.h"
#include "protocol/api/heartbeat.h"
#include "protocol/api/incremental_alter_configs.h"
#include "protocol/api/init_producer_id.h"
#include "protocol/api/join_group.h"
#include "protocol/api/leave_group.h"
#include "protocol/api/list_config_resources.h"
#include "protocol/api/list_groups.h"
#include "protocol/api/list_offsets.h"
#include "protocol/api/list_partition_reassignments.h"
#include "protocol/api/metadata.h"
#include "protocol/api/offset_commit.h"
#include "protocol/api/offset_delete.h"
#include "protocol/api/offset_fetch.h"
#include "protocol/api/offset_for_leader_epoch.h"
#include "protocol/api/produce.h"
#include "protocol/api/push_telemetry.h"
#include "protocol/api/remove_raft_voter.h"
#include "protocol/api/renew_delegation_token.h"
#include "protocol/api/sync_group.h"
#include "protocol/api/unregister_broker.h"
#include "protocol/api/unregister_controller.h"
#include "protocol/api/update_features.h"
#include "protocol/api/update_raft_voter.h"
#include "protocol/api/vote.h"

namespace kcore::broker {

Dispatch broker_apis(bool with_unstable_versions) {
    using namespace protocol;
    return {{api<AddRaftVoterRequest>(add_raft_voter),
             api<AlterClientQuotasRequest>(alter_client_quotas),
             api<AlterConfigsRequest>(alter_configs),
             api<AlterPartitionReassignmentsRequest>(alter_partition_reassignments),
             api<AlterUserScramCredentialsRequest>(alter_user_scram_credentials),
             api<ApiVersionsRequest>(api_versions),
             api<CreateAclsRequest>(create_acls),
             api<CreateDelegationTokenRequest>(create_delegation_token),
             api<CreatePartitionsRequest>(create_partitions),
             api<CreateTopicsRequest>(create_topics),
             api<DeleteAclsRequest>(delete_acls),
             api<DeleteGroupsRequest>(delete_groups),
             api<DeleteRecordsRequest>(delete_records),
             api<DeleteTopicsRequest>(delete_topics),
             api<DescribeAclsRequest>(describe_acls),
             api<DescribeClientQuotasRequest>(describe_client_quotas),
             api<DescribeClusterRequest>(describe_cluster),
             api<DescribeConfigsRequest>(describe_configs),
             api<DescribeDelegationTokenRequest>(describe_delegation_token),
             api<DescribeGroupsRequest>(describe_groups),
             api<DescribeLogDirsRequest>(describe_log_dirs),
             api<DescribeProducersRequest>(describe_producers),
             api<DescribeQuorumRequest>(describe_quorum),
             api<DescribeTopicPartitionsRequest>(describe_topic_partitions),
             api<DescribeUserScramCredentialsRequest>(describe_user_scram_credentials),
             api<ElectLeadersRequest>(elect_leaders),
             api<ExpireDelegationTokenRequest>(expire_delegation_token),
             api<FetchRequest>(fetch),
             api<FindCoordinatorRequest>(find_coordinator),
             hidden_api<GetTelemetrySubscriptionsRequest>(get_telemetry_subscriptions),
             api<HeartbeatRequest>(heartbeat),
             api<IncrementalAlterConfigsRequest>(incremental_alter_configs),
             api<InitProducerIdRequest>(init_producer_id),
             api<JoinGroupRequest>(join_group),
             api<LeaveGroupRequest>(leave_group),
             api<ListConfigResourcesRequest>(list_config_resources),
             api<ListGroupsRequest>(list_groups),
             api<ListOffsetsRequest>(list_offsets),
             api<ListPartitionReassignmentsRequest>(list_partition_reassignments),
             api<MetadataRequest>(metadata),
             api<OffsetCommitRequest>(offset_commit),
             api<OffsetDeleteRequest>(offset_delete),
             api<OffsetFetchRequest>(offset_fetch),
             api<OffsetForLeaderEpochRequest>(offset_for_leader_epoch),
             api<ProduceRequest>(produce),
             hidden_api<PushTelemetryRequest>(push_telemetry),
             api<RemoveRaftVoterRequest>(remove_raft_voter),
             api<RenewDelegationTokenRequest>(renew_delegation_token),
             api<SyncGroupRequest>(sync_group),
             api<UnregisterBrokerRequest>(unregister_broker),
             api<UnregisterControllerRequest>(unregister_controller),
             api<UpdateFeaturesRequest>(update_features)},
            with_unstable_versions};
}

Dispatch controller_apis(bool with_unstable_versions) {
    using namespace protocol;
    return {{api<AddRaftVoterRequest>(add_raft_voter_here),
             api<AllocateProducerIdsRequest>(allocate_producer_ids),
             api<AlterClientQuotasRequest>(alter_client_quotas_here),
             api<AlterConfigsRequest>(alter_configs_here),
             api<AlterPartitionReassignmentsRequest>(alter_partition_reassignments_here),
             api<AlterPartitionRequest>(alter_partition),
             api<AlterUserScramCredentialsRequest>(alter_user_scram_credentials_here),
             api<ApiVersionsRequest>(api_versions),
             api<AssignReplicasToDirsRequest>(assign_replicas_to_dirs),
             api<BeginQuorumEpochRequest>(begin_quorum_epoch),
             api<BrokerHeartbeatRequest>(broker_heartbeat),
             api<BrokerRegistrationRequest>(broker_registration),
             api<ControllerRegistrationRequest>(controller_registration),
             api<CreateAclsRequest>(create_acls),
             api<CreateDelegationTokenRequest>(create_delegation_token),
             api<CreatePartitionsRequest>(create_partitions_here),
             api<CreateTopicsRequest>(create_topics_here),
             api<DeleteAclsRequest>(delete_acls),
             api<DeleteTopicsRequest>(delete_topics_here),
             api<DescribeAclsRequest>(describe_acls),
             api<DescribeClusterRequest>(describe_cluster),
             api<DescribeConfigsRequest>(describe_configs),
             api<DescribeDelegationTokenRequest>(describe_delegation_token),
             api<DescribeQuorumRequest>(describe_quorum_here),
             api<DescribeUserScramCredentialsRequest>(describe_user_scram_credentials),
             api<ElectLeadersRequest>(elect_leaders_here),
             api<EndQuorumEpochRequest>(end_quorum_epoch),
             api<EnvelopeRequest>(envelope),
             api<ExpireDelegationTokenRequest>(expire_delegation_token),
             api<FetchRequest>(fetch_metadata),
             api<FetchSnapshotRequest>(fetch_snapshot),
             api<IncrementalAlterConfigsRequest>(incremental_alter_configs_here),
             api<ListPartitionReassignmentsRequest>(list_partition_reassignments_here),
             api<RemoveRaftVoterRequest>(remove_raft_voter_here),
             api<RenewDelegationTokenRequest>(renew_delegation_token),
             api<UnregisterBrokerRequest>(unregister_broker_here),
             api<UnregisterControllerRequest>(unregister_controller_here),
             api<UpdateFeaturesRequest>(update_features_here),
             api<UpdateRaftVoterRequest>(update_raft_voter),
             api<VoteRequest>(vote)},
            with_unstable_versions};
}

}  // namespace kcore::broker
