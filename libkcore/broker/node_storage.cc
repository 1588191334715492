#include "broker/node_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

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

// What the directories say before any is touched.
struct Survey {
    std::string cluster_id;  // Of those that are formatted; empty when none is.
    std::vector<std::string> fresh;
    std::vector<std::string> unreadable;
};

// `wanted`: what they must belong to; empty: any cluster, but one.
Result<Survey> survey(const BrokerConfig& config, io::Disk& disk, std::string_view wanted) {
    Survey out;
    for (const auto& path : all_directories(config)) {
        const auto entry = disk.stat(path);
        const bool is_file = entry && *entry && !(*entry)->is_directory;
        const auto meta = log::read_meta_properties(disk, path);
        if (!meta || is_file || !*meta) {
            (meta && !is_file ? out.fresh : out.unreadable).push_back(path);
            continue;
        }
        const auto& found = **meta;
        if (found.node_id != config.node_id) {
            return fail(Errc::inconsistent_cluster_id,
                        fmt::format("{} belongs to node {}, this is node {}", path, found.node_id,
                                    config.node_id));
        }
        if (!wanted.empty() && found.cluster_id != wanted) {
            return fail(Errc::inconsistent_cluster_id,
                        fmt::format("{} is formatted for cluster {}, not {}", path,
                                    found.cluster_id, wanted));
        }
        if (!out.cluster_id.empty() && out.cluster_id != found.cluster_id) {
            return fail(Errc::inconsistent_cluster_id,
                        fmt::format("{} belongs to cluster {}, another directory to {}", path,
                                    found.cluster_id, out.cluster_id));
        }
        out.cluster_id = found.cluster_id;
    }
    return out;
}

// A directory may be formatted by the first start of a node, and when that is asked for.
Result<void> check_fresh(const Survey& found, const StorageOptions& options) {
    const bool is_first = found.cluster_id.empty() && found.unreadable.empty();
    if (found.fresh.empty() || is_first || options.adds_directories) return {};
    return fail(Errc::kafka_storage_error,
                fmt::format("{} has no {}, though this node has been in use: if its disk is not "
                            "mounted, mount it; if it is new, run kbroker format "
                            "--ignore-formatted",
                            found.fresh.front(), log::kMetaProperties));
}

// This node's directory is the voter that its id names.
raft::VoterSet voters_with(std::vector<raft::Voter> voters, std::int32_t node_id,
                           log::MetaProperties& meta) {
    for (auto& voter : voters) {
        if (voter.key.id != node_id) continue;
        if (voter.key.directory.is_zero()) voter.key.directory = *meta.directory_id;
        meta.directory_id = voter.key.directory;
    }
    return raft::VoterSet(std::move(voters));
}

Result<void> format_fresh(const BrokerConfig& config, io::Env& env,
                          const std::vector<std::string>& fresh, const StorageOptions& options,
                          NodeStorage& storage) {
    for (const auto& path : fresh) {
        raft::Format how;
        how.directory = path;
        how.meta.cluster_id = storage.cluster_id;
        how.meta.node_id = config.node_id;
        how.meta.directory_id = env.random.uuid();
        how.has_metadata = config.is_controller && path == config.metadata_log_dir;
        if (how.has_metadata) {
            for (const auto& record : options.first_records) {
                how.bootstrap.push_back(metadata::encode_record(record));
            }
            how.voters = voters_with(options.voters, config.node_id, how.meta);
        }
        auto formatted = raft::format(env.disk, how, env.clock.wall_ms());
        if (!formatted) return std::unexpected(std::move(formatted).error());
        storage.unsynced.add(*formatted);
        storage.formatted.push_back(path);
    }
    return {};
}

Result<void> check_needed(const NodeStorage& storage, const std::string& metadata_path) {
    const auto& failed = storage.dirs->failed();
    if (storage.metadata_dir == nullptr) {
        const auto at = std::ranges::find(failed, metadata_path, &log::LogDirs::Failed::path);
        return fail(
            Errc::kafka_storage_error,
            fmt::format("the directory of the metadata log cannot be used: {}", at->error.what));
    }
    if (storage.dirs->choose() != nullptr) return {};
    return fail(Errc::kafka_storage_error,
                fmt::format("no log directory can be used: {}", failed.front().error.what));
}

// Directories that older releases formatted have no id of their own.
Result<void> name_all(const log::LogDirs& dirs, io::Random& random) {
    for (const auto& dir : dirs.all()) {
        if (!dir->meta() || dir->meta()->directory_id) continue;
        auto meta = *dir->meta();
        meta.version = 1;
        meta.directory_id = random.uuid();
        if (auto done = dir->write_meta(meta); !done) return done;
    }
    return {};
}

}  // namespace

Result<NodeStorage> open_storage(const BrokerConfig& config, io::Env& env,
                                 const StorageOptions& options) {
    NodeStorage storage;
    const auto wanted = options.is_id_required ? std::string_view(options.cluster_id) : "";
    auto found = survey(config, env.disk, wanted);
    if (!found) return std::unexpected(std::move(found).error());
    if (auto ok = check_fresh(*found, options); !ok) return std::unexpected(ok.error());
    storage.cluster_id = found->cluster_id;
    if (storage.cluster_id.empty()) storage.cluster_id = options.cluster_id;
    if (storage.cluster_id.empty()) storage.cluster_id = env.random.uuid().to_string();
    auto formatted = format_fresh(config, env, found->fresh, options, storage);
    if (!formatted) return std::unexpected(std::move(formatted).error());
    storage.files = std::make_unique<log::FileCache>(env.disk, kOpenFilesMax);
    log::LogDirsOptions how;
    how.paths = all_directories(config);
    const bool is_apart =
        std::ranges::find(config.log_dirs, config.metadata_log_dir) == config.log_dirs.end();
    if (is_apart) how.metadata_only = config.metadata_log_dir;
    how.logger = options.logger.named("log");
    how.on_failure = options.on_failure;
    auto dirs = log::LogDirs::open(env.disk, *storage.files, env.random, std::move(how));
    if (!dirs) return std::unexpected(std::move(dirs).error());
    storage.dirs = std::move(*dirs);
    for (const auto& dir : storage.dirs->all()) {
        if (dir->path() == config.metadata_log_dir) storage.metadata_dir = dir.get();
    }
    if (auto ok = check_needed(storage, config.metadata_log_dir); !ok) {
        return std::unexpected(ok.error());
    }
    if (auto named = name_all(*storage.dirs, env.random); !named) {
        return std::unexpected(named.error());
    }
    return storage;
}

bool close_directories(const log::LogDirs& dirs, std::int64_t broker_epoch, bool is_clean,
                       const Logger& logger) {
    bool are_closed = true;
    for (const auto& dir : dirs.all()) {
        const auto closed = dir->close(broker_epoch, is_clean);
        if (closed) continue;
        logger.error("directory not closed reason=\"{}\"", closed.error().what);
        are_closed = false;
    }
    return are_closed;
}

}  // namespace kcore::broker
