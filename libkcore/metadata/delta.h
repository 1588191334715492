#pragma once
// The way from one image to the next: applies metadata records to a copy that shares what does not
// change, and notes what does. One thread; a Delta is used once.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "metadata/changes.h"
#include "metadata/image.h"
#include "metadata/record.h"

namespace kcore::metadata {

class Delta {
public:
    explicit Delta(ImagePtr base);
    Delta(const Delta&) = delete;
    Delta& operator=(const Delta&) = delete;

    // An error means that the log cannot be read by this version or contradicts itself; the delta
    // is then to be thrown away.
    //   unsupported_version  record of an unknown type or version
    //   invalid_record_state a change of what does not exist
    Result<void> apply(const Record& record);

    const Image& view() const { return next_; }  // As it is so far.
    const Changes& changes() const { return changes_; }

    // Ends the delta. Fails with invalid_record_state when a topic lacks a partition below its
    // last.
    Result<ImagePtr> build(std::int64_t offset, std::int32_t epoch, std::int64_t timestamp_ms);

private:
    Result<void> on(const protocol::RegisterBrokerRecord& r);
    Result<void> on(const protocol::UnregisterBrokerRecord& r);
    Result<void> on(const protocol::FenceBrokerRecord& r);
    Result<void> on(const protocol::UnfenceBrokerRecord& r);
    Result<void> on(const protocol::BrokerRegistrationChangeRecord& r);
    Result<void> on(const protocol::RegisterControllerRecord& r);
    Result<void> on(const protocol::UnregisterControllerRecord& r);
    Result<void> on(const protocol::TopicRecord& r);
    Result<void> on(const protocol::PartitionRecord& r);
    Result<void> on(const protocol::PartitionChangeRecord& r);
    Result<void> on(const protocol::RemoveTopicRecord& r);
    Result<void> on(const protocol::ClearElrRecord& r);
    Result<void> on(const protocol::ConfigRecord& r);
    Result<void> on(const protocol::FeatureLevelRecord& r);
    Result<void> on(const protocol::ProducerIdsRecord& r);
    Result<void> on(const protocol::ClientQuotaRecord& r);
    Result<void> on(const protocol::UserScramCredentialRecord& r);
    Result<void> on(const protocol::RemoveUserScramCredentialRecord& r);
    Result<void> on(const protocol::AccessControlEntryRecord& r);
    Result<void> on(const protocol::RemoveAccessControlEntryRecord& r);
    Result<void> on(const protocol::DelegationTokenRecord& r);
    Result<void> on(const protocol::RemoveDelegationTokenRecord& r);
    Result<void> on(const protocol::ZkMigrationStateRecord& r);
    Result<void> on(const protocol::NoOpRecord& r);
    Result<void> on(const protocol::BeginTransactionRecord& r);
    Result<void> on(const protocol::EndTransactionRecord& r);
    Result<void> on(const protocol::AbortTransactionRecord& r);

    Result<Broker*> edit_broker(std::int32_t id, std::int64_t epoch, std::string_view record);
    Topic* edit_topic(const Uuid& id);  // Null when there is none.
    Topic& own_topic(const TopicPtr& topic);
    Changes::ChangedTopic& changed(const Topic& topic);
    void clear_elr(const Uuid& topic);
    template <class K, class V>
    std::map<K, V>& edit(Section<K, V>& section);

    Image next_;
    Changes changes_;
    std::map<Uuid, std::shared_ptr<Topic>> own_topics_;  // Those copied for this delta.
    std::set<const void*> own_sections_;
};

}  // namespace kcore::metadata
