#include "metadata/delta.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kcore::metadata {
namespace {

// Far above what a cluster can serve; keeps a damaged record from taking all memory.
constexpr std::int32_t kPartitionsMax = 1'000'000;

constexpr std::int32_t kLeaderUnchanged = -2;

template <class From>
std::vector<Endpoint> endpoints_of(const From& from) {
    std::vector<Endpoint> to;
    for (const auto& e : from) to.push_back({e.name, e.host, e.port, e.security_protocol});
    return to;
}

template <class From>
std::vector<FeatureRange> features_of(const From& from) {
    std::vector<FeatureRange> to;
    for (const auto& f : from) {
        to.push_back({f.name, f.min_supported_version, f.max_supported_version});
    }
    return to;
}

// Replicas that stay keep their directory, new ones have none yet.
std::vector<Uuid> directories_for(const std::vector<std::int32_t>& replicas, const Partition& old) {
    if (old.directories.empty()) return {};
    std::vector<Uuid> to;
    for (const auto replica : replicas) {
        const bool stays = std::ranges::find(old.replicas, replica) != old.replicas.end();
        to.push_back(stays ? old.directory_of(replica) : kDirUnassigned);
    }
    return to;
}

}  // namespace

Delta::Delta(ImagePtr base) : next_(*base) {}

template <class K, class V>
std::map<K, V>& Delta::edit(Section<K, V>& section) {
    if (own_sections_.insert(&section).second) section = std::make_shared<std::map<K, V>>(*section);
    return const_cast<std::map<K, V>&>(
        *section);  // Made just above, not const, shared with nobody.
}

Result<void> Delta::apply(const Record& record) {
    return std::visit([&](const auto& body) { return on(body); }, record.body);
}

Result<ImagePtr> Delta::build(std::int64_t offset, std::int32_t epoch, std::int64_t timestamp_ms) {
    for (const auto& [id, topic] : own_topics_) {
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            if (topic->partitions[i]) continue;
            return fail(Errc::invalid_record_state,
                        fmt::format("{} has {} partitions but no partition {}", topic->name,
                                    topic->partitions.size(), i));
        }
    }
    next_.offset = offset;
    next_.epoch = epoch;
    next_.timestamp_ms = timestamp_ms;
    return std::make_shared<const Image>(std::move(next_));
}

Result<Broker*> Delta::edit_broker(std::int32_t id, std::int64_t epoch, std::string_view record) {
    const auto* known = next_.broker(id);
    if (known == nullptr || known->epoch != epoch) {
        return fail(Errc::invalid_record_state,
                    fmt::format("{} names broker {} of epoch {}, registered is epoch {}", record,
                                id, epoch, known == nullptr ? -1 : known->epoch));
    }
    auto copy = std::make_shared<Broker>(*known);
    auto* raw = copy.get();
    edit(next_.brokers)[id] = std::move(copy);
    changes_.brokers.insert(id);
    return raw;
}

Result<void> Delta::on(const protocol::RegisterBrokerRecord& r) {
    auto broker = std::make_shared<Broker>();
    broker->id = r.broker_id;
    broker->epoch = r.broker_epoch;
    broker->incarnation = r.incarnation_id;
    broker->endpoints = endpoints_of(r.end_points);
    broker->features = features_of(r.features);
    broker->rack = r.rack;
    broker->fenced = r.fenced;
    broker->in_controlled_shutdown = r.in_controlled_shutdown;
    broker->is_migrating_zk_broker = r.is_migrating_zk_broker;
    broker->log_dirs = r.log_dirs;
    broker->cordoned_log_dirs = r.cordoned_log_dirs;
    broker->unknown_tags = r.unknown_tags;
    edit(next_.brokers)[r.broker_id] = std::move(broker);
    changes_.brokers.insert(r.broker_id);
    return {};
}

Result<void> Delta::on(const protocol::UnregisterBrokerRecord& r) {
    auto broker = edit_broker(r.broker_id, r.broker_epoch, "UnregisterBrokerRecord");
    if (!broker) return std::unexpected(broker.error());
    edit(next_.brokers).erase(r.broker_id);
    return {};
}

