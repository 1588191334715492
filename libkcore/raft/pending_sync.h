#pragma once
// Files and directories that were written but not synced yet, so that a start waits for the disk
// once instead of once for each. Until all of them are, nothing may be acknowledged that needs
// them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/disk.h"

namespace kcore::raft {

class PendingSync {
public:
    // Creates or replaces the file, by rename; its directory will be synced with it.
    Result<void> write_file(io::Disk& disk, const std::string& path, std::string_view text);
    void add_directory(const std::string& path);
    // Replaces the file when it is synced, and not before: the old content stays until the new one
    // is safe.
    void replace_later(const std::string& path, std::string text);
    void add(const PendingSync& other);

    bool empty() const { return paths_.empty(); }

    // One entry may be synced beside another, on any thread, in any order.
    struct Path {
        std::string path;
        bool is_directory = false;
        std::optional<std::string> text;  // To be written first, by replacing the file.
    };
    const std::vector<Path>& paths() const { return paths_; }
    static Result<void> sync(io::Disk& disk, const Path& path);

    // All, one after the other.
    Result<void> sync_all(io::Disk& disk) const;

private:
    std::vector<Path> paths_;
};

}  // namespace kcore::raft
