#include "raft/pending_sync.h"

#include <algorithm>
#include <utility>

#include "log/checkpoint.h"

namespace kcore::raft {

void PendingSync::add_directory(const std::string& path) {
    const auto known = std::ranges::any_of(
        paths_, [&](const Path& p) { return p.is_directory && p.path == path; });
    if (!known) paths_.push_back({path, true, std::nullopt});
}

void PendingSync::replace_later(const std::string& path, std::string text) {
    paths_.push_back({path, false, std::move(text)});
}

void PendingSync::add(const PendingSync& other) {
    for (const auto& path : other.paths_) {
        if (path.is_directory) {
            add_directory(path.path);
        } else {
            paths_.push_back(path);
        }
    }
}

Result<void> PendingSync::write_file(io::Disk& disk, const std::string& path,
                                     std::string_view text) {
    const auto part = path + ".tmp";
    {
        auto file = disk.open(part, io::Open::create);
        if (!file) return std::unexpected(std::move(file).error());
        if (auto done = (*file)->write(0, as_bytes(text)); !done) return done;
    }
    if (auto done = disk.rename(part, path); !done) return done;
    paths_.push_back({path, false, std::nullopt});
    add_directory(path.substr(0, path.rfind('/')));
    return {};
}

Result<void> PendingSync::sync(io::Disk& disk, const Path& path) {
    if (path.is_directory) return disk.sync_directory(path.path);
    if (path.text) return log::replace_file(disk, path.path, as_bytes(*path.text));
    auto file = disk.open(path.path, io::Open::write);
    if (!file) return std::unexpected(std::move(file).error());
    return (*file)->sync();
}

Result<void> PendingSync::sync_all(io::Disk& disk) const {
    for (const auto& path : paths_) {
        if (auto done = sync(disk, path); !done) return done;
    }
    return {};
}

}  // namespace kcore::raft