Result<void> Delta::on(const protocol::FenceBrokerRecord& r) {
    auto broker = edit_broker(r.id, r.epoch, "FenceBrokerRecord");
    if (!broker) return std::unexpected(broker.error());
    (*broker)->fenced = true;
    return {};
}

Result<void> Delta::on(const protocol::UnfenceBrokerRecord& r) {
    auto broker = edit_broker(r.id, r.epoch, "UnfenceBrokerRecord");
    if (!broker) return std::unexpected(broker.error());
    (*broker)->fenced = false;
    return {};
}

Result<void> Delta::on(const protocol::BrokerRegistrationChangeRecord& r) {
    auto broker = edit_broker(r.broker_id, r.broker_epoch, "BrokerRegistrationChangeRecord");
    if (!broker) return std::unexpected(broker.error());
    if (r.fenced != 0) (*broker)->fenced = r.fenced > 0;
    if (r.in_controlled_shutdown != 0) (*broker)->in_controlled_shutdown = true;
    if (!r.log_dirs.empty()) (*broker)->log_dirs = r.log_dirs;
    if (r.cordoned_log_dirs) (*broker)->cordoned_log_dirs = r.cordoned_log_dirs;
    return {};
}

Result<void> Delta::on(const protocol::RegisterControllerRecord& r) {
    Controller controller;
    controller.id = r.controller_id;
    controller.incarnation = r.incarnation_id;
    controller.zk_migration_ready = r.zk_migration_ready;
    controller.endpoints = endpoints_of(r.end_points);
    controller.features = features_of(r.features);
    controller.unknown_tags = r.unknown_tags;
    edit(next_.controllers)[r.controller_id] = std::move(controller);
    changes_.controllers = true;
    return {};
}

Result<void> Delta::on(const protocol::UnregisterControllerRecord& r) {
    edit(next_.controllers).erase(r.controller_id);
    changes_.controllers = true;
    return {};
}

Topic& Delta::own_topic(const TopicPtr& topic) {
    auto& own = own_topics_[topic->id];
    if (!own) {
        own = std::make_shared<Topic>(*topic);
        next_.topics_by_id.set(own->id, own);
        next_.topics_by_name.set(own->name, own);
    }
    return *own;
}

Topic* Delta::edit_topic(const Uuid& id) {
    const auto* found = next_.topics_by_id.find(id);
    return found == nullptr ? nullptr : &own_topic(TopicPtr(*found));
}

Changes::ChangedTopic& Delta::changed(const Topic& topic) {
    auto& change = changes_.topics[topic.id];
    change.name = topic.name;
    return change;
}

Result<void> Delta::on(const protocol::TopicRecord& r) {
    if (next_.topic(r.topic_id) != nullptr || next_.topic(r.name) != nullptr) {
        return fail(Errc::invalid_record_state, fmt::format("topic {} with id {} is there already",
                                                            r.name, r.topic_id.to_string()));
    }
    auto topic = std::make_shared<Topic>();
    topic->name = r.name;
    topic->id = r.topic_id;
    topic->unknown_tags = r.unknown_tags;
    next_.topics_by_id.set(topic->id, topic);
    next_.topics_by_name.set(topic->name, topic);
    changed(*topic).created = true;
    own_topics_[topic->id] = std::move(topic);
    return {};
}

Result<void> Delta::on(const protocol::PartitionRecord& r) {
    auto* topic = edit_topic(r.topic_id);
    if (topic == nullptr || r.partition_id < 0 || r.partition_id >= kPartitionsMax) {
        return fail(Errc::invalid_record_state,
                    fmt::format("partition {} of no topic with id {}", r.partition_id,
                                r.topic_id.to_string()));
    }
    Partition partition;
    partition.replicas = r.replicas;
    partition.isr = r.isr;
    partition.removing_replicas = r.removing_replicas;
    partition.adding_replicas = r.adding_replicas;
    partition.elr = r.eligible_leader_replicas.value_or(std::vector<std::int32_t>());
    partition.last_known_elr = r.last_known_elr.value_or(std::vector<std::int32_t>());
    partition.directories = r.directories;
    partition.leader = r.leader;
    partition.leader_recovery_state = r.leader_recovery_state;
    partition.leader_epoch = r.leader_epoch;
    partition.partition_epoch = r.partition_epoch;
    partition.unknown_tags = r.unknown_tags;
    const auto index = static_cast<std::size_t>(r.partition_id);
    if (index >= topic->partitions.size()) topic->partitions.resize(index + 1);
    topic->partitions[index] = std::make_shared<const Partition>(std::move(partition));
    changed(*topic).partitions.insert(r.partition_id);
    return {};
}

