#pragma once
// One replica of a partition on this broker: its log, its role, and who waits for it. It knows
// nothing of requests, sessions or topics' configuration beyond what it is given.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "io/pool.h"
#include "log/log.h"
#include "replication/followers.h"
#include "replication/leadership.h"
#include "replication/partition_types.h"
#include "replication/settings.h"
#include "replication/watch.h"

namespace kcore::replication {

// Thread-safe: one short mutex over role, log and waiters, never held across a suspension or fsync.
class Partition : public std::enable_shared_from_this<Partition> {
public:
    // What `peers` points at outlives it.
    Partition(std::int32_t node_id, std::unique_ptr<log::Log> log, SettingsRef settings,
              const PeerRules& peers);
    ~Partition();

    const TopicPartition& name() const { return name_; }
    const Uuid& topic_id() const { return topic_id_; }

    SettingsRef settings() const;
    void set_settings(SettingsRef settings);

    // Takes the role that the image gives; waits that the change makes pointless end with
    // not_leader_or_follower. Going back to an older partition epoch is ignored.
    void assume(Leadership leadership, std::int64_t now_ms);
    Leadership leadership() const;
    // Other brokers are live than before, or time has passed: the high watermark may move.
    void reconsider(std::int64_t now_ms);

    // Ends every wait, refuses all further work with `error`, and gives up the log: after a flush
    // under way has ended, which a clean close needs, or at once. Null when it was stopped before.
    enum class RunningFlush : std::uint8_t { await, abandon };
    std::unique_ptr<log::Log> stop(const Error& error, RunningFlush flush);

    // Stamps offsets and epoch into `batches` (whole and validated) and appends them.
    //   not_leader_or_follower, not_enough_replicas, and what log::Log::append_as_leader says
    Result<Appended> append(std::span<std::byte> batches, const AppendRequest& request);

    //   not_leader_or_follower, fenced_leader_epoch, unknown_leader_epoch, offset_out_of_range,
    //   kafka_storage_error
    Result<ReadAnswer> read(const ReadRequest& request);

    // --- The ISR of a leader: propose, ask the controller, tell what it said.
    std::optional<IsrProposal> propose_isr(std::int64_t now_ms);
    bool is_open(const IsrProposal& proposal) const;
    void isr_decided(const IsrProposal& proposal, std::vector<std::int32_t> isr,
                     std::int32_t partition_epoch);
    void isr_refused(const IsrProposal& proposal);

    // --- The log of a follower, as long as it follows in that epoch; each gives its end after it.
    //   not_leader_or_follower, fenced_leader_epoch  it does not any more
    Result<LogEnd> log_end(std::int32_t leader_epoch) const;
    // and what log::Log::append_as_follower says
    Result<LogEnd> replicate(std::int32_t leader_epoch, const Fetched& fetched,
                             std::int64_t now_ms);
    // Cuts what the leader does not have; blocks.
    Result<LogEnd> truncate(std::int32_t leader_epoch, const log::EpochEnd& diverging,
                            std::int64_t now_ms);
    // Cuts at `offset`, or begins anew there when the log does not reach it; blocks.
    Result<LogEnd> cut_to(std::int32_t leader_epoch, std::int64_t offset, std::int64_t now_ms);

    // Calls `done` on any thread, without the mutex; at once where nothing is to wait for.
    using Done = std::move_only_function<void(Result<void>)>;
    // When everything below `offset` is committed, or this replica no longer leads in that epoch.
    void when_committed(std::int32_t leader_epoch, std::int64_t offset, Done done);
    // When no live replica holds what is below `offset` any more, or this one no longer leads.
    void when_deleted(std::int64_t offset, Done done);
    // Below it no live replica holds anything.
    std::int64_t low_watermark() const;
    // The replicas that live and can be read at `offset`, the leader among them.
    std::vector<std::int32_t> readable_at(std::int64_t offset) const;
    // When everything below `offset` would survive a power cut. Many who wait share one fsync.
    void when_flushed(std::int64_t offset, io::Pool& pool, Done done);
    // Begins a flush on `pool` when flush.messages or flush.ms asks for one.
    void flush_if_due(io::Pool& pool, std::int64_t now_ms);

