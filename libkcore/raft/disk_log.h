#pragma once
// The metadata log of a replica on the disk: a log::Log, its snapshots, and what makes both durable
// on the pool. Lives on one loop.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/logger.h"
#include "io/env.h"
#include "log/log_dir.h"
#include "raft/pending_sync.h"
#include "raft/replica_log.h"

namespace kcore::raft {

class DiskLog : public ReplicaLog {
public:
    // What the disk has done, told on the loop.
    struct Events {
        // The log below, and files as files_synced() says; -1: it was cut meanwhile, ask later.
        std::function<void(std::int64_t end_offset)> on_synced;
        std::function<void(const SnapshotId&, Result<VoterHistory::Entry>)> on_snapshot_stored;
        std::function<void(const Error&)> on_failure;
    };

    DiskLog(log::LogDir& directory, io::Env& env, Logger logger);
    ~DiskLog() override;

    // Blocks: opens the log, or creates it; lists the snapshots and removes unfinished ones.
    Result<void> open(log::ConfigRef config);
    void listen(Events events) { events_ = std::move(events); }

    // --- Durability
    // Syncs what is not yet, and `others` with it, each as a job of its own: the disk serves them
    // together. Several calls while one is under way are one.
    void sync_soon();
    // Gives a number that files_synced() reaches when they are.
    std::uint64_t add_unsynced(const PendingSync& others);
    std::uint64_t files_synced() const { return files_synced_; }
    bool is_busy() const { return is_syncing_ || jobs_ > 0; }
    // Holds back new syncs: what comes meanwhile is synced together.
    void hold_sync(bool is_held);
    // Blocks. No other call but the getters after it.
    Result<void> close();

    // --- Snapshots
    const std::map<SnapshotId, std::int64_t>& snapshots() const { return snapshots_; }
    // With the time of its last record.
    void add_snapshot(const SnapshotId& id, std::int64_t last_contained_ms) {
        snapshots_.insert_or_assign(id, last_contained_ms);
    }
    void forget_snapshot(const SnapshotId& id) { snapshots_.erase(id); }
    // Blocks.
    Result<Snapshot> load_snapshot(const SnapshotId& id);
    // The oldest goes, and the log below the next.
    Result<void> drop_oldest_snapshot();

    std::string directory() const;
    std::string path(std::string_view name) const { return directory() + "/" + std::string(name); }
    std::uint64_t size_bytes() const { return log_->size_bytes(); }
    std::int64_t synced_end() const { return log_->recovery_point(); }

    // --- ReplicaLog
    std::int64_t start_offset() const override { return log_->log_start_offset(); }
    std::int64_t end_offset() const override { return log_->log_end_offset(); }
    const std::vector<log::EpochEntry>& epochs() const override { return log_->epochs().entries(); }
    Result<std::int64_t> append(std::span<std::byte> batch, std::int32_t epoch) override;
    Result<void> append_fetched(BytesView batches) override;
    Result<void> truncate_to(std::int64_t end_offset) override;
    Result<Bytes> read(std::int64_t offset, std::size_t max_bytes) override;
    void set_high_watermark(std::int64_t offset) override { log_->set_high_watermark(offset); }
    std::int64_t timestamp_ms() override { return env_.clock.wall_ms(); }
    std::optional<SnapshotId> earliest_snapshot() const override;
    std::optional<SnapshotId> latest_snapshot() const override;
    Result<Part> read_snapshot(const SnapshotId& id, std::int64_t position,
                               std::size_t max_bytes) override;
    Result<void> receive_snapshot(const SnapshotId& id, std::int64_t position,
                                  BytesView bytes) override;
    void store_snapshot(const SnapshotId& id) override;
    Result<void> start_at(const SnapshotId& id) override;

private:
    struct Shared;
    struct Round;

    Result<void> find_snapshots();
    void synced(const Round& round);
    void snapshot_stored(const SnapshotId& id, Result<Snapshot> snapshot);
    void remove_later(const SnapshotId& id);

    log::LogDir& directory_;
    io::Env& env_;
    Logger logger_;
    Events events_;
    std::shared_ptr<Shared> shared_;  // What jobs on the pool hold on to.
    std::unique_ptr<log::Log> log_;
    std::map<SnapshotId, std::int64_t> snapshots_;
    PendingSync unsynced_;
    std::uint64_t files_added_ = 0;
    std::uint64_t files_synced_ = 0;
    int generation_ = 0;  // Of cuts: a sync begun before one says nothing of what came after it.
    int jobs_ = 0;
    bool is_held_ = false;
    bool is_syncing_ = false;
};

}  // namespace kcore::raft
