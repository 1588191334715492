#pragma once
// What the metadata log says of the cluster at one offset: topics, brokers, configs, features and
// the rest. Immutable and shared between threads; metadata/delta.h makes the next one from it,
// sharing whatever did not change.

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "metadata/features.h"
#include "metadata/shared_map.h"
#include "protocol/message.h"

namespace kcore::metadata {

inline constexpr std::int32_t kNoLeader = -1;

// Tagged fields of a record that this version does not know are kept for the next snapshot.
using protocol::UnknownTags;

struct Partition {
    std::vector<std::int32_t> replicas;  // The first is preferred.
    std::vector<std::int32_t> isr;
    std::vector<std::int32_t> removing_replicas;
    std::vector<std::int32_t> adding_replicas;
    std::vector<std::int32_t> elr;  // Eligible leader replicas (KIP-966).
    std::vector<std::int32_t> last_known_elr;
    std::vector<Uuid> directories;  // One per replica; empty in old logs, read as MIGRATING.
    std::int32_t leader = kNoLeader;
    std::int8_t leader_recovery_state = 0;  // 1: recovering from an unclean election.
    std::int32_t leader_epoch = 0;
    std::int32_t partition_epoch = 0;
    UnknownTags unknown_tags;

    // The directory that holds the replica of `broker`; MIGRATING when nothing is known.
    Uuid directory_of(std::int32_t broker) const;
    friend bool operator==(const Partition&, const Partition&) = default;
};

struct Topic {
    std::string name;
    Uuid id;
    std::vector<std::shared_ptr<const Partition>> partitions;  // By partition number, no gaps.
    UnknownTags unknown_tags;

    const Partition* partition(std::int32_t number) const;  // Null when there is none.
    std::int32_t partition_count() const { return static_cast<std::int32_t>(partitions.size()); }
};
using TopicPtr = std::shared_ptr<const Topic>;

struct Endpoint {
    std::string name;  // Of the listener.
    std::string host;
    std::uint16_t port = 0;
    std::int16_t security_protocol = 0;  // 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct FeatureRange {
    std::string name;
    std::int16_t min = 0;
    std::int16_t max = 0;
    friend bool operator==(const FeatureRange&, const FeatureRange&) = default;
};

struct Broker {
    std::int32_t id = -1;
    std::int64_t epoch = -1;  // Offset of its registration.
    Uuid incarnation;
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;
    std::optional<std::string> rack;
    bool fenced = true;
    bool in_controlled_shutdown = false;
    bool is_migrating_zk_broker = false;
    std::vector<Uuid> log_dirs;  // Those online.
    std::optional<std::vector<Uuid>> cordoned_log_dirs;
    UnknownTags unknown_tags;

    const Endpoint* endpoint(std::string_view listener) const;
    bool has_directory(const Uuid& directory) const;  // True too when unknown.
    friend bool operator==(const Broker&, const Broker&) = default;
};

struct Controller {
    std::int32_t id = -1;
    Uuid incarnation;
    bool zk_migration_ready = false;
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;
    UnknownTags unknown_tags;
    friend bool operator==(const Controller&, const Controller&) = default;
};

enum class ResourceType : std::int8_t {
    unknown = 0,
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

struct ConfigResource {
    ResourceType type = ResourceType::unknown;
    std::string name;  // Empty with broker: the default of all brokers.
    friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};
struct ConfigResourceHash {
    std::size_t operator()(const ConfigResource& r) const noexcept {
        return std::hash<std::string>{}(r.name) + static_cast<std::size_t>(r.type);
    }
};
using Configs = std::map<std::string, std::string, std::less<>>;

using QuotaEntity =
    std::map<std::string, std::optional<std::string>>;  // Type to name; null: default.
using Quotas = std::map<std::string, double>;

struct ScramCredential {
    Bytes salt;
    Bytes stored_key;
    Bytes server_key;
    std::int32_t iterations = 0;
    friend bool operator==(const ScramCredential&, const ScramCredential&) = default;
};
using ScramKey = std::pair<std::string, std::int8_t>;  // User, mechanism (1 SHA-256, 2 SHA-512).

struct Acl {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::int8_t pattern_type = 0;
    std::string principal;
    std::string host;
    std::int8_t operation = 0;
    std::int8_t permission_type = 0;
    friend bool operator==(const Acl&, const Acl&) = default;
};

struct DelegationToken {
    std::string owner;
    std::string requester;
    std::vector<std::string> renewers;
    std::int64_t issue_ms = 0;
    std::int64_t max_ms = 0;
    std::int64_t expiry_ms = 0;
    friend bool operator==(const DelegationToken&, const DelegationToken&) = default;
};

// Sections that seldom change are copied whole when they do. None is null.
template <class K, class V>
using Section = std::shared_ptr<const std::map<K, V>>;
template <class K, class V>
Section<K, V> empty_section() {
    return std::make_shared<const std::map<K, V>>();
}

struct Image {
    std::int64_t offset = -1;  // Of the last record in it; -1: nothing yet.
    std::int32_t epoch = -1;
    std::int64_t timestamp_ms = -1;

    SharedMap<std::string, TopicPtr> topics_by_name;
    SharedMap<Uuid, TopicPtr> topics_by_id;
    SharedMap<ConfigResource, std::shared_ptr<const Configs>, ConfigResourceHash> configs;
    Section<std::int32_t, std::shared_ptr<const Broker>> brokers =
        empty_section<std::int32_t, std::shared_ptr<const Broker>>();
    Section<std::int32_t, Controller> controllers = empty_section<std::int32_t, Controller>();
    Section<std::string, std::int16_t> features = empty_section<std::string, std::int16_t>();
    Section<QuotaEntity, Quotas> quotas = empty_section<QuotaEntity, Quotas>();
    Section<ScramKey, ScramCredential> scram = empty_section<ScramKey, ScramCredential>();
    Section<Uuid, Acl> acls = empty_section<Uuid, Acl>();
    Section<std::string, DelegationToken> tokens = empty_section<std::string, DelegationToken>();
    std::int64_t next_producer_id = 0;
    std::int32_t producer_ids_broker = -1;  // Who got the last block, with its epoch.
    std::int64_t producer_ids_broker_epoch = -1;
    std::optional<std::int8_t> zk_migration_state;

    const Topic* topic(std::string_view name) const;  // Null when there is none.
    const Topic* topic(const Uuid& id) const;
    const Partition* partition(std::string_view topic, std::int32_t number) const;
    const Broker* broker(std::int32_t id) const;
    const Configs& config(const ConfigResource& resource) const;  // Empty when nothing is set.
    const Configs& topic_config(std::string_view topic) const;
    MetadataVersion metadata_version() const;
    std::int16_t feature_level(std::string_view name) const;  // 0 when not finalized.
    bool elr_enabled() const { return feature_level(kElrVersion) >= 1; }
    std::vector<TopicPtr> topics_sorted() const;  // By name.
};
using ImagePtr = std::shared_ptr<const Image>;

}  // namespace kcore::metadata
