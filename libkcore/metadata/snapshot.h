#pragma once
// An image as records: what a snapshot holds. Read back it gives an equal image.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/features.h"
#include "metadata/image.h"
#include "metadata/record.h"

namespace kcore::metadata {

// Features first, since they decide record versions; then brokers, controllers, topics with their
// partitions, configs, quotas, producer ids, ACLs, credentials and tokens. Record versions are
// those that the image's metadata.version allows.
std::vector<Record> snapshot_records(const Image& image);

using FeatureLevels = std::map<std::string, std::int16_t, std::less<>>;

// The level of every feature of a cluster formatted at this metadata.version, with those of
// `chosen` in place of the usual ones.
//   invalid_config  a feature or level that is unknown, or that needs a later metadata.version
Result<FeatureLevels> initial_levels(std::int16_t metadata_version, const FeatureLevels& chosen);

// The records of a freshly formatted cluster: the level of every feature.
std::vector<Record> bootstrap_records(std::int16_t metadata_version = kMetadataVersionLatest);
std::vector<Record> bootstrap_records(const FeatureLevels& levels);

// Single records in the version that `level` allows.
Record make_record(MetadataVersion level, const Broker& broker);
Record make_record(MetadataVersion level, const Uuid& topic, std::int32_t number,
                   const Partition& partition);

}  // namespace kcore::metadata