Result<void> Delta::on(const protocol::PartitionChangeRecord& r) {
    auto* topic = edit_topic(r.topic_id);
    const auto* old = topic == nullptr ? nullptr : topic->partition(r.partition_id);
    if (old == nullptr) {
        return fail(Errc::invalid_record_state,
                    fmt::format("change of partition {} of topic id {}, which is not there",
                                r.partition_id, r.topic_id.to_string()));
    }
    auto next = std::make_shared<Partition>(*old);
    if (r.replicas) {
        next->directories = directories_for(*r.replicas, *old);
        next->replicas = *r.replicas;
    }
    if (r.directories) next->directories = *r.directories;
    if (r.isr) next->isr = *r.isr;
    if (r.removing_replicas) next->removing_replicas = *r.removing_replicas;
    if (r.adding_replicas) next->adding_replicas = *r.adding_replicas;
    if (r.eligible_leader_replicas) next->elr = *r.eligible_leader_replicas;
    if (r.last_known_elr) next->last_known_elr = *r.last_known_elr;
    if (r.leader_recovery_state >= 0) next->leader_recovery_state = r.leader_recovery_state;
    if (r.leader != kLeaderUnchanged) {
        next->leader = r.leader;
        ++next->leader_epoch;
    }
    ++next->partition_epoch;
    topic->partitions[static_cast<std::size_t>(r.partition_id)] = std::move(next);
    changed(*topic).partitions.insert(r.partition_id);
    return {};
}

Result<void> Delta::on(const protocol::RemoveTopicRecord& r) {
    const auto* found = next_.topics_by_id.find(r.topic_id);
    if (found == nullptr) {
        return fail(
            Errc::invalid_record_state,
            fmt::format("removal of topic id {}, which is not there", r.topic_id.to_string()));
    }
    const TopicPtr topic = *found;
    auto& change = changed(*topic);
    change.deleted = true;
    change.partitions.clear();
    next_.topics_by_id.erase(topic->id);
    next_.topics_by_name.erase(topic->name);
    const ConfigResource resource{ResourceType::topic, topic->name};
    if (next_.configs.erase(resource)) changes_.configs.insert(resource);
    own_topics_.erase(topic->id);
    return {};
}

void Delta::clear_elr(const Uuid& id) {
    const auto has_elr = [](const auto& p) {
        return p && !(p->elr.empty() && p->last_known_elr.empty());
    };
    const auto* known = next_.topic(id);
    if (known == nullptr || std::ranges::none_of(known->partitions, has_elr)) return;
    auto& topic = *edit_topic(id);
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        if (!has_elr(topic.partitions[i])) continue;
        auto next = std::make_shared<Partition>(*topic.partitions[i]);
        next->elr.clear();
        next->last_known_elr.clear();
        ++next->partition_epoch;
        topic.partitions[i] = std::move(next);
        changed(topic).partitions.insert(static_cast<std::int32_t>(i));
    }
}

Result<void> Delta::on(const protocol::ClearElrRecord& r) {
    if (r.topic_name.empty()) {
        std::vector<Uuid> all;
        next_.topics_by_id.for_each([&](const Uuid& id, const TopicPtr&) { all.push_back(id); });
        for (const auto& id : all) clear_elr(id);
        return {};
    }
    const auto* topic = next_.topic(r.topic_name);
    if (topic == nullptr) {
        return fail(Errc::invalid_record_state,
                    fmt::format("ClearElrRecord names topic {}, which is not there", r.topic_name));
    }
    clear_elr(topic->id);
    return {};
}

