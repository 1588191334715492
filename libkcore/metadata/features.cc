#include "metadata/features.h"

#include <algorithm>
#include <array>

namespace kcore::metadata {
namespace {

constexpr std::array kFeatures{
    Feature{kMetadataVersion, kMetadataVersionMin, kMetadataVersionLatest},
    Feature{kElrVersion, 0, 1},
    Feature{kGroupVersion, 0, 1},
    Feature{kKraftVersion, 0, 1},
    Feature{kShareVersion, 0, 2},
    Feature{kStreamsVersion, 0, 1},
    Feature{kTransactionVersion, 0, 2},
};

constexpr std::array<std::string_view, 27> kNames{
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1",
    "3.6-IV2", "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0",
    "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1",
    "4.2-IV0", "4.2-IV1", "4.3-IV0", "4.4-IV0", "4.4-IV1", "4.4-IV2"};

}  // namespace

std::span<const Feature> supported_features() { return kFeatures; }

const Feature* find_feature(std::string_view name) {
    const auto at = std::ranges::find(kFeatures, name, &Feature::name);
    return at == kFeatures.end() ? nullptr : &*at;
}

std::int16_t default_level(std::string_view feature, std::int16_t metadata_version) {
    const auto from = [&](std::int16_t level) { return metadata_version >= level ? 1 : 0; };
    int level = 0;
    if (feature == kMetadataVersion) level = metadata_version;
    if (feature == kGroupVersion) level = from(22);
    if (feature == kTransactionVersion) level = 2 * from(24);
    if (feature == kElrVersion) level = from(26);
    if (feature == kShareVersion) level = from(28) + from(31);
    if (feature == kStreamsVersion) level = from(29);
    return static_cast<std::int16_t>(level);
}

std::string_view metadata_version_name(std::int16_t level) {
    if (level < kMetadataVersionMin || level > kMetadataVersionLatest) return {};
    return kNames[static_cast<std::size_t>(level - kMetadataVersionMin)];
}

std::optional<std::int16_t> metadata_version_of(std::string_view name) {
    for (std::size_t i = kNames.size(); i-- > 0;) {
        const auto known = kNames[i];
        if (known == name || known.substr(0, known.find('-')) == name) {
            return static_cast<std::int16_t>(kMetadataVersionMin + static_cast<int>(i));
        }
    }
    return std::nullopt;
}

}  // namespace kcore::metadata
