#pragma once
// The log directories of a node at its start: those that were never used are formatted, all are
// opened and agree on cluster and node.

#include <functional>
#include <memory>
#include <string>

#include "base/logger.h"
#include "base/result.h"
#include "broker/config.h"
#include "io/env.h"
#include "log/file_cache.h"
#include "log/log_dirs.h"
#include "raft/pending_sync.h"

namespace kcore::broker {

struct NodeStorage {
    std::string cluster_id;
    std::unique_ptr<log::FileCache> files;
    std::unique_ptr<log::LogDirs> dirs;
    log::LogDir* metadata_dir = nullptr;
    raft::PendingSync unsynced;  // What formatting left to be synced.
};

struct StorageOptions {
    std::string cluster_id;  // Of a new cluster; empty: a random one.
    std::function<void(const std::string& path, const Error& error)> on_failure;
    Logger logger;
};

// Blocks.
//   inconsistent_cluster_id  a directory belongs to another cluster, or to another node of it
//   kafka_storage_error      I/O, or another process has a directory
Result<NodeStorage> open_storage(const BrokerConfig& config, io::Env& env,
                                 const StorageOptions& options);

}  // namespace kcore::broker
