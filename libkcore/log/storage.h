#pragma once
// What all logs of one log directory share: the disk, the cache of open files, the directory's
// state and the files that wait for their unlink. Not the directory's own files: see LogDir.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/logger.h"
#include "base/result.h"
#include "io/disk.h"
#include "io/random.h"
#include "log/file_cache.h"

namespace kcore::log {

// Thread-safe. Outlives the logs in it.
class Storage {
public:
    using OnFailure = std::function<void(const Error&)>;

    // `on_failure` is called once, from the thread that met the first error which takes the
    // directory offline; it may hold a partition's mutex and must only post the news.
    Storage(io::Disk& disk, FileCache& files, io::Random& random, Logger logger, std::string path,
            OnFailure on_failure);

    io::Disk& disk() { return disk_; }
    FileCache& files() { return files_; }
    io::Random& random() { return random_; }
    const Logger& logger() const { return logger_; }
    const std::string& path() const { return path_; }

    // Offline: nothing more is written; appends and reads answer kafka_storage_error.
    bool is_offline() const { return is_offline_.load(std::memory_order_relaxed); }
    Result<void> check_online() const;

    // Names the consequence of an I/O error and gives the error back. A full disk, or a process
    // without descriptors, refuses the one operation and nothing else; any other error takes the
    // directory offline.
    std::unexpected<Error> failed(const Error& error);
    // The same where even a full disk leaves doubt about what is on the disk: a sync.
    std::unexpected<Error> failed_for_good(const Error& error);

    // An error of reading: damaged content is the partition's trouble, I/O is the directory's.
    std::unexpected<Error> failed_read(const Error& error);

    // Set by the directory: writes the recovery points, some of which have fallen, before anything
    // is appended over what they covered.
    void set_on_recovery_point_fell(std::function<Result<void>()> write);
    Result<void> recovery_point_fell();

    // Removes `path` (a file, or a directory with the files in it) once purge() is called at or
    // after `at_ms`.
    void remove_later(std::string path, std::int64_t at_ms);
    // A directory has another name now: so have the files in it that are to go.
    void renamed(const std::string& from, const std::string& to);
    // From a thread that may block. Errors are logged; the files are found again at the next start.
    void purge(std::int64_t now_ms);

private:
    struct Doomed {
        std::string path;
        std::int64_t at_ms;
    };

    io::Disk& disk_;
    FileCache& files_;
    io::Random& random_;
    const Logger logger_;
    const std::string path_;
    const OnFailure on_failure_;
    std::function<Result<void>()> on_recovery_point_fell_;
    std::atomic<bool> is_offline_ = false;
    std::mutex mutex_;
    std::vector<Doomed> doomed_;
};

// A file, or a directory with all that is in it.
Result<void> remove_all(io::Disk& disk, const std::string& path);

}  // namespace kcore::log
