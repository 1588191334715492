#pragma once
// How the lookups of one log read its files: waiting for the disk where they must, or only what is
// in memory, so that a loop may run them under the log's mutex.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "log/log_types.h"

namespace kcore::log {

// Bytes that a lookup wanted and the page cache had not.
struct ColdRange {
    std::shared_ptr<io::File> file;
    std::uint64_t position = 0;
    std::size_t size_bytes = 0;
};

// Brings them into memory. Blocks; without any mutex. An error is left to who reads them next.
void warm(const std::vector<ColdRange>& ranges);

// Reads a slice that could not be sent: when the disk is to blame, its directory goes offline.
// Blocks; without any mutex.
void check_readable(const FileSlice& slice);

// Guarded by its log's mutex.
class Reads {
public:
    // As File::read; but while a CachedOnly lives, what is not in memory fails with
    // unknown_server_error and is noted.
    Result<std::size_t> read(const std::shared_ptr<io::File>& file, std::uint64_t position,
                             std::span<std::byte> out);
    // Fails in the same way where a range that somebody is about to send is not in memory.
    Result<void> check_cached(const std::shared_ptr<io::File>& file, std::uint64_t position,
                              std::size_t size_bytes);

private:
    friend class CachedOnly;
    std::vector<ColdRange>* cold_ = nullptr;  // Nobody minds waiting when it is null.
};

// While it lives, lookups through `reads` note in `cold` what they lack instead of waiting. With
// null they wait.
class CachedOnly {
public:
    CachedOnly(Reads& reads, std::vector<ColdRange>* cold) : reads_(reads) { reads_.cold_ = cold; }
    ~CachedOnly() { reads_.cold_ = nullptr; }
    CachedOnly(const CachedOnly&) = delete;
    CachedOnly& operator=(const CachedOnly&) = delete;

private:
    Reads& reads_;
};

}  // namespace kcore::log
