#pragma once
// An image as records: what a snapshot holds. Read back it gives an equal image.

#include <vector>

#include "metadata/image.h"
#include "metadata/record.h"

namespace kcore::metadata {

// Features first, since they decide record versions; then brokers, controllers, topics with their
// partitions, configs, quotas, producer ids, ACLs, credentials and tokens. Record versions are
// those that the image's metadata.version allows.
std::vector<Record> snapshot_records(const Image& image);

// The records of a freshly formatted cluster: the level of every feature.
std::vector<Record> bootstrap_records(std::int16_t metadata_version = kMetadataVersionLatest);

// Single records in the version that `level` allows.
Record make_record(MetadataVersion level, const Broker& broker);
Record make_record(MetadataVersion level, const Uuid& topic, std::int32_t number,
                   const Partition& partition);

}  // namespace kcore::metadata