    void watch(std::shared_ptr<Watch> watch);
    void unwatch(const Watch* watch);

    struct Offsets {
        std::int64_t log_start = 0;
        std::int64_t last_stable = 0;
        std::int64_t high_watermark = 0;
        std::int64_t log_end = 0;
        std::int32_t leader_epoch = -1;
    };
    Offsets offsets() const;

    // Whether this replica leads and a client that believes in `current` may be answered.
    //   not_leader_or_follower, fenced_leader_epoch, unknown_leader_epoch
    Result<void> check_leader(std::int32_t current) const;

    // Runs `work` on the log under the mutex; it must not block. The error of stop() after it.
    template <class Work>
    auto with_log(Work&& work) -> decltype(work(std::declval<log::Log&>())) {
        const std::lock_guard lock(mutex_);
        if (stopped_) return std::unexpected(*stopped_);
        return work(*log_);
    }

    // The same for work that may put another log with the same content in the log's place.
    template <class Work>
    auto exchange_log(Work&& work) -> decltype(work(std::declval<std::unique_ptr<log::Log>&>())) {
        const std::lock_guard lock(mutex_);
        if (stopped_) return std::unexpected(*stopped_);
        return work(log_);
    }

    // The same as with_log() for work that may need the disk, which is waited for without the
    // mutex: then `work` runs again. On a thread that may block.
    template <class Work>
    auto with_cold_log(Work&& work) -> decltype(work(std::declval<log::Log&>())) {
        for (int waits = 0;; ++waits) {
            std::vector<log::ColdRange> cold;
            auto* lacking = waits < kWaitsMax ? &cold : nullptr;
            auto result = with_log([&](log::Log& log) {
                const log::CachedOnly scope(log.reads(), lacking);
                return work(log);
            });
            if (cold.empty()) return result;
            log::warm(cold);
        }
    }

    // Lookups need a few ranges one after the other; after so many memory must be short.
    static constexpr int kWaitsMax = 16;

private:
    // What is to be done after the mutex is released: whoever waited, and a flush to begin.
    struct Due {
        std::vector<std::pair<Done, Result<void>>> calls;
        std::move_only_function<void()> flush;
        ~Due();
    };
    using Waiters = std::multimap<std::int64_t, Done>;  // By the offset they wait for.

    Result<void> check_leader_locked(std::int32_t current) const;
    Result<void> check_follower_locked(std::int32_t leader_epoch) const;
    Result<void> check_in_sync_locked(std::int16_t acks) const;
    Result<void> check_reader_locked(const ReadRequest& request) const;
    Result<void> check_history_locked(const ReadRequest& request, ReadAnswer& answer) const;
    Result<void> check_epoch_locked(std::int32_t current) const;
    void finish_deletions_locked(Due& due);
    void take_fetch_locked(const ReadRequest& request, ReadAnswer& answer, Due& due);
    void commit_locked(std::int64_t bytes, Due& due);
    LogEnd log_end_locked() const;
    static void take_up_to(Waiters& waiters, std::int64_t offset, Due& due);
    static void take_all(Waiters& waiters, const Error& error, Due& due);
    void begin_flush_locked(io::Pool& pool, Due& due);
    void end_flush(log::FlushWork& work, io::Pool& pool);

    const TopicPartition name_;
    const Uuid topic_id_;
    const std::int32_t node_id_;

    mutable std::mutex mutex_;
    std::unique_ptr<log::Log> log_;  // None after stop().
    SettingsRef settings_;
    Leadership leadership_;
    Followers followers_;  // While it leads.
    std::optional<Error> stopped_;
    Waiters commit_waiters_;
    Waiters deletion_waiters_;
    Waiters flush_waiters_;
    bool is_flushing_ = false;
    std::condition_variable flush_ended_;
    std::vector<std::shared_ptr<Watch>> watches_;
};

using PartitionRef = std::shared_ptr<Partition>;

}  // namespace kcore::replication
