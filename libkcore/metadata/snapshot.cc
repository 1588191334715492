#include "metadata/snapshot.h"

#include <fmt/format.h>

#include <utility>

#include "metadata/quotas.h"

namespace kcore::metadata {
namespace {

template <class To, class From>
void copy_endpoints(To& to, const From& from) {
    for (const auto& e : from) {
        auto& added = to.emplace_back();
        added.name = e.name;
        added.host = e.host;
        added.port = e.port;
        added.security_protocol = e.security_protocol;
    }
}

template <class To, class From>
void copy_features(To& to, const From& from) {
    for (const auto& f : from) {
        auto& added = to.emplace_back();
        added.name = f.name;
        added.min_supported_version = f.min;
        added.max_supported_version = f.max;
    }
}

Record feature_record(std::string_view name, std::int16_t level) {
    protocol::FeatureLevelRecord r;
    r.name = name;
    r.feature_level = level;
    return {std::move(r), 0};
}

Record controller_record(const Controller& c) {
    protocol::RegisterControllerRecord r;
    r.controller_id = c.id;
    r.incarnation_id = c.incarnation;
    r.zk_migration_ready = c.zk_migration_ready;
    copy_endpoints(r.end_points, c.endpoints);
    copy_features(r.features, c.features);
    r.unknown_tags = c.unknown_tags;
    return {std::move(r), 0};
}

void add_features(const Image& image, std::vector<Record>& out) {
    const auto level = image.feature_level(kMetadataVersion);
    if (level != 0) out.push_back(feature_record(kMetadataVersion, level));
    for (const auto& [name, value] : *image.features) {
        if (name != kMetadataVersion) out.push_back(feature_record(name, value));
    }
}

void add_topics(const Image& image, std::vector<Record>& out) {
    for (const auto& topic : image.topics_sorted()) {
        protocol::TopicRecord r;
        r.name = topic->name;
        r.topic_id = topic->id;
        r.unknown_tags = topic->unknown_tags;
        out.push_back({std::move(r), 0});
        for (std::int32_t i = 0; i < topic->partition_count(); ++i) {
            out.push_back(
                make_record(image.metadata_version(), topic->id, i, *topic->partition(i)));
        }
    }
}

void add_configs(const Image& image, std::vector<Record>& out) {
    std::map<ConfigResource, std::shared_ptr<const Configs>> sorted;
    image.configs.for_each([&](const auto& resource, const auto& all) { sorted[resource] = all; });
    for (const auto& [resource, all] : sorted) {
        for (const auto& [name, value] : *all) {
            protocol::ConfigRecord r;
            r.resource_type = static_cast<std::int8_t>(resource.type);
            r.resource_name = resource.name;
            r.name = name;
            r.value = value;
            out.push_back({std::move(r), 0});
        }
    }
}

void add_quotas(const Image& image, std::vector<Record>& out) {
    for (const auto& [entity, quotas] : *image.quotas) {
        for (const auto& [key, value] : quotas) {
            out.push_back(quota_record(entity, key, value, false));
        }
    }
}

void add_producer_ids(const Image& image, std::vector<Record>& out) {
    if (image.next_producer_id == 0) return;
    protocol::ProducerIdsRecord r;
    r.broker_id = image.producer_ids_broker;
    r.broker_epoch = image.producer_ids_broker_epoch;
    r.next_producer_id = image.next_producer_id;
    out.push_back({std::move(r), 0});
}

void add_security(const Image& image, std::vector<Record>& out) {
    for (const auto& [id, acl] : *image.acls) {
        protocol::AccessControlEntryRecord r;
        r.id = id;
        r.resource_type = acl.resource_type;
        r.resource_name = acl.resource_name;
        r.pattern_type = acl.pattern_type;
        r.principal = acl.principal;
        r.host = acl.host;
        r.operation = acl.operation;
        r.permission_type = acl.permission_type;
        out.push_back({std::move(r), 0});
    }
    for (const auto& [key, credential] : *image.scram) {
        protocol::UserScramCredentialRecord r;
        r.name = key.first;
        r.mechanism = key.second;
        r.salt = credential.salt;
        r.stored_key = credential.stored_key;
        r.server_key = credential.server_key;
        r.iterations = credential.iterations;
        out.push_back({std::move(r), 0});
    }
    for (const auto& [id, token] : *image.tokens) {
        protocol::DelegationTokenRecord r;
        r.owner = token.owner;
        r.requester = token.requester;
        r.renewers = token.renewers;
        r.issue_timestamp = token.issue_ms;
        r.max_timestamp = token.max_ms;
        r.expiration_timestamp = token.expiry_ms;
        r.token_id = id;
        out.push_back({std::move(r), 0});
    }
}

}  // namespace

Record make_record(MetadataVersion level, const Broker& b) {
    const auto version = level.register_broker_record();
    protocol::RegisterBrokerRecord r;
    r.broker_id = b.id;
    r.is_migrating_zk_broker = version >= 2 && b.is_migrating_zk_broker;
    r.incarnation_id = b.incarnation;
    r.broker_epoch = b.epoch;
    copy_endpoints(r.end_points, b.endpoints);
    copy_features(r.features, b.features);
    r.rack = b.rack;
    r.fenced = b.fenced;
    r.in_controlled_shutdown = b.in_controlled_shutdown;
    if (version >= 3) r.log_dirs = b.log_dirs;
    if (version >= 4) r.cordoned_log_dirs = b.cordoned_log_dirs;
    r.unknown_tags = b.unknown_tags;
    return {std::move(r), version};
}

Record make_record(MetadataVersion level, const Uuid& topic, std::int32_t number,
                   const Partition& p) {
    const auto version = level.partition_record();
    protocol::PartitionRecord r;
    r.partition_id = number;
    r.topic_id = topic;
    r.replicas = p.replicas;
    r.isr = p.isr;
    r.removing_replicas = p.removing_replicas;
    r.adding_replicas = p.adding_replicas;
    r.leader = p.leader;
    r.leader_recovery_state = p.leader_recovery_state;
    r.leader_epoch = p.leader_epoch;
    r.partition_epoch = p.partition_epoch;
    if (version >= 1) {
        r.directories = p.directories;
        r.directories.resize(p.replicas.size(), kDirMigrating);
    }
    if (version >= 2 && !p.elr.empty()) r.eligible_leader_replicas = p.elr;
    if (version >= 2 && !p.last_known_elr.empty()) r.last_known_elr = p.last_known_elr;
    r.unknown_tags = p.unknown_tags;
    return {std::move(r), version};
}

std::vector<Record> snapshot_records(const Image& image) {
    std::vector<Record> out;
    add_features(image, out);
    for (const auto& [id, broker] : *image.brokers) {
        out.push_back(make_record(image.metadata_version(), *broker));
    }
    for (const auto& [id, controller] : *image.controllers) {
        out.push_back(controller_record(controller));
    }
    add_topics(image, out);
    add_configs(image, out);
    add_quotas(image, out);
    add_producer_ids(image, out);
    add_security(image, out);
    if (image.zk_migration_state) {
        protocol::ZkMigrationStateRecord r;
        r.zk_migration_state = *image.zk_migration_state;
        out.push_back({std::move(r), 0});
    }
    return out;
}

Result<FeatureLevels> initial_levels(std::int16_t metadata_version, const FeatureLevels& chosen) {
    FeatureLevels out;
    std::vector<std::string_view> names;
    for (const auto& feature : supported_features()) {
        out.emplace(feature.name, default_level(feature.name, metadata_version));
        names.push_back(feature.name);
    }
    for (const auto& [name, level] : chosen) {
        const auto* feature = find_feature(name);
        if (feature == nullptr) {
            return fail(Errc::invalid_config, fmt::format("there is no feature {}; there are {}",
                                                          name, fmt::join(names, ", ")));
        }
        // A dynamic quorum needs its voters in the log; what is formatted here has static ones.
        const auto max = name == kKraftVersion ? std::int16_t{0} : feature->max;
        if (level < feature->min || level > max) {
            return fail(Errc::invalid_config, fmt::format("{} has levels {} to {}, not {}", name,
                                                          feature->min, max, level));
        }
        out.insert_or_assign(name, level);
    }
    if (out.at(std::string(kElrVersion)) > 0 &&
        !MetadataVersion(out.at(std::string(kMetadataVersion))).has_elr_fields()) {
        return fail(Errc::invalid_config,
                    fmt::format("{} 1 needs metadata.version 23 ({}) or later", kElrVersion,
                                metadata_version_name(23)));
    }
    return out;
}

std::vector<Record> bootstrap_records(std::int16_t metadata_version) {
    return bootstrap_records(*initial_levels(metadata_version, {}));
}

std::vector<Record> bootstrap_records(const FeatureLevels& levels) {
    std::vector<Record> out;
    for (const auto& feature : supported_features()) {
        const auto found = levels.find(feature.name);
        if (found != levels.end() && found->second != 0) {
            out.push_back(feature_record(found->first, found->second));
        }
    }
    return out;
}

}  // namespace kcore::metadata
