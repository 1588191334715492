#pragma once
// The log of one partition in one log directory: segments, indexes, producer state, leader epochs.
// It knows offsets, not replicas: who may append or read, and how far, is replication's business.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "log/cleanable.h"
#include "log/config.h"
#include "log/epoch_cache.h"
#include "log/flush_work.h"
#include "log/log_types.h"
#include "log/producer_state.h"
#include "log/reads.h"
#include "log/segment.h"
#include "log/storage.h"

namespace kcore::log {

// Guarded by its owner's mutex, except marks() and what is said to run without it. Errors of the
// disk are kafka_storage_error; except for a full disk they have taken the directory offline.
class Log {
public:
    ~Log();

    const TopicPartition& partition() const { return partition_; }
    const Uuid& topic_id() const { return topic_id_; }
    const std::string& path() const { return path_; }
    const LogConfig& config() const { return *config_; }
    void set_config(ConfigRef config) { config_ = std::move(config); }
    Storage& storage() { return storage_; }
    // Offsets for checkpoints and metrics; may be read from any thread, also after the Log is gone.
    std::shared_ptr<const LogMarks> marks() const { return marks_; }

    // --- Offsets. All of them only rise, but for truncation.
    std::int64_t log_start_offset() const { return marks_->log_start_offset; }
    std::int64_t log_end_offset() const { return marks_->log_end_offset; }
    std::int64_t high_watermark() const { return marks_->high_watermark; }
    // Where the first open transaction begins, at most the high watermark.
    std::int64_t last_stable_offset() const;
    // Below it everything was synced.
    std::int64_t recovery_point() const { return marks_->recovery_point; }
    // Kept within log start and log end; never moves back. Gives the new one.
    std::int64_t set_high_watermark(std::int64_t offset);

    // --- Writing.
    // Appends each submission, in order, with as few writes as possible (one, as a rule), stamping
    // base offsets and the leader epoch into the caller's bytes. Each has its own result:
    //   out_of_order_sequence_number, invalid_producer_epoch, transaction_coordinator_fenced
    //   corrupt_message      not whole v2 batches back to back: the caller did not validate them
    //   kafka_storage_error  nothing of it was appended
    // A repeated batch is answered with its first offsets and not appended.
    void append_as_leader(std::span<Submission> submissions, std::int32_t leader_epoch,
                          std::int64_t now_ms);
    // The same for one.
    Result<Appended> append_as_leader(std::span<std::byte> batches, Origin origin,
                                      std::int32_t leader_epoch, std::int64_t now_ms);
    // Appends batches as another log had them; a partial one at the end is left out.
    //   corrupt_message      a checksum or header is wrong
    //   offset_out_of_range  does not begin at or after the log end
    Result<Appended> append_as_follower(BytesView batches, std::int64_t now_ms);

    // Begins a new segment at the log end; nothing when the last one is empty.
    Result<void> roll(std::int64_t now_ms);

    // --- Durability: begin and finish under the mutex, run() without it, on a thread that blocks.
    // All that is not yet synced; nothing while another flush is under way (what is appended
    // meanwhile collects for the next) or when there is nothing to do.
    std::unique_ptr<FlushWork> begin_flush();
    // Moves the recovery point. False: the work counts no more, the log was cut or exchanged.
    bool finish_flush(const FlushWork& work);
    // flush.messages or flush.ms wants a flush, or a roll left one behind.
    bool is_flush_due(std::int64_t now_ms) const;

    // --- Reading.
    //   offset_out_of_range  below log start or above log end
    Result<LogRead> read(const ReadRange& range);
    // Transactions aborted with data in [from, to).
    Result<std::vector<AbortedTransaction>> aborted_transactions(std::int64_t from,
                                                                 std::int64_t to);
    // The first record whose timestamp is at least this, or is the largest; nothing if none is.
    Result<std::optional<TimestampOffset>> offset_for_timestamp(std::int64_t timestamp);
    Result<std::optional<TimestampOffset>> max_timestamp();
    std::uint64_t size_bytes() const { return marks_->size_bytes; }
    Reads& reads() { return reads_; }  // For a CachedOnly around these.

    // --- Leader epochs.
    // A new leader's, before its first append. The files say so from its first record on.
    void assign_epoch(std::int32_t epoch);
    const EpochCache& epochs() const { return epochs_; }
    // As OffsetForLeaderEpoch answers it.
    EpochEnd end_of_epoch(std::int32_t epoch) const;

    // --- Producers.
    const ProducerState* producers() const { return producers_.get(); }
    void expire_producers(std::int64_t now_ms);

