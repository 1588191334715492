#pragma once
// The features of Kafka 4.4: names, levels this version supports, what a level of metadata.version
// switches (facts: KIP-584, KIP-778, KIP-966).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kcore::metadata {

struct Feature {
    std::string_view name;
    std::int16_t min = 0;
    std::int16_t max = 0;  // Also the level of a fresh cluster, but for kraft.version.
};

inline constexpr std::string_view kMetadataVersion = "metadata.version";
inline constexpr std::string_view kKraftVersion = "kraft.version";
inline constexpr std::string_view kElrVersion = "eligible.leader.replicas.version";
inline constexpr std::string_view kGroupVersion = "group.version";
inline constexpr std::string_view kShareVersion = "share.version";
inline constexpr std::string_view kStreamsVersion = "streams.version";
inline constexpr std::string_view kTransactionVersion = "transaction.version";

// All of them, metadata.version first, the others by name.
std::span<const Feature> supported_features();
const Feature* find_feature(std::string_view name);

// The level a cluster formatted at this metadata.version begins with.
std::int16_t default_level(std::string_view feature, std::int16_t metadata_version);

// "4.4-IV2" of 33; empty for a level outside 7 to 33. And back; a release such as "4.4" names its
// last level.
std::string_view metadata_version_name(std::int16_t level);
std::optional<std::int16_t> metadata_version_of(std::string_view name);

inline constexpr std::int16_t kMetadataVersionMin = 7;
inline constexpr std::int16_t kMetadataVersionLatest = 33;

// The finalized metadata.version, asked about what it allows. A log without one counts as the
// lowest.
class MetadataVersion {
public:
    constexpr MetadataVersion() = default;
    constexpr explicit MetadataVersion(std::int16_t level) : level_(level) {}

    constexpr std::int16_t level() const { return level_; }

    constexpr bool keeps_leader_epoch_on_shrink() const { return level_ >= 12; }
    constexpr bool has_transactions() const { return level_ >= 13; }
    constexpr bool registers_controllers() const { return level_ >= 15; }
    constexpr bool assigns_directories() const { return level_ >= 17; }
    constexpr bool has_elr_fields() const { return level_ >= 23; }
    constexpr bool cordons_directories() const { return level_ >= 30; }
    constexpr bool unregisters_controllers() const { return level_ >= 33; }

    // The version of a record that may be written.
    constexpr std::int16_t register_broker_record() const {
        return level_ >= 30 ? 4 : level_ >= 17 ? 3 : level_ >= 8 ? 2 : 1;
    }
    constexpr std::int16_t partition_record() const {
        return level_ >= 23 ? 2 : level_ >= 17 ? 1 : 0;
    }

    friend constexpr bool operator==(MetadataVersion, MetadataVersion) = default;

private:
    std::int16_t level_ = kMetadataVersionMin;
};

}  // namespace kcore::metadata
