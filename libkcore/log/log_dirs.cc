#include "log/log_dirs.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>

namespace kcore::log {

namespace {

constexpr std::string_view kMetadataTopic = "__cluster_metadata";

Result<void> check_identities(const std::vector<std::unique_ptr<LogDir>>& dirs) {
    const LogDir* first = nullptr;
    std::set<Uuid> ids;
    for (const auto& dir : dirs) {
        const auto& meta = dir->meta();
        if (!meta) continue;
        if (meta->directory_id && !ids.insert(*meta->directory_id).second) {
            return fail(Errc::kafka_storage_error,
                        fmt::format("{}: directory.id {} is another log directory's, too",
                                    dir->path(), meta->directory_id->to_string()));
        }
        if (first == nullptr) first = dir.get();
        const auto& other = *first->meta();
        if (meta->cluster_id == other.cluster_id && meta->node_id == other.node_id) continue;
        return fail(Errc::kafka_storage_error,
                    fmt::format("{} is of node {} of cluster {}, {} of node {} of cluster {}",
                                first->path(), other.node_id, other.cluster_id, dir->path(),
                                meta->node_id, meta->cluster_id));
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<LogDirs>> LogDirs::open(io::Disk& disk, FileCache& files, io::Random& random,
                                               LogDirsOptions options) {
    auto dirs = std::make_unique<LogDirs>();
    dirs->metadata_only_ = options.metadata_only;
    for (const auto& path : options.paths) {
        auto on_failure = [path, report = options.on_failure](const Error& error) {
            if (report) report(path, error);
        };
        auto dir = LogDir::open(disk, files, random, options.logger, path, std::move(on_failure));
        if (dir) {
            dirs->dirs_.push_back(std::move(*dir));
        } else {
            options.logger.error("log directory cannot be used path={} error=\"{}\"", path,
                                 dir.error().what);
            dirs->failed_.push_back({path, dir.error()});
        }
    }
    if (dirs->dirs_.empty() && !dirs->failed_.empty()) {
        return std::unexpected(dirs->failed_.front().error);
    }
    if (auto done = check_identities(dirs->dirs_); !done) return std::unexpected(done.error());
    return dirs;
}

LogDir* LogDirs::by_id(const Uuid& directory_id) const {
    if (directory_id.is_zero()) return nullptr;
    const auto found = std::ranges::find(dirs_, directory_id, &LogDir::id);
    return found == dirs_.end() ? nullptr : found->get();
}

bool LogDirs::is_incomplete() const {
    return !failed_.empty() ||
           std::ranges::any_of(dirs_, [](const auto& dir) { return dir->is_offline(); });
}

std::int64_t LogDirs::previous_broker_epoch() const {
    if (dirs_.empty() || !failed_.empty()) return -1;
    const auto epoch = dirs_.front()->previous_broker_epoch();
    const bool agree = std::ranges::all_of(
        dirs_, [epoch](const auto& dir) { return dir->previous_broker_epoch() == epoch; });
    return agree ? epoch : -1;
}

void LogDirs::load(io::Pool& pool, std::size_t threads,
                   const std::function<ConfigRef(const TopicPartition&)>& config_for,
                   const std::function<void(LoadedPartition)>& on_loaded, std::int64_t now_ms) {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t running = 0;
    std::vector<std::unique_ptr<std::atomic<std::size_t>>> next;
    for (const auto& dir : dirs_) {
        next.push_back(std::make_unique<std::atomic<std::size_t>>(0));
        running +=
            std::clamp<std::size_t>(dir->found().size(), 1, std::max<std::size_t>(threads, 1));
    }
    // Each job takes the next partition of its directory until none is left.
    const auto job = [&](LogDir& dir, std::atomic<std::size_t>& at) {
        for (auto i = at++; i < dir.found().size(); i = at++) {
            const auto& found = dir.found()[i];
            const auto& partition = found.name.partition;
            if (found.name.kind != DirKind::current || partition.topic == kMetadataTopic) continue;
            auto log = dir.load(found, config_for(partition), now_ms);
            on_loaded({.directory = &dir, .found = found, .log = std::move(log)});
        }
        const std::lock_guard lock(mutex);
        if (--running == 0) done.notify_all();
    };
    for (std::size_t d = 0; d < dirs_.size(); ++d) {
        const auto jobs =
            std::clamp<std::size_t>(dirs_[d]->found().size(), 1, std::max<std::size_t>(threads, 1));
        for (std::size_t i = 0; i < jobs; ++i) {
            pool.submit([&job, dir = dirs_[d].get(), at = next[d].get()] { job(*dir, *at); });
        }
    }
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return running == 0; });
}

LogDir* LogDirs::choose() const {
    LogDir* best = nullptr;
    for (const auto& dir : dirs_) {
        if (dir->is_offline() || !takes_partitions(*dir)) continue;
        if (best == nullptr || dir->partitions() < best->partitions()) best = dir.get();
    }
    return best;
}

}  // namespace kcore::log
