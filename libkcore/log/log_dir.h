#pragma once
// One entry of log.dirs: its lock, identity, checkpoints, clean-shutdown marker and the partitions
// in it. The logs themselves belong to whoever loads or creates them.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "log/checkpoint.h"
#include "log/loader.h"
#include "log/log.h"
#include "log/meta_properties.h"
#include "log/names.h"
#include "log/storage.h"

namespace kcore::log {

// A partition's directory as it was found at the start.
struct FoundPartition {
    PartitionDirName name;
    std::string directory;  // Its name.
};

// Thread-safe. Everything here blocks: call it from a pool or at start and stop. Outlives its logs.
class LogDir {
public:
    // Makes the directory when it is missing, locks it, reads what is in it and removes the clean
    // marker.
    //   kafka_storage_error  I/O, or another process holds the lock
    //   unknown_server_error  a file or directory name in it cannot be understood
    static Result<std::unique_ptr<LogDir>> open(io::Disk& disk, FileCache& files,
                                                io::Random& random, Logger logger, std::string path,
                                                Storage::OnFailure on_failure);

    const std::string& path() const { return storage_.path(); }
    Storage& storage() { return storage_; }
    bool is_offline() const { return storage_.is_offline(); }

    // Takes no new partitions: an operator wants it so (cordoned.log.dirs), or it is there for the
    // metadata log only.
    enum class Use : std::uint8_t { any, cordoned, metadata_only };
    Use use() const { return use_.load(std::memory_order_relaxed); }
    bool takes_partitions() const { return use() != Use::metadata_only; }  // Or holds some.
    void set_use(Use use) { use_.store(use, std::memory_order_relaxed); }

    // None: the directory was never formatted.
    const std::optional<MetaProperties>& meta() const { return meta_; }
    Result<void> write_meta(const MetaProperties& meta);
    // directory.id, by which the cluster knows it; kDirMigrating without one.
    Uuid id() const;

    // The last stop was clean; and the broker epoch it noted, -1 if none.
    bool was_clean() const { return clean_marker_.has_value(); }
    std::int64_t previous_broker_epoch() const { return clean_marker_.value_or(-1); }

    // Everything but -delete, which is queued for removal.
    const std::vector<FoundPartition>& found() const { return found_; }
    bool has_found(const TopicPartition& partition) const;  // As its current log, not a stray.
    // By its partition.metadata; zero without one.
    Result<Uuid> topic_id(const FoundPartition& found) {
        return read_topic_id(at(found.directory));
    }

    // Opens a partition that was found, recovering it unless the last stop was clean. Several
    // threads may load different ones at once. Its topic id is zero without partition.metadata.
    // Null when more than `recover_bytes_max` would have to be read for that.
    //   corrupt_message  bit rot: the sentence says where; the files are left as they are
    Result<std::unique_ptr<Log>> load(const FoundPartition& found, ConfigRef config,
                                      std::int64_t now_ms,
                                      std::uint64_t recover_bytes_max = UINT64_MAX);
    // A new partition; fine when an empty directory of that name and topic id is there. Nothing is
    // synced: the log's first flush makes directory and files durable with its records.
    Result<std::unique_ptr<Log>> create(const TopicPartition& partition, const Uuid& topic_id,
                                        ConfigRef config, std::int64_t now_ms);
    // A copy that is to take the place of a log in another directory, empty, from `start` on. Under
    // the -future name until it is promoted: then it has the plain one, durably.
    Result<std::unique_ptr<Log>> create_future(const TopicPartition& partition,
                                               const Uuid& topic_id, std::int64_t start,
                                               ConfigRef config, std::int64_t now_ms);
    Result<void> promote(Log& future);
    // The same for one that was found and not loaded yet; before any is.
    Result<void> promote(const FoundPartition& future);
    // Gives a log that was loaded without a topic id one.
    Result<void> adopt(Log& log, const Uuid& topic_id);
    // Renames the directory; the files are removed by storage().purge() after file.delete.delay.ms.
    Result<void> remove(std::unique_ptr<Log> log, std::int64_t now_ms);
    // Sets a replica aside that is not assigned here, under the -stray name.
    Result<void> set_aside(std::unique_ptr<Log> log);
    // The same two for a partition that was found and did not load.
    Result<void> remove(const FoundPartition& found);
    Result<void> set_aside(const FoundPartition& found);

    // Partitions loaded or created and not removed since.
    std::size_t partitions() const;

    Result<void> write_recovery_points();
    Result<void> write_high_watermarks();
    Result<void> write_log_starts();

    // Up to where compaction has cleaned a partition; -1: never. Setting writes the checkpoint; it
    // does nothing for a partition that is not here any more.
    std::int64_t cleaned_to(const TopicPartition& partition) const;
    Result<void> set_cleaned_to(const TopicPartition& partition, std::int64_t offset);

    // After every log has been closed: checkpoints, then the marker. Without `is_clean` (a log
    // did not close) no marker is left. Releases the lock.
    Result<void> close(std::int64_t broker_epoch, bool is_clean);

private:
    LogDir(io::Disk& disk, FileCache& files, io::Random& random, Logger logger, std::string path,
           Storage::OnFailure on_failure);

    Result<void> read();
    Result<void> read_names();
    Result<void> read_checkpoints();
    Result<void> take_clean_marker();
    std::string at(std::string_view name) const;
    Result<OffsetCheckpoint> read_checkpoint(std::string_view file);
    Result<Uuid> read_topic_id(const std::string& path);
    Result<void> put_topic_id(const std::string& path, const Uuid& topic_id);
    Result<std::unique_ptr<Log>> make(LoadWhat what, LoadFrom from, std::int64_t now_ms);
    Result<void> give_plain_name(const TopicPartition& partition, const std::string& path);
    LoadFrom load_from(const TopicPartition& partition) const;
    void add(const Log& log);
    Result<std::string> take_away(std::unique_ptr<Log> log, DirKind kind);
    Result<std::string> rename_away(const TopicPartition& partition, const std::string& path,
                                    DirKind kind);
    using OffsetOf = std::optional<std::int64_t> (*)(const LogMarks&);
    Result<void> write_checkpoint(std::string_view file, const OffsetCheckpoint& not_loaded,
                                  OffsetOf offset_of);

    Storage storage_;
    std::atomic<Use> use_ = Use::any;
    std::unique_ptr<io::PathLock> lock_;
    std::optional<MetaProperties> meta_;
    std::optional<std::int64_t> clean_marker_;
    std::vector<FoundPartition> found_;
    mutable std::mutex mutex_;
    OffsetCheckpoint recovery_points_;  // As read, of partitions not loaded; likewise the others.
    OffsetCheckpoint log_starts_;
    OffsetCheckpoint high_watermarks_;
    OffsetCheckpoint cleaned_to_;  // Always whole.
    std::map<TopicPartition, std::shared_ptr<const LogMarks>> logs_;
    std::mutex checkpoint_mutex_;  // One writer of checkpoint files at a time.
};

}  // namespace kcore::log
