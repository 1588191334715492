#pragma once
// The only door to files. Calls block: on a loop only writes into the page cache and reads known to
// be cached are allowed, everything else runs on a Pool. The real one is io/posix_disk; dev mode
// and tests use io/memory_disk; io/fault_disk fails the n-th call and makes crash images.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::io {

// Every failure is kafka_storage_error with path, call and errno text. Thread-safe in so far as
// different threads may read while one writes other bytes. Closes with its destructor.
class File {
public:
    virtual ~File() = default;

    // Writes all pieces one after the other from `position` on, into the page cache, extending the
    // file as needed. After an error the bytes past `position` are unknown.
    virtual Result<void> write(std::uint64_t position, std::span<const BytesView> pieces) = 0;
    Result<void> write(std::uint64_t position, BytesView bytes) {
        return write(position, std::span<const BytesView>(&bytes, 1));
    }

    // Fills `out` and returns the bytes read; fewer than asked only at the end of the file.
    virtual Result<std::size_t> read(std::uint64_t position, std::span<std::byte> out) = 0;

    // The same where it need not wait for the disk; nothing when part of it is not in memory.
    virtual Result<std::optional<std::size_t>> read_cached(std::uint64_t position,
                                                           std::span<std::byte> out) {
        return read(position, out);
    }
    // False once read_cached is known to read whatever is asked: all of the file is in memory, or
    // the system does not tell.
    virtual bool may_be_cold() const { return true; }

    virtual Result<std::uint64_t> size() = 0;
    virtual Result<void> truncate(std::uint64_t size) = 0;

    // Takes disk space up to `size` without changing the file's size.
    virtual Result<void> reserve(std::uint64_t size) = 0;

    // Returns once every earlier write would survive a power cut. A failure is final: the bytes may
    // be gone, and a second call that succeeds proves nothing.
    virtual Result<void> sync() = 0;

    // For sendfile; -1 when there is none and bytes must be read and copied.
    virtual int descriptor() const { return -1; }
};

enum class Open : std::uint8_t {
    read,    // Must exist.
    write,   // Reading and writing; created when it is not there.
    create,  // Reading and writing; created, or emptied when it is there.
};

struct Entry {
    std::string name;
    bool is_directory = false;
    std::uint64_t size_bytes = 0;
};

struct Space {
    std::uint64_t total_bytes = 0;
    std::uint64_t usable_bytes = 0;
};

// A lock on a path, held until destroyed or the process ends.
class PathLock {
public:
    virtual ~PathLock() = default;
};

class Disk {
public:
    virtual ~Disk() = default;

    virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how) = 0;
    virtual Result<std::vector<Entry>> list(const std::string& directory) = 0;

    // Nothing when there is no such path.
    virtual Result<std::optional<Entry>> stat(const std::string& path) = 0;

    // With all parents; fine when it is there.
    virtual Result<void> make_directory(const std::string& path) = 0;

    // Replaces `to` when it is there, atomically.
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;

    // A file or an empty directory; fine when it is not there.
    virtual Result<void> remove(const std::string& path) = 0;

    // Makes created, renamed and removed names inside survive a power cut.
    virtual Result<void> sync_directory(const std::string& path) = 0;

    // Creates `path` and takes an exclusive POSIX record lock on it, as Apache Kafka does.
    //   kafka_storage_error  another process holds it
    virtual Result<std::unique_ptr<PathLock>> lock(const std::string& path) = 0;

    virtual Result<Space> space(const std::string& path) = 0;
};

}  // namespace kcore::io