    // --- Cutting.
    // Keeps what is below `offset`; nothing happens when the log ends there or earlier.
    Result<void> truncate_to(std::int64_t offset, std::int64_t now_ms);
    // Drops everything and starts empty at `offset`.
    Result<void> truncate_fully_and_start_at(std::int64_t offset, std::int64_t now_ms);
    // DeleteRecords, or what the leader said. Moves log start and the recovery point, no more.
    //   offset_out_of_range  above the high watermark
    Result<void> set_log_start_offset(std::int64_t offset);
    // The same for what retention no longer keeps, maybe all. Whether has_old_segments() now.
    Result<bool> expire_segments(std::int64_t now_ms);
    bool has_old_segments() const { return count_below_start() > 0; }
    // Deletes segments below log start, oldest first, a few at a time; gives their number. Once the
    // directory's checkpoints are written: files that a crash leaves must be below what they say.
    Result<std::size_t> drop_old_segments(std::int64_t now_ms);

    // --- Compaction: under the mutex, as these; what a Compaction does in between is not.
    // `cleaned_to` is where the last one ended; -1, or one that is not in the log: log start.
    Result<Cleanable> cleanable(std::int64_t cleaned_to, std::int64_t now_ms);
    std::vector<CleanSource> closed_segments() const;           // All but the last.
    Result<CompactionInput> begin_compaction(Cleanable range);  // Ends one under way.
    void cancel_compaction();
    void pause_compaction(bool is_paused);  // One under way ends, and nothing is cleanable.
    // Its output replaces what it was made from, under its .swap names; when that is durable, under
    // the plain ones. invalid_request: cancelled, or those segments are not all there any more.
    Result<void> replace_segments(const Replacement& with, std::int64_t now_ms);
    Result<void> name_replacement(const Replacement& with);

    // --- Closing.
    // Gives up memory and descriptors that only a busy partition needs.
    void release();
    // Syncs, trims and writes everything a clean start expects. No call after it but the getters.
    // Fails when the directory is, or goes, offline: then it must not be marked clean.
    Result<void> close(std::int64_t now_ms);

private:
    friend class Loader;
    friend class LogDir;
    friend class LogCopy;

    Log(Storage& storage, TopicPartition partition, Uuid topic_id, std::string path,
        ConfigRef config);

    struct Draft;  // An append under way; see log_append.cc.
    Segment& active() { return *segments_.back(); }
    Result<void> check_usable() const;
    std::size_t index_of(std::int64_t offset) const;  // Of the segment that holds it, or would.
    bool is_segment_base(std::int64_t offset) const;
    void update_marks();
    ProducerState& producers_for_write();

    void place(Draft& draft, Submission& submission, std::int32_t epoch, std::int64_t now_ms);
    bool is_roll_due(const Draft& draft, std::size_t bytes, const BatchHeader& last,
                     std::int64_t now_ms);
    Result<std::optional<KnownBatch>> check_producers(const Draft& draft, Origin origin) const;
    Result<void> write(Draft& draft, std::int64_t now_ms);
    void took(const Draft& draft, std::int64_t now_ms);
    void update_producers(Segment& segment, const BatchHeader& header,
                          const std::optional<Marker>& marker);
    bool has_unflushed() const;
    Result<void> prepare(FlushWork& work);
    Result<void> gather(FlushWork& work);
    void snapshot_producers(std::int64_t offset);
    void prune_snapshots();

    Result<std::optional<TimestampOffset>> find_timestamp(std::size_t first_segment,
                                                          std::int64_t timestamp);
    Result<std::optional<TimestampOffset>> find_in_batch(Segment& segment, const BatchAt& at,
                                                         std::int64_t timestamp);
    Result<void> drop_segments(std::size_t first, std::size_t last, std::int64_t now_ms);
    std::size_t count_below_start() const;
    Result<std::size_t> count_expired(std::int64_t now_ms);
    Result<void> lower_recovery_point(std::int64_t offset);
    Result<void> cut_metadata(std::int64_t end, std::int64_t snapshot_end, std::int64_t now_ms);
    Result<void> rebuild_producers(std::int64_t now_ms);
    Result<void> replay(Segment& segment, std::int64_t from, ProducerState& state);

    Storage& storage_;
    TopicPartition partition_;
    Uuid topic_id_;
    std::string path_;
    ConfigRef config_;
    std::shared_ptr<LogMarks> marks_;
    Reads reads_;
    std::vector<std::unique_ptr<Segment>> segments_;  // By base offset; never empty.
    EpochCache epochs_;
    std::unique_ptr<ProducerState> producers_;  // Made with the first producer id.
    std::vector<std::int64_t> snapshots_;       // Offsets of those on the disk, in order.
    PendingFlush pending_;
    std::shared_ptr<FlushGate> compacting_;
    bool is_compaction_paused_ = false;
    bool is_closed_ = false;
};

}  // namespace kcore::log
