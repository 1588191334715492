#pragma once
// One flush of a log, cut loose from its mutex: what it takes to make everything below an offset
// survive a power cut, and what is still to be flushed.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "log/epoch_cache.h"
#include "log/storage.h"

namespace kcore::log {

// Keeps a flush or a compaction under way from bringing back what a truncation or a removal has
// just taken away: names are used under `mutex`, and not at all once it is cancelled.
struct FlushGate {
    std::mutex mutex;
    bool is_cancelled = false;

    void cancel() {
        const std::lock_guard lock(mutex);
        is_cancelled = true;
    }
};

// What the last entries of an index, or a segment's reserved space, still need on the disk.
struct Sealed {
    std::shared_ptr<io::File> file;
    std::uint64_t position = 0;
    Bytes bytes = {};
    std::uint64_t size_bytes = 0;  // The file is cut to it.
};

// Without the sync.
Result<void> write_sealed(const Sealed& part);

class FlushWork {
public:
    explicit FlushWork(Storage& storage) : storage_(storage) {}

    // Blocks; on any thread, without the log's mutex, also when the Log is gone. Then
    // Log::finish_flush(). A full disk fails it; the next flush tries again.
    //   kafka_storage_error  the disk failed; but for a full disk the directory is offline now
    void run();

    std::int64_t up_to() const { return up_to_; }  // The log end that it makes durable.
    const Result<void>& result() const { return result_; }

private:
    friend class Log;

    Result<void> write_small_files();
    Result<void> sync();

    Storage& storage_;
    std::string path_;
    std::int64_t up_to_ = 0;
    std::shared_ptr<FlushGate> gate_;
    std::vector<std::shared_ptr<io::File>> logs_;
    std::vector<Sealed> sealed_;
    std::vector<std::int64_t> sealed_bases_;  // The segments they belong to.
    std::map<std::int64_t, Bytes> snapshots_;
    std::optional<std::vector<EpochEntry>> epochs_;
    bool are_names_new_ = false;
    std::vector<std::shared_ptr<io::File>> small_files_;  // To be synced.
    Result<void> result_;
};

// What the next flush has to do besides syncing the segments' files. Guarded by the log's mutex.
struct PendingFlush {
    std::int64_t messages = 0;    // Appended since the last flush began.
    std::int64_t oldest_ms = -1;  // When the first of them was; -1: none.
    bool is_wanted = false;       // A roll wants its segment to be synced soon.
    bool are_names_new = false;   // Files were created: the directory is to be synced.
    bool are_epochs_new = false;
    std::map<std::int64_t, Bytes> snapshots;  // By their offset.
    std::shared_ptr<FlushGate> in_flight;
};

}  // namespace kcore::log
