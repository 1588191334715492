#include "log/storage.h"

#include <algorithm>
#include <utility>

#include "io/disk_error.h"

namespace kcore::log {

Storage::Storage(io::Disk& disk, FileCache& files, io::Random& random, Logger logger,
                 std::string path, OnFailure on_failure)
    : disk_(disk),
      files_(files),
      random_(random),
      logger_(std::move(logger)),
      path_(std::move(path)),
      on_failure_(std::move(on_failure)) {}

Result<void> Storage::check_online() const {
    if (!is_offline()) return {};
    return fail(Errc::kafka_storage_error, path_ + ": this log directory is offline");
}

std::unexpected<Error> Storage::failed(const Error& error) {
    if (io::is_disk_full(error) || io::is_out_of_descriptors(error)) {
        logger_.warn("{}", error.what);
        return std::unexpected(error);
    }
    return failed_for_good(error);
}

std::unexpected<Error> Storage::failed_for_good(const Error& error) {
    if (!is_offline_.exchange(true)) {
        logger_.error("log directory goes offline path={} error=\"{}\"", path_, error.what);
        if (on_failure_) on_failure_(error);
    }
    return std::unexpected(error);
}

std::unexpected<Error> Storage::failed_read(const Error& error) {
    return error.code == Errc::kafka_storage_error ? failed(error) : std::unexpected(error);
}

void Storage::set_on_recovery_point_fell(std::function<Result<void>()> write) {
    on_recovery_point_fell_ = std::move(write);
}

Result<void> Storage::recovery_point_fell() {
    if (!on_recovery_point_fell_) return {};
    auto done = on_recovery_point_fell_();
    if (!done) return failed_for_good(done.error());
    return done;
}

void Storage::remove_later(std::string path, std::int64_t at_ms) {
    const std::lock_guard lock(mutex_);
    doomed_.push_back({std::move(path), at_ms});
}

void Storage::renamed(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    for (auto& doomed : doomed_) {
        if (doomed.path.starts_with(from + "/")) doomed.path.replace(0, from.size(), to);
    }
}

void Storage::purge(std::int64_t now_ms) {
    std::vector<std::string> due;
    {
        const std::lock_guard lock(mutex_);
        for (auto& doomed : doomed_) {
            if (doomed.at_ms <= now_ms) due.push_back(std::move(doomed.path));
        }
        std::erase_if(doomed_, [now_ms](const Doomed& doomed) { return doomed.at_ms <= now_ms; });
    }
    for (const auto& path : due) {
        if (is_offline()) return;
        if (const auto done = remove_all(disk_, path); !done) {
            logger_.warn("not removed: {}", done.error().what);
        }
    }
}

Result<void> remove_all(io::Disk& disk, const std::string& path) {
    const auto entry = disk.stat(path);
    if (!entry) return std::unexpected(entry.error());
    if (*entry && (*entry)->is_directory) {
        const auto inside = disk.list(path);
        if (!inside) return std::unexpected(inside.error());
        for (const auto& child : *inside) {
            if (auto done = remove_all(disk, path + "/" + child.name); !done) return done;
        }
    }
    return disk.remove(path);
}

}  // namespace kcore::log
