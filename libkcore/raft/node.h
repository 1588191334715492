#pragma once
// One node's part in the log of the cluster's metadata: carries out what its replica decides, on
// the disk, the network and the clock, and feeds the state machine. Lives on one loop; what blocks
// runs on the pool.
//
// Invariants, besides those of Replica:
//  1. Nothing counts as stored before it is synced, together with the files it stands on
//     (quorum-state, partition.metadata, what format() left).
//  2. A failed sync ends the node's part for good: the state behind it is unknown.
//  3. The log begins at or below the end of a whole snapshot, or at 0.
//  4. The state machine sees what is committed, in order; a lone voter's sees all of its log, which
//     nobody can take back. While it leads, it knows already what it appends.

#include <asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/logger.h"
#include "io/env.h"
#include "io/loop.h"
#include "io/wait.h"
#include "raft/disk_log.h"
#include "raft/format.h"
#include "raft/peers.h"
#include "raft/replica.h"
#include "rsm/replicated_log.h"

namespace kcore::raft {

struct NodeOptions {
    std::int32_t node_id = -1;
    std::string cluster_id;
    std::map<std::int32_t, io::Address> voters;  // controller.quorum.voters
    bool is_controller = true;                   // Not: follows, and never votes.
    ReplicaOptions replica;                      // Without `self`.
    std::int64_t request_timeout_ms = 2000;      // controller.quorum.request.timeout.ms
    std::int32_t segment_bytes = 1 << 30;        // metadata.log.segment.bytes
    std::int64_t segment_ms = 604'800'000;       // metadata.log.segment.ms
    std::int64_t retention_bytes = 100 << 20;    // metadata.max.retention.bytes
    std::int64_t retention_ms = 604'800'000;     // metadata.max.retention.ms
    std::int64_t snapshot_bytes = 20 << 20;      // metadata.log.max.record.bytes.between.snapshots
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
    BytesView bytes;  // All of it.
    std::vector<BytesView> values;
};

// The state machine over the log. Called on the node's loop, or by start().
class Listener {
public:
    virtual ~Listener() = default;
    // Replaces all state; the empty snapshot: there is none. An error ends the node's part.
    virtual Result<void> load(const SnapshotId& id, const Snapshot& snapshot) = 0;
    // What the log holds beyond that, in order, as it is committed. Errors likewise.
    virtual Result<void> replay(const LoggedBatch& batch) = 0;
    // All that is committed so far was replayed; told once that is known since the start.
    virtual void caught_up() = 0;
    // This node leads in `epoch`, everything before it was replayed, appends may begin.
    virtual void lead(std::int32_t epoch) = 0;
    // It does not any more. Unless the node has failed, load() and replay() follow.
    virtual void lose(const Error& why) = 0;
    // Another node leads, or none that is known here; told before lead() when it is this one.
    virtual void leader_changed(const LeaderInfo& leader) = 0;
    // The log cannot be used any more.
    virtual void failed(const Error& why) = 0;
};

class Node : public rsm::ReplicatedLog {
public:
    // Blocks. Opens the metadata log in `directory`, creating it where there is none.
    //   kafka_storage_error  I/O, or damaged files
    //   corrupt_message      a damaged log
    //   inconsistent_voter_set  a controller that is not among the voters
    static Result<std::unique_ptr<Node>> open(NodeOptions options, log::LogDir& directory,
                                              io::Env& env, Logger logger);
    ~Node() override;

    // Blocks: replays snapshot and log; a lone voter leads when it returns. The rest happens on the
    // loop.
    Result<void> start(Listener& listener);
    // Lets another lead, ends when nothing is under way any more, closes the log. Waiters are
    // failed.
    asio::awaitable<Result<void>> stop();

    // As rsm::ReplicatedLog says; on the loop.
    Result<std::int64_t> append(std::int32_t epoch, std::span<const rsm::Record> records,
                                std::int64_t now_ms) override;
    std::int64_t committed() const override { return replica_->high_watermark(); }
    void when_committed(std::int32_t epoch, std::int64_t end_offset,
                        std::move_only_function<void(Result<void>)> done) override;

    // Another replica's request, or an operator's; on the loop.
    //   not_leader_or_follower  the node has failed, or stops
    io::Async<Response> handle(Request request);

    // A lone voter syncs only on release: what comes right after the start is committed together.
    void hold_sync() {
        is_held_ = true;
        disk_.hold_sync(replica_->is_lone_voter());
    }
    void release_sync();

    bool is_leader() const { return leads_in_.has_value(); }
    std::int32_t epoch() const { return replica_->epoch(); }
    std::int64_t log_end_offset() const { return disk_.end_offset(); }
    std::int64_t log_start_offset() const { return disk_.start_offset(); }
    const Replica& replica() const { return *replica_; }
    // Nothing but control records was ever written.
    bool is_new() const { return data_batches_ == 0 && disk_.snapshots().size() <= 1; }
    const std::map<SnapshotId, std::int64_t>& snapshots() const { return disk_.snapshots(); }

    // Whether it is time for a snapshot of the state at the committed end.
    bool wants_snapshot(std::int64_t now_ms) const;
    // Takes one in the background: `values` runs on the pool. Then what it makes superfluous goes.
    void take_snapshot(SnapshotId id, std::int64_t last_contained_ms,
                       std::move_only_function<std::vector<Bytes>()> values);

private:
    struct Shared;
    struct Waiter;
    struct Asked;

    Node(NodeOptions options, log::LogDir& directory, io::Env& env, Logger logger);
    std::int64_t now_ms() const;

    // node_start.cc
    Result<Election> read_election();
    Result<VoterHistory> load();
    Result<void> begin_at_snapshot();
    Result<void> replay_to(std::int64_t end_offset);
    Result<void> for_each_batch(std::int64_t from, std::int64_t to,
                                std::move_only_function<Result<void>(const LoggedBatch&)> visit);

    // node.cc
    void advance();
    void step();
    void store_election();
    void feed();
    Result<void> catch_up();
    void tell_leader();
    void log_voters();
    void lose(const Error& why);
    void fail_all(const Error& why);
    void complete_waiters();
    void answered(RequestId id, std::optional<Response> response);
    void arm();
    void listen();
    void snapshot_done(SnapshotId id, std::int64_t last_contained_ms, Result<void> outcome);
    void clean(std::int64_t now_ms);

    NodeOptions options_;
    io::Env& env_;
    Logger logger_;
    std::shared_ptr<Shared> shared_;  // What jobs on the pool hold on to.
    DiskLog disk_;
    Peers peers_;
    std::unique_ptr<Replica> replica_;
    Listener* listener_ = nullptr;

    std::int64_t applied_ = 0;  // The state machine knows what is below.
    bool has_told_caught_up_ = false;
    std::optional<std::int32_t> leads_in_;       // What the state machine was told.
    std::optional<LeaderInfo> told_leader_;      // Likewise.
    std::optional<std::int64_t> logged_voters_;  // Where they stand in the log.
    std::vector<Waiter> waiters_;
    std::map<RequestId, std::shared_ptr<Asked>> asked_;
    RequestId last_asked_ = 0;
    std::optional<std::pair<Election, std::uint64_t>> storing_;  // With what the disk calls it.
    std::optional<Error> failure_;
    bool is_advancing_ = false;
    bool advances_again_ = false;
    bool is_held_ = false;
    io::Loop::Timer timer_;

    std::int64_t data_batches_ = 0;
    std::int64_t bytes_since_snapshot_ = 0;
    std::int64_t snapshot_at_ms_ = 0;
    bool is_snapshotting_ = false;
    io::Signal idle_;
};

}  // namespace kcore::raft
