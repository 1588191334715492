#pragma once
// Wraps a Disk for tests: fails calls on demand, and remembers what every call did and what was
// synced, so that the disk can be had as a power cut might leave it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "io/disk.h"
#include "io/effects.h"
#include "io/memory_disk.h"
#include "io/random.h"

namespace kcore::io {

enum class Fault : std::uint8_t {
    io_error,     // EIO; nothing is done. A sync that fails loses what it should have synced.
    no_space,     // ENOSPC; a write has put half of its bytes down, other calls nothing.
    short_write,  // EIO after half of the bytes; other calls do nothing.
};

// Thread-safe. `base` must be empty and must not be changed by others.
class FaultDisk : public Disk {
public:
    explicit FaultDisk(Disk& base) : base_(base), shared_(std::make_shared<Shared>()) {}

    // The n-th call from now (1 is the next) fails, and with `for_good` all that follow.
    void fail_call(std::uint64_t n, Fault fault, bool for_good = false);
    // Everything at or below `path` fails with EIO from now on: a disk of several that died.
    void fail_below(const std::string& path);
    // Fallible calls of the disk and its files so far, and how many of them were made to fail.
    std::uint64_t calls() const;
    std::uint64_t faults() const;
    // What the call that failed last was: "sync /data/a-0/x.log".
    std::string last_fault() const;

    // Things done so far: a point in time for crashed().
    std::size_t effects() const;
    // The disk after a power cut at that point. What was synced by then is there; of the rest, any
    // subset that a disk may have got to: sectors of writes, sizes of files, names.
    std::unique_ptr<MemoryDisk> crashed(std::size_t effects, Random& random) const;

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
    class FaultFile;
    struct Shared {
        std::mutex mutex;
        std::uint64_t calls = 0;
        std::uint64_t faults = 0;
        std::uint64_t fail_at = 0;
        Fault fault = Fault::io_error;
        bool for_good = false;
        std::string dead;  // Empty: no path is.
        std::string last_fault;
        Effects effects;

        // Counts a call; the errno with which it is to fail, or 0.
        int begin(const char* call, const std::string& path);
    };

    Disk& base_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace kcore::io
