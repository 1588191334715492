#include "broker/apis.h"

#include "broker/handlers/controller_handlers.h"
#include "broker/handlers/handlers.h"
#include "protocol/api/add_raft_voter.h"
#include "protocol/api/allocate_producer_ids.h"
#include "protocol/api/alter_client_quotas.h"
#include "protocol/api/alter_configs.h"
#include "protocol/api/alter_partition.h"
#include "protocol/api/alter_partition_reassignments.h"
#include "protocol/api/alter_replica_log_dirs.h"
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
#include "protocol/api/sasl_authenticate.h"
#include "protocol/api/sasl_handshake.h"
#include "protocol/api/sync_group.h"
#include "protocol/api/unregister_broker.h"
#include "protocol/api/unregister_controller.h"
#include "protocol/api/update_features.h"
#include "protocol/api/update_raft_voter.h"
#include "protocol/api/vote.h"

namespace kcore::broker {

namespace {

template <class Body>
Api handed_on() {
    return api<Body>(hand_on<Body>);
}
template <class Body>
Api decided() {
    return api<Body>(decide<Body>);
}
template <class Body>
Api asked() {
    return api<Body>(ask_replica<Body>);
}

}  // namespace

Dispatch broker_apis(bool with_unstable_versions) {
    using namespace protocol;
    return {{handed_on<AddRaftVoterRequest>(),
             handed_on<AlterClientQuotasRequest>(),
             api<AlterConfigsRequest>(alter_configs),
             handed_on<AlterPartitionReassignmentsRequest>(),
             api<AlterReplicaLogDirsRequest>(alter_replica_log_dirs),
             handed_on<AlterUserScramCredentialsRequest>(),
             api<ApiVersionsRequest>(api_versions),
             api<CreateAclsRequest>(create_acls),
             api<CreateDelegationTokenRequest>(create_delegation_token),
             handed_on<CreatePartitionsRequest>(),
             handed_on<CreateTopicsRequest>(),
             api<DeleteAclsRequest>(delete_acls),
             api<DeleteGroupsRequest>(delete_groups),
             api<DeleteRecordsRequest>(delete_records),
             handed_on<DeleteTopicsRequest>(),
             api<DescribeAclsRequest>(describe_acls),
             api<DescribeClientQuotasRequest>(describe_client_quotas),
             api<DescribeClusterRequest>(describe_cluster),
             api<DescribeConfigsRequest>(describe_configs),
             api<DescribeDelegationTokenRequest>(describe_delegation_token),
             api<DescribeGroupsRequest>(describe_groups),
             api<DescribeLogDirsRequest>(describe_log_dirs),
             api<DescribeProducersRequest>(describe_producers),
             handed_on<DescribeQuorumRequest>(),
             api<DescribeTopicPartitionsRequest>(describe_topic_partitions),
             api<DescribeUserScramCredentialsRequest>(describe_user_scram_credentials),
             handed_on<ElectLeadersRequest>(),
             api<ExpireDelegationTokenRequest>(expire_delegation_token),
             api<FetchRequest>(fetch),
             api<FindCoordinatorRequest>(find_coordinator),
             telemetry_api<GetTelemetrySubscriptionsRequest>(get_telemetry_subscriptions),
             api<HeartbeatRequest>(heartbeat),
             api<IncrementalAlterConfigsRequest>(incremental_alter_configs),
             api<InitProducerIdRequest>(init_producer_id),
             api<JoinGroupRequest>(join_group),
             api<LeaveGroupRequest>(leave_group),
             api<ListConfigResourcesRequest>(list_config_resources),
             api<ListGroupsRequest>(list_groups),
             api<ListOffsetsRequest>(list_offsets),
             handed_on<ListPartitionReassignmentsRequest>(),
             api<MetadataRequest>(metadata),
             api<OffsetCommitRequest>(offset_commit),
             api<OffsetDeleteRequest>(offset_delete),
             api<OffsetFetchRequest>(offset_fetch),
             api<OffsetForLeaderEpochRequest>(offset_for_leader_epoch),
             api<ProduceRequest>(produce),
             telemetry_api<PushTelemetryRequest>(push_telemetry),
             handed_on<RemoveRaftVoterRequest>(),
             api<RenewDelegationTokenRequest>(renew_delegation_token),
             api<SaslAuthenticateRequest>(sasl_authenticate),
             api<SaslHandshakeRequest>(sasl_handshake),
             api<SyncGroupRequest>(sync_group),
             handed_on<UnregisterBrokerRequest>(),
             handed_on<UnregisterControllerRequest>(),
             handed_on<UpdateFeaturesRequest>()},
            with_unstable_versions};
}

Dispatch controller_apis(bool with_unstable_versions) {
    using namespace protocol;
    return {{asked<AddRaftVoterRequest>(),
             decided<AllocateProducerIdsRequest>(),
             decided<AlterClientQuotasRequest>(),
             decided<AlterConfigsRequest>(),
             decided<AlterPartitionReassignmentsRequest>(),
             decided<AlterPartitionRequest>(),
             decided<AlterUserScramCredentialsRequest>(),
             api<ApiVersionsRequest>(api_versions),
             decided<AssignReplicasToDirsRequest>(),
             asked<BeginQuorumEpochRequest>(),
             decided<BrokerHeartbeatRequest>(),
             decided<BrokerRegistrationRequest>(),
             decided<ControllerRegistrationRequest>(),
             api<CreateAclsRequest>(create_acls),
             api<CreateDelegationTokenRequest>(create_delegation_token),
             decided<CreatePartitionsRequest>(),
             decided<CreateTopicsRequest>(),
             api<DeleteAclsRequest>(delete_acls),
             decided<DeleteTopicsRequest>(),
             api<DescribeAclsRequest>(describe_acls),
             api<DescribeClusterRequest>(describe_cluster),
             api<DescribeConfigsRequest>(describe_configs),
             api<DescribeDelegationTokenRequest>(describe_delegation_token),
             decided<DescribeQuorumRequest>(),
             api<DescribeUserScramCredentialsRequest>(describe_user_scram_credentials),
             decided<ElectLeadersRequest>(),
             asked<EndQuorumEpochRequest>(),
             api<EnvelopeRequest>(envelope),
             api<ExpireDelegationTokenRequest>(expire_delegation_token),
             asked<FetchRequest>(),
             asked<FetchSnapshotRequest>(),
             decided<IncrementalAlterConfigsRequest>(),
             decided<ListPartitionReassignmentsRequest>(),
             asked<RemoveRaftVoterRequest>(),
             api<RenewDelegationTokenRequest>(renew_delegation_token),
             decided<UnregisterBrokerRequest>(),
             decided<UnregisterControllerRequest>(),
             decided<UpdateFeaturesRequest>(),
             asked<UpdateRaftVoterRequest>(),
             asked<VoteRequest>()},
            with_unstable_versions};
}

}  // namespace kcore::broker
