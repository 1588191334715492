#pragma once
// Makes a directory that the controller's metadata log can be started in: meta.properties and the
// zero checkpoint with the cluster's first records. `kbroker format`, and the first start.

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "log/meta_properties.h"
#include "raft/pending_sync.h"
#include "raft/voters.h"

namespace kcore::raft {

inline constexpr std::string_view kMetadataDirectory = "__cluster_metadata-0";
inline constexpr std::string_view kOldBootstrap = "bootstrap.checkpoint";

struct Format {
    std::string directory;         // Of log.dirs; made when it is missing.
    log::MetaProperties meta;      // With a directory id.
    bool has_metadata = false;     // The directory of the metadata log of a controller.
    std::vector<Bytes> bootstrap;  // Values of the first metadata records.
    VoterSet voters;               // Of a dynamic quorum (KIP-853); empty: they are configured.
};

//   kafka_storage_error  I/O, or the directory is formatted already
Result<PendingSync> format(io::Disk& disk, const Format& how, std::int64_t now_ms);

// The first records: of the zero checkpoint, or of bootstrap.checkpoint as tools up to 4.3 wrote
// it. Empty when there is neither.
Result<std::vector<Bytes>> read_bootstrap(io::Disk& disk, const std::string& directory);

}  // namespace kcore::raft
