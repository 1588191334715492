#pragma once
// The log directories of a node at its start: the first one formats them, later ones open them and
// check that they agree on cluster and node.
//
// One that cannot be used is left out and named in LogDirs::failed(), but for the last one and that
// of the metadata log. One without meta.properties beside others that have it stops the start, as
// in Kafka: most likely its disk is not mounted, and what lay on it must not be made anew.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "broker/config.h"
#include "io/env.h"
#include "log/file_cache.h"
#include "log/log_dirs.h"
#include "metadata/record.h"
#include "metadata/snapshot.h"
#include "raft/pending_sync.h"
#include "raft/voters.h"

namespace kcore::broker {

struct NodeStorage {
    std::string cluster_id;
    std::unique_ptr<log::FileCache> files;
    std::unique_ptr<log::LogDirs> dirs;
    log::LogDir* metadata_dir = nullptr;
    std::vector<std::string> formatted;  // Directories that were made ready now.
    raft::PendingSync unsynced;          // What that left to be synced.
};

struct StorageOptions {
    std::string cluster_id;         // Of a new cluster; empty: a random one.
    bool is_id_required = false;    // Directories of another cluster are refused.
    bool adds_directories = false;  // Formats new ones beside old ones: `kbroker format`.
    // Of a new cluster: its first records.
    std::vector<metadata::Record> first_records = metadata::bootstrap_records();
    // Of a new cluster with a dynamic quorum: its voters. This node among them has its directory
    // id from there; a zero one is chosen.
    std::vector<raft::Voter> voters;
    std::function<void(const std::string& path, const Error& error)> on_failure;
    Logger logger;
};

// Blocks.
//   inconsistent_cluster_id  a directory belongs to another cluster, or to another node
//   kafka_storage_error      I/O, another process has a directory, or one was not formatted
Result<NodeStorage> open_storage(const BrokerConfig& config, io::Env& env,
                                 const StorageOptions& options);

// Marks them clean, if their logs are. False when one could not be closed.
bool close_directories(const log::LogDirs& dirs, std::int64_t broker_epoch, bool is_clean,
                       const Logger& logger);

// Directories of these paths, * for all, take no new partitions, the others do. Gives their ids.
template <class Paths>
std::vector<Uuid> cordon(const log::LogDirs& dirs, const Paths& paths) {
    using Use = log::LogDir::Use;
    const auto is_named = [&](std::string_view path) {
        return std::ranges::find(paths, path) != paths.end();
    };
    std::vector<Uuid> ids;
    for (const auto& dir : dirs.all()) {
        if (!dir->takes_partitions()) continue;
        const bool is_cordoned = is_named("*") || is_named(dir->path());
        dir->set_use(is_cordoned ? Use::cordoned : Use::any);
        if (is_cordoned) ids.push_back(dir->id());
    }
    return ids;
}

}  // namespace kcore::broker
