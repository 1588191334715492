#pragma once
// One node's part in the log of the cluster's metadata: opens it, becomes its leader, appends,
// commits, keeps snapshots. Lives on one loop; what blocks runs on the pool. One voter for now:
// Quorum counts votes and offsets of any number, the messages between them are not there yet.
//
// Invariants, besides those of Quorum:
//  1. Nothing counts as stored, and so as committed, before it is synced, together with the files
//     it stands on (quorum-state, partition.metadata, what format() left).
//  2. A failed sync ends the leadership for good: the state behind it is unknown.
//  3. The log begins at or below the end of a whole snapshot, or at 0.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/logger.h"
#include "io/env.h"
#include "io/wait.h"
#include "log/log_dir.h"
#include "raft/format.h"
#include "raft/pending_sync.h"
#include "raft/quorum.h"
#include "raft/snapshot.h"
#include "rsm/replicated_log.h"

namespace kcore::raft {

struct NodeOptions {
    std::int32_t node_id = -1;
    std::set<std::int32_t> voters;             // controller.quorum.voters
    std::int32_t segment_bytes = 1 << 30;      // metadata.log.segment.bytes
    std::int64_t segment_ms = 604'800'000;     // metadata.log.segment.ms
    std::int64_t retention_bytes = 100 << 20;  // metadata.max.retention.bytes
    std::int64_t retention_ms = 604'800'000;   // metadata.max.retention.ms
    std::int64_t snapshot_bytes = 20 << 20;    // metadata.log.max.record.bytes.between.snapshots
    std::int64_t snapshot_interval_ms = 3'600'000;  // metadata.log.max.snapshot.interval.ms
    PendingSync unsynced;                           // What format() has just left.
};

// A batch of the log, with the values of its records; none when it is a control batch.
struct LoggedBatch {
    std::int64_t base_offset = 0;
    std::int64_t last_offset = 0;
    std::int32_t epoch = 0;
    std::int64_t append_ms = 0;
    bool is_control = false;
    std::vector<BytesView> values;
};

// The state machine over the log. Called on the node's loop, or by start().
class Listener {
public:
    virtual ~Listener() = default;
    // Replaces all state. An error ends start().
    virtual Result<void> load(const SnapshotId& id, const Snapshot& snapshot) = 0;
    // What the log holds beyond that, in order, before lead(). An error ends start().
    virtual Result<void> replay(const LoggedBatch& batch) = 0;
    // This node leads in `epoch`, everything in the log was replayed, appends may begin.
    virtual void lead(std::int32_t epoch) = 0;
    // It does not any more: the log cannot be written.
    virtual void lose(const Error& why) = 0;
};

class Node : public rsm::ReplicatedLog {
public:
    // Blocks. Opens the metadata log in `directory`, creating it where there is none.
    //   kafka_storage_error  I/O, or damaged files
    //   corrupt_message      a damaged log
    //   unsupported_version  more than one voter
    //   inconsistent_voter_set  this node is not a voter
    static Result<std::unique_ptr<Node>> open(NodeOptions options, log::LogDir& directory,
                                              io::Env& env, Logger logger);
    ~Node() override;

    // Blocks: elects itself and replays snapshot and log. Then the rest happens on the loop.
    Result<void> start(Listener& listener);
    // Ends when nothing is under way any more; closes the log. Waiters are failed.
    asio::awaitable<Result<void>> stop();

    // As rsm::ReplicatedLog says; on the loop.
    Result<std::int64_t> append(std::int32_t epoch, std::span<const rsm::Record> records,
                                std::int64_t now_ms) override;
    std::int64_t committed() const override { return quorum_.high_watermark(); }
    void when_committed(std::int32_t epoch, std::int64_t end_offset,
                        std::move_only_function<void(Result<void>)> done) override;

    // Syncs only on release: what comes right after the start is committed together.
    void hold_sync() { is_held_ = true; }
    void release_sync();

    bool is_leader() const { return quorum_.role() == QuorumRole::leader && !failure_; }
    std::int32_t epoch() const { return quorum_.epoch(); }
    std::int64_t log_end_offset() const { return log_->log_end_offset(); }
    std::int64_t log_start_offset() const { return log_->log_start_offset(); }
    // Nothing but control records was ever written.
    bool is_new() const { return data_batches_ == 0 && snapshots_.size() <= 1; }
    const std::map<SnapshotId, std::int64_t>& snapshots() const { return snapshots_; }

    // Whether it is time for a snapshot of the state at the committed end.
    bool wants_snapshot(std::int64_t now_ms) const;
    // Takes one in the background: `values` runs on the pool. Then what it makes superfluous goes.
    void take_snapshot(SnapshotId id, std::int64_t last_contained_ms,
                       std::move_only_function<std::vector<Bytes>()> values);

private:
    struct Shared;
    struct Waiter;

    Node(NodeOptions options, log::LogDir& directory, io::Env& env, Logger logger);
    Result<void> open_log();
    Result<void> find_snapshots();
    Result<void> read_quorum_state();
    Result<void> elect();
    Result<void> replay(Listener& listener);
    Result<void> replay_from(std::int64_t offset, Listener& listener);
    void sync_soon();
    void synced(std::unique_ptr<log::FlushWork> work, Result<void> others);
    void complete_waiters();
    void fail_all(const Error& why);
    void snapshot_done(SnapshotId id, std::int64_t last_contained_ms, Result<void> outcome);
    void clean(std::int64_t now_ms);
    std::string path(std::string_view name) const;

    NodeOptions options_;
    log::LogDir& directory_;
    io::Env& env_;
    Logger logger_;
    std::shared_ptr<Shared> shared_;  // What jobs on the pool hold on to.
    std::unique_ptr<log::Log> log_;
    Quorum quorum_;
    PendingSync unsynced_;
    std::map<SnapshotId, std::int64_t> snapshots_;  // With the time of their last record.
    std::vector<Waiter> waiters_;
    Listener* listener_ = nullptr;
    std::optional<Error> failure_;
    std::int64_t data_batches_ = 0;
    std::int64_t bytes_since_snapshot_ = 0;
    std::int64_t snapshot_at_ms_ = 0;
    bool is_held_ = false;
    bool is_syncing_ = false;
    bool is_snapshotting_ = false;
    io::Signal idle_;
};

}  // namespace kcore::raft
