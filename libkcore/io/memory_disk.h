#pragma once
// A whole file system in memory: dev mode, tests, and the images of crashed disks. Nothing survives
// the object; open files live on after their name is gone, as on a real one. Thread-safe.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "io/disk.h"

namespace kcore::io {

class MemoryDisk : public Disk {
public:
    // Writes beyond `capacity_bytes` fail like those on a full disk.
    explicit MemoryDisk(std::uint64_t capacity_bytes = std::numeric_limits<std::int64_t>::max());
    ~MemoryDisk() override;

    void set_capacity(std::uint64_t bytes);

    Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
    Result<std::vector<Entry>> list(const std::string& directory) override;
    Result<std::optional<Entry>> stat(const std::string& path) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> remove(const std::string& path) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::unique_ptr<PathLock>> lock(const std::string& path) override;
    Result<Space> space(const std::string& path) override;

private:
    struct Usage;
    class Content;
    class OpenFile;
    class Lock;
    struct Locks;
    struct Node;

    // The node at `path`, or null; the parent and last name for creating, or null without a parent.
    Node* find(const std::string& path);
    std::pair<Node*, std::string> parent_of(const std::string& path);

    std::mutex mutex_;  // Over the tree; contents have their own.
    std::shared_ptr<Usage> usage_;
    std::shared_ptr<Locks> locks_;
    std::unique_ptr<Node> root_;
};

}  // namespace kcore::io