Result<void> Delta::on(const protocol::ConfigRecord& r) {
    const ConfigResource resource{static_cast<ResourceType>(r.resource_type), r.resource_name};
    auto configs = std::make_shared<Configs>(next_.config(resource));
    if (r.value) {
        (*configs)[r.name] = *r.value;
    } else {
        configs->erase(r.name);
    }
    if (configs->empty()) {
        next_.configs.erase(resource);
    } else {
        next_.configs.set(resource, std::move(configs));
    }
    changes_.configs.insert(resource);
    return {};
}

Result<void> Delta::on(const protocol::FeatureLevelRecord& r) {
    if (r.name == kMetadataVersion && metadata_version_name(r.feature_level).empty()) {
        return fail(Errc::unsupported_version,
                    fmt::format("metadata.version {} is not one of {} to {}", r.feature_level,
                                kMetadataVersionMin, kMetadataVersionLatest));
    }
    auto& features = edit(next_.features);
    if (r.feature_level == 0) {
        features.erase(r.name);
    } else {
        features[r.name] = r.feature_level;
    }
    changes_.features = true;
    return {};
}

Result<void> Delta::on(const protocol::ProducerIdsRecord& r) {
    next_.next_producer_id = r.next_producer_id;
    next_.producer_ids_broker = r.broker_id;
    next_.producer_ids_broker_epoch = r.broker_epoch;
    return {};
}

Result<void> Delta::on(const protocol::ClientQuotaRecord& r) {
    QuotaEntity entity;
    for (const auto& part : r.entity) entity[part.entity_type] = part.entity_name;
    auto& quotas = edit(next_.quotas);
    if (r.remove) {
        quotas[entity].erase(r.key);
        if (quotas[entity].empty()) quotas.erase(entity);
    } else {
        quotas[entity][r.key] = r.value;
    }
    changes_.quotas = true;
    return {};
}

Result<void> Delta::on(const protocol::UserScramCredentialRecord& r) {
    edit(next_.scram)[{r.name, r.mechanism}] =
        ScramCredential{r.salt, r.stored_key, r.server_key, r.iterations};
    changes_.scram = true;
    return {};
}

Result<void> Delta::on(const protocol::RemoveUserScramCredentialRecord& r) {
    edit(next_.scram).erase({r.name, r.mechanism});
    changes_.scram = true;
    return {};
}

Result<void> Delta::on(const protocol::AccessControlEntryRecord& r) {
    edit(next_.acls)[r.id] = Acl{r.resource_type, r.resource_name, r.pattern_type,   r.principal,
                                 r.host,          r.operation,     r.permission_type};
    changes_.acls = true;
    return {};
}

Result<void> Delta::on(const protocol::RemoveAccessControlEntryRecord& r) {
    edit(next_.acls).erase(r.id);
    changes_.acls = true;
    return {};
}

Result<void> Delta::on(const protocol::DelegationTokenRecord& r) {
    edit(next_.tokens)[r.token_id] =
        DelegationToken{r.owner,           r.requester,     r.renewers,
                        r.issue_timestamp, r.max_timestamp, r.expiration_timestamp};
    changes_.tokens = true;
    return {};
}

Result<void> Delta::on(const protocol::RemoveDelegationTokenRecord& r) {
    edit(next_.tokens).erase(r.token_id);
    changes_.tokens = true;
    return {};
}

Result<void> Delta::on(const protocol::ZkMigrationStateRecord& r) {
    next_.zk_migration_state = r.zk_migration_state;
    return {};
}

Result<void> Delta::on(const protocol::NoOpRecord& /*r*/) { return {}; }

// Transactions are put together before they come here (metadata/replay.h); a bare marker says
// nothing.
Result<void> Delta::on(const protocol::BeginTransactionRecord& /*r*/) { return {}; }
Result<void> Delta::on(const protocol::EndTransactionRecord& /*r*/) { return {}; }
Result<void> Delta::on(const protocol::AbortTransactionRecord& /*r*/) { return {}; }

}  // namespace kcore::metadata
