#pragma once
// A coordinator with its log: takes requests from any thread, appends what is decided, and answers
// once everything decided before is committed. One for each partition of __consumer_offsets that
// this node hosts. No network, files or timers: the shell calls run_due() when its deadline comes.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/logger.h"
#include "base/uuid.h"
#include "group/coordinator.h"
#include "group/messages.h"
#include "group/settings.h"
#include "rsm/replicated_log.h"

namespace kcore::group {

// What a shard needs from the world. All of it may be called from any thread.
struct ShardSeams {
    std::function<Now()> now;
    std::function<Uuid()> make_uuid;
    // The next deadline has moved forward to this instant of the steady clock, in ms: call
    // run_due() then. Called without any lock held.
    std::function<void(std::int64_t)> wake_at;
};

// Any thread; one mutex guards everything. Held by shared_ptr, which commits under way hold weakly.
class Shard : public std::enable_shared_from_this<Shard> {
public:
    using Done = std::move_only_function<void(Response)>;

    Shard(Settings settings, ShardSeams seams, Logger logger);

    // This node has become leader of the partition in `epoch`. Until finish_loading(), requests are
    // answered with coordinator_load_in_progress. The caller replays the log, up to its end, into
    // the coordinator it gets (without any lock), then gives it back. Answers first what an earlier
    // leadership left.
    std::unique_ptr<Coordinator> start_loading(std::int32_t epoch);
    // Does nothing when `epoch` is not the one being loaded any more. `log_end` is the offset after
    // the last record replayed.
    void finish_loading(std::int32_t epoch, std::unique_ptr<Coordinator> coordinator,
                        std::shared_ptr<rsm::ReplicatedLog> log, std::int64_t log_end);
    // Leadership is over, or the node stops: whoever waits gets not_coordinator, as do later ones.
    void resign();

    // Calls `done` exactly once, on this stack or later on any thread, never under a lock. A join
    // or sync may take as long as its rebalance.
    void submit(Request request, RequestContext context, Done done);

    // Topics that exist no more: their offsets go.
    void topics_deleted(const std::vector<std::string>& topics);

    // Does what is due: sessions, rebalances, retention, commits that take too long.
    void run_due();
    std::int64_t next_deadline_ms() const;  // On the steady clock; kNever when nothing waits.

private:
    enum class Phase : std::uint8_t { idle, loading, active };

    struct Held {
        std::int64_t end_offset = 0;
        std::int64_t deadline_ms = 0;
        std::vector<Reply> replies;
    };
    // What is done after the lock is released.
    struct After {
        std::vector<std::pair<Done, Response>> answers;
        std::shared_ptr<rsm::ReplicatedLog> watched;
        std::int32_t epoch = 0;
        std::int64_t end_offset = 0;
        std::int64_t wake_ms = kNever;
    };

    // Under the mutex.
    void settle(Effects effects, Now now, After& after);
    Result<void> append(const Effects& effects, Now now);
    void expire_held(Now now, After& after);
    void release(std::int64_t committed, After& after);
    void answer(std::vector<Reply> replies, After& after);
    void work_due(Now now, After& after);
    void lose(After& after);
    void prepare(After& after);
    std::int64_t deadline() const;
    // Without it.
    void finish(After after);
    void on_commit(std::int32_t epoch, const Result<void>& result);

    const Settings settings_;
    const ShardSeams seams_;
    const Logger logger_;

    mutable std::mutex mutex_;
    Phase phase_ = Phase::idle;
    std::int32_t epoch_ = -1;
    std::unique_ptr<Coordinator> coordinator_;
    std::shared_ptr<rsm::ReplicatedLog> log_;
    std::int64_t end_offset_ = 0;     // Of what was appended or loaded.
    bool is_watching_ = false;        // A commit will call back.
    bool is_lost_ = false;            // The log said that another leads.
    std::int64_t armed_ms_ = kNever;  // What wake_at was told last.
    std::deque<Held> held_;           // In order of end_offset.
    std::unordered_map<Ticket, Done> waiting_;
    Ticket last_ticket_ = 0;
};

}  // namespace kcore::group
