#pragma once
// Opens the log in a partition's directory: finishes what was interrupted, trusts a clean stop,
// recovers from a crash. FORMAT.md gives the order of work.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "log/recovery.h"

namespace kcore::log {

struct LoadWhat {
    TopicPartition partition;
    Uuid topic_id;
    std::string path;
    ConfigRef config;
};

// What the directory's checkpoints say of a partition.
struct LoadFrom {
    bool is_clean = false;
    std::int64_t recovery_point = 0;
    std::int64_t log_start_offset = 0;
    std::int64_t high_watermark = 0;
};

// Used once. Blocks.
class Loader {
public:
    Loader(Storage& storage, LoadWhat what, LoadFrom from, std::int64_t now_ms);

    // Null when a recovery would have to read more than `recover_bytes_max`.
    //   corrupt_message      bit rot; nothing but indexes was changed
    //   kafka_storage_error  the disk failed, or the files cannot be understood
    Result<std::unique_ptr<Log>> load(std::uint64_t recover_bytes_max);

private:
    using Step = Result<void> (Loader::*)();

    Result<void> list();
    Result<void> remove_leftovers();
    Result<void> finish_swaps();
    Result<void> find_segments();
    Result<void> read_epochs();
    Result<void> open_segments();
    Result<void> recover();
    Result<void> settle();

    std::uint64_t bytes_to_recover() const;
    Result<void> remove(const std::string& name);
    Result<void> trust(std::size_t index);
    Result<void> rebuild_indexes(Segment& segment);
    Result<ScanEnd> rescan(Segment& segment, bool with_producers);
    Result<bool> recover_segment(std::size_t index);
    Result<bool> is_valid_behind(std::size_t index, std::int64_t offset);
    Result<void> drop_from(std::size_t index, const std::string& why);
    Result<void> walk_epochs();
    bool follows(std::size_t index) const;

    Storage& storage_;
    const LoadFrom from_;
    const std::int64_t now_ms_;
    std::unique_ptr<Log> log_;
    std::map<std::string, std::uint64_t> files_;  // Name and size.
    std::set<std::int64_t> bad_indexes_;          // Base offsets: to be rebuilt.
    bool is_changed_ = false;                     // Names: the directory is to be synced.
};

}  // namespace kcore::log
