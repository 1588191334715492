#pragma once
// All log directories of a broker: opened together, loaded in parallel, written to as one.

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/pool.h"
#include "log/log_dir.h"

namespace kcore::log {

struct LogDirsOptions {
    std::vector<std::string> paths;
    std::string metadata_only = {};  // One of them that takes no partitions; empty: all do.
    Logger logger;
    // A directory went offline. From any thread, maybe under a partition's mutex: only post.
    std::function<void(const std::string& path, const Error& error)> on_failure;
};

struct LoadedPartition {
    LogDir* directory = nullptr;
    FoundPartition found;
    Result<std::unique_ptr<Log>> log;  // corrupt_message: bit rot, the partition stays offline.
};

// Thread-safe, blocking, as LogDir.
class LogDirs {
public:
    // A directory that fails to open is left out and named in failed(); all failing is an error.
    // Directories must agree on cluster and node and differ in their ids, where they are formatted.
    static Result<std::unique_ptr<LogDirs>> open(io::Disk& disk, FileCache& files,
                                                 io::Random& random, LogDirsOptions options);

    const std::vector<std::unique_ptr<LogDir>>& all() const { return dirs_; }
    struct Failed {
        std::string path;
        Error error;
    };
    const std::vector<Failed>& failed() const { return failed_; }
    // Some partitions may lie in a directory that failed, at the start or since.
    bool is_incomplete() const;
    LogDir* by_id(const Uuid& directory_id) const;  // Null: unknown.
    LogDir* by_path(std::string_view path) const;   // Likewise.
    LogDir& holding(Log& log) const;                // The one that it lies in.

    // -1 unless every directory was marked clean with the same broker epoch.
    std::int64_t previous_broker_epoch() const;

    // Loads everything found except the metadata log, with `threads` jobs on `pool` per directory.
    // `config_for` and `on_loaded` are called from those threads, as soon as each is ready. Returns
    // when all have been, or false after stop_loading(); from any thread that may block. What takes
    // long to recover is left, once, to be named by late() and loaded by load_late().
    using ConfigFor = std::function<ConfigRef(const TopicPartition&)>;
    using OnLoaded = std::function<void(LoadedPartition)>;
    bool load(io::Pool& pool, std::size_t threads, const ConfigFor& config_for,
              const OnLoaded& on_loaded, std::int64_t now_ms);
    void load_late(io::Pool& pool, std::size_t threads, const ConfigFor& config_for,
                   const OnLoaded& on_loaded, std::int64_t now_ms);
    std::vector<TopicPartition> late() const;
    void stop_loading() { is_stopped_ = true; }  // load() and load_late() begin no other.

    // Where a new partition goes: online and open to them, with the fewest. Null when there is
    // none.
    LogDir* choose() const;
    bool is_any_online() const;  // Of those that may hold partitions.

private:
    std::vector<std::unique_ptr<LogDir>> dirs_;
    std::vector<Failed> failed_;
    std::atomic<bool> is_stopped_ = false;
    mutable std::mutex late_mutex_;
    std::map<LogDir*, std::vector<FoundPartition>> late_;
};

}  // namespace kcore::log
