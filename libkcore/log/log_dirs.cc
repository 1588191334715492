#include "log/log_dirs.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <utility>

namespace kcore::log {

namespace {

// Read in a millisecond or so; what has to recover more must not keep others waiting.
constexpr std::uint64_t kQuickBytes = 1 << 20;

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
    for (const auto& path : options.paths) {
        auto on_failure = [path, report = options.on_failure](const Error& error) {
            if (report) report(path, error);
        };
        auto dir = LogDir::open(disk, files, random, options.logger, path, std::move(on_failure));
        if (dir) {
            if (path == options.metadata_only) (*dir)->set_use(LogDir::Use::metadata_only);
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

LogDir* LogDirs::by_path(std::string_view path) const {
    const auto found = std::ranges::find(dirs_, path, &LogDir::path);
    return found == dirs_.end() ? nullptr : found->get();
}

LogDir& LogDirs::holding(Log& log) const {
    const auto found = std::ranges::find_if(
        dirs_, [&](const auto& dir) { return &dir->storage() == &log.storage(); });
    assert(found != dirs_.end());
    return **found;
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

namespace {

using LoadOne = std::function<void(LogDir&, const FoundPartition&)>;

// A job that begins when all is done finds nothing to do, and touches nothing but this.
struct Loading {
    struct Part {
        LogDir* dir = nullptr;
        std::span<const FoundPartition> found;
        std::atomic<std::size_t> next = 0;
    };
    std::deque<Part> parts;
    std::mutex mutex;
    std::condition_variable done;
    std::size_t left = 0;

    void add(LogDir& dir, std::span<const FoundPartition> found) {
        auto& part = parts.emplace_back();
        part.dir = &dir;
        part.found = found;
        left += found.size();
    }

    // Takes the next partition of the directory until none is left.
    void work(Part& part, const LoadOne& load) {
        for (auto i = part.next++; i < part.found.size(); i = part.next++) {
            load(*part.dir, part.found[i]);
            const std::lock_guard lock(mutex);
            if (--left == 0) done.notify_all();
        }
    }
};

void load_all(const std::shared_ptr<Loading>& loading, io::Pool& pool, std::size_t threads,
              const LoadOne& load_one) {
    if (loading->left == 0) return;
    // This thread helps, so that it ends also where it is the pool's only one.
    for (auto& part : loading->parts) {
        const auto helpers = std::min(part.found.size(), std::max<std::size_t>(threads, 1));
        for (std::size_t i = &part == &loading->parts.front() ? 1 : 0; i < helpers; ++i) {
            pool.submit([loading, &part, &load_one] { loading->work(part, load_one); });
        }
    }
    for (auto& part : loading->parts) loading->work(part, load_one);
    std::unique_lock lock(loading->mutex);
    loading->done.wait(lock, [&] { return loading->left == 0; });
}

}  // namespace

bool LogDirs::load(io::Pool& pool, std::size_t threads, const ConfigFor& config_for,
                   const OnLoaded& on_loaded, std::int64_t now_ms) {
    const LoadOne load_one = [&](LogDir& dir, const FoundPartition& found) {
        const auto& partition = found.name.partition;
        if (found.name.kind != DirKind::current || partition.topic == kMetadataTopic) return;
        if (is_stopped_) return;
        auto log = dir.load(found, config_for(partition), now_ms, kQuickBytes);
        if (!log || *log) {
            return on_loaded({.directory = &dir, .found = found, .log = std::move(log)});
        }
        const std::lock_guard lock(late_mutex_);
        late_[&dir].push_back(found);
    };
    const auto loading = std::make_shared<Loading>();
    for (const auto& dir : dirs_) loading->add(*dir, dir->found());
    load_all(loading, pool, threads, load_one);
    return !is_stopped_;
}

std::vector<TopicPartition> LogDirs::late() const {
    const std::lock_guard lock(late_mutex_);
    std::vector<TopicPartition> out;
    for (const auto& [dir, all] : late_) {
        for (const auto& found : all) out.push_back(found.name.partition);
    }
    return out;
}

void LogDirs::load_late(io::Pool& pool, std::size_t threads, const ConfigFor& config_for,
                        const OnLoaded& on_loaded, std::int64_t now_ms) {
    const LoadOne load_one = [&](LogDir& dir, const FoundPartition& found) {
        if (is_stopped_) return;
        auto log = dir.load(found, config_for(found.name.partition), now_ms);
        on_loaded({.directory = &dir, .found = found, .log = std::move(log)});
    };
    std::map<LogDir*, std::vector<FoundPartition>> late;
    {
        const std::lock_guard lock(late_mutex_);
        late.swap(late_);
    }
    const auto loading = std::make_shared<Loading>();
    for (const auto& [dir, all] : late) loading->add(*dir, all);
    load_all(loading, pool, threads, load_one);
}

LogDir* LogDirs::choose() const {
    LogDir* best = nullptr;
    for (const auto& dir : dirs_) {
        if (dir->is_offline() || dir->use() != LogDir::Use::any) continue;
        if (best == nullptr || dir->partitions() < best->partitions()) best = dir.get();
    }
    return best;
}

bool LogDirs::is_any_online() const {
    return std::ranges::any_of(
        dirs_, [](const auto& dir) { return !dir->is_offline() && dir->takes_partitions(); });
}

}  // namespace kcore::log
