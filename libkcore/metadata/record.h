#pragma once
// Metadata records as values of the log: a frame (version 1), type and version, then the body.

#include <cstdint>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/metadata/abort_transaction_record.h"
#include "protocol/metadata/access_control_entry_record.h"
#include "protocol/metadata/begin_transaction_record.h"
#include "protocol/metadata/broker_registration_change_record.h"
#include "protocol/metadata/clear_elr_record.h"
#include "protocol/metadata/client_quota_record.h"
#include "protocol/metadata/config_record.h"
#include "protocol/metadata/delegation_token_record.h"
#include "protocol/metadata/end_transaction_record.h"
#include "protocol/metadata/feature_level_record.h"
#include "protocol/metadata/fence_broker_record.h"
#include "protocol/metadata/no_op_record.h"
#include "protocol/metadata/partition_change_record.h"
#include "protocol/metadata/partition_record.h"
#include "protocol/metadata/producer_ids_record.h"
#include "protocol/metadata/register_broker_record.h"
#include "protocol/metadata/register_controller_record.h"
#include "protocol/metadata/remove_access_control_entry_record.h"
#include "protocol/metadata/remove_delegation_token_record.h"
#include "protocol/metadata/remove_topic_record.h"
#include "protocol/metadata/remove_user_scram_credential_record.h"
#include "protocol/metadata/topic_record.h"
#include "protocol/metadata/unfence_broker_record.h"
#include "protocol/metadata/unregister_broker_record.h"
#include "protocol/metadata/unregister_controller_record.h"
#include "protocol/metadata/user_scram_credential_record.h"
#include "protocol/metadata/zk_migration_state_record.h"

namespace kcore::metadata {

using Body =
    std::variant<protocol::RegisterBrokerRecord, protocol::UnregisterBrokerRecord,
                 protocol::TopicRecord, protocol::PartitionRecord, protocol::ConfigRecord,
                 protocol::PartitionChangeRecord, protocol::FenceBrokerRecord,
                 protocol::UnfenceBrokerRecord, protocol::RemoveTopicRecord,
                 protocol::DelegationTokenRecord, protocol::UserScramCredentialRecord,
                 protocol::FeatureLevelRecord, protocol::ClientQuotaRecord,
                 protocol::ProducerIdsRecord, protocol::BrokerRegistrationChangeRecord,
                 protocol::AccessControlEntryRecord, protocol::RemoveAccessControlEntryRecord,
                 protocol::NoOpRecord, protocol::ZkMigrationStateRecord,
                 protocol::RemoveUserScramCredentialRecord, protocol::BeginTransactionRecord,
                 protocol::EndTransactionRecord, protocol::AbortTransactionRecord,
                 protocol::RemoveDelegationTokenRecord, protocol::RegisterControllerRecord,
                 protocol::ClearElrRecord, protocol::UnregisterControllerRecord>;

struct Record {
    Body body;
    std::int16_t version = 0;
};

// The value of a log record. Programmer's error when a field does not fit the version.
Bytes encode_record(const Record& record);

//   corrupt_message      cut short, or a frame this version does not know
//   unsupported_version  an unknown type or version: written by a newer Kafka
Result<Record> decode_record(BytesView value);

}  // namespace kcore::metadata
