#include "broker/node_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "metadata/record.h"
#include "metadata/snapshot.h"
#include "raft/format.h"

namespace kcore::broker {

namespace {

// Descriptors kept open for partitions that are in use.
constexpr std::size_t kOpenFilesMax = 512;

std::vector<std::string> all_directories(const BrokerConfig& config) {
    std::set<std::string> all(config.log_dirs.begin(), config.log_dirs.end());
    all.insert(config.metadata_log_dir);
    return {all.begin(), all.end()};
}

// The cluster that the formatted directories belong to; empty when none is. Those that are not are
// left in `fresh`.
Result<std::string> known_cluster(const BrokerConfig& config, io::Disk& disk,
                                  std::vector<std::string>& fresh) {
    std::string cluster_id;
    for (const auto& path : all_directories(config)) {
        auto meta = log::read_meta_properties(disk, path);
        if (!meta) return std::unexpected(std::move(meta).error());
        if (!*meta) {
            fresh.push_back(path);
            continue;
        }
        const auto& found = **meta;
        if (found.node_id != config.node_id) {
            return fail(Errc::inconsistent_cluster_id,
                        fmt::format("{} belongs to node {}, this is node {}", path, found.node_id,
                                    config.node_id));
        }
        if (!cluster_id.empty() && cluster_id != found.cluster_id) {
            return fail(Errc::inconsistent_cluster_id,
                        fmt::format("{} belongs to cluster {}, another directory to {}", path,
                                    found.cluster_id, cluster_id));
        }
        cluster_id = found.cluster_id;
    }
    return cluster_id;
}

Result<void> format_fresh(const BrokerConfig& config, io::Env& env,
                          const std::vector<std::string>& fresh, NodeStorage& storage) {
    for (const auto& path : fresh) {
        raft::Format how;
        how.directory = path;
        how.meta.cluster_id = storage.cluster_id;
        how.meta.node_id = config.node_id;
        how.meta.directory_id = env.random.uuid();
        how.has_metadata = config.is_controller && path == config.metadata_log_dir;
        if (how.has_metadata) {
            for (const auto& record : metadata::bootstrap_records()) {
                how.bootstrap.push_back(metadata::encode_record(record));
            }
        }
        auto formatted = raft::format(env.disk, how, env.clock.wall_ms());
        if (!formatted) return std::unexpected(std::move(formatted).error());
        storage.unsynced.add(*formatted);
    }
    return {};
}

}  // namespace

Result<NodeStorage> open_storage(const BrokerConfig& config, io::Env& env,
                                 const StorageOptions& options) {
    NodeStorage storage;
    std::vector<std::string> fresh;
    auto known = known_cluster(config, env.disk, fresh);
    if (!known) return std::unexpected(std::move(known).error());
    storage.cluster_id = *known;
    if (storage.cluster_id.empty()) storage.cluster_id = options.cluster_id;
    if (storage.cluster_id.empty()) storage.cluster_id = env.random.uuid().to_string();
    auto formatted = format_fresh(config, env, fresh, storage);
    if (!formatted) return std::unexpected(std::move(formatted).error());
    storage.files = std::make_unique<log::FileCache>(env.disk, kOpenFilesMax);
    log::LogDirsOptions how;
    how.paths = all_directories(config);
    how.logger = options.logger.named("log");
    how.on_failure = options.on_failure;
    auto dirs = log::LogDirs::open(env.disk, *storage.files, env.random, std::move(how));
    if (!dirs) return std::unexpected(std::move(dirs).error());
    storage.dirs = std::move(*dirs);
    for (const auto& dir : storage.dirs->all()) {
        if (dir->path() == config.metadata_log_dir) storage.metadata_dir = dir.get();
    }
    if (storage.metadata_dir == nullptr) {
        return fail(Errc::kafka_storage_error,
                    fmt::format("the directory of the metadata log, {}, cannot be used",
                                config.metadata_log_dir));
    }
    return storage;
}

}  // namespace kcore::broker
