#include "replication/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kcore::replication {

namespace {
constexpr std::int16_t kAcksAll = -1;
}

Partition::Due::~Due() {
    for (auto& [done, result] : calls) done(std::move(result));
    if (flush) flush();
}

Partition::Partition(std::int32_t node_id, std::unique_ptr<log::Log> log, SettingsRef settings,
                     const PeerRules& peers)
    : name_(log->partition()),
      topic_id_(log->topic_id()),
      node_id_(node_id),
      log_(std::move(log)),
      settings_(std::move(settings)),
      followers_(node_id, peers.live, peers.lag_max_ms) {}

Partition::~Partition() = default;

SettingsRef Partition::settings() const {
    const std::lock_guard lock(mutex_);
    return settings_;
}

void Partition::set_settings(SettingsRef settings) {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
    if (!stopped_) log_->set_config(settings_->log);
}

void Partition::assume(Leadership leadership, std::int64_t now_ms) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (stopped_ || leadership.partition_epoch < leadership_.partition_epoch) return;
    const bool led = leadership_.leader == node_id_;
    const bool leads = leadership.leader == node_id_;
    const bool new_epoch = leadership.leader_epoch != leadership_.leader_epoch;
    if (leadership.partition_epoch != leadership_.partition_epoch) followers_.forget_proposal();
    leadership_ = std::move(leadership);
    if (leads && new_epoch) {
        log_->assign_epoch(leadership_.leader_epoch);
        followers_.begin(leadership_, log_->log_end_offset(), now_ms);
    }
    if (new_epoch || led != leads) {
        const auto what = fmt::format("{}: the leader changed", name_.to_string());
        const Error why(Errc::not_leader_or_follower, what);
        take_all(commit_waiters_, why, due);
        take_all(deletion_waiters_, why, due);
        for (const auto& watch : watches_) watch->changed();
    }
    if (leads) commit_locked(0, due);
}

Leadership Partition::leadership() const {
    const std::lock_guard lock(mutex_);
    return leadership_;
}

std::unique_ptr<log::Log> Partition::stop(const Error& error, RunningFlush flush) {
    Due due;
    std::unique_lock lock(mutex_);
    stopped_ = error;
    for (auto* waiters : {&commit_waiters_, &deletion_waiters_, &flush_waiters_}) {
        take_all(*waiters, error, due);
    }
    for (const auto& watch : watches_) watch->changed();
    if (flush == RunningFlush::await) {
        flush_ended_.wait(lock, [this] { return !is_flushing_; });
    }
    return std::move(log_);
}

Result<Appended> Partition::append(std::span<std::byte> batches, const AppendRequest& request) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (auto ok = check_leader_locked(request.leader_epoch); !ok) {
        return std::unexpected(std::move(ok).error());
    }
    if (auto ok = check_in_sync_locked(request.acks); !ok)
        return std::unexpected(std::move(ok).error());

    auto appended =
        log_->append_as_leader(batches, request.origin, leadership_.leader_epoch, request.now_ms);
    if (!appended) return std::unexpected(std::move(appended).error());
    Appended out;
    static_cast<log::Appended&>(out) = *appended;
    out.leader_epoch = leadership_.leader_epoch;
    out.flush_due =
        settings_->log->flush_messages != log::kForever && log_->is_flush_due(request.now_ms);
    if (out.is_duplicate) return out;
    const auto bytes = static_cast<std::int64_t>(batches.size());
    for (const auto& watch : watches_) {
        if (watch->to == ReadsTo::log_end) watch->grew(bytes);
    }
    commit_locked(bytes, due);
    return out;
}

Result<ReadAnswer> Partition::read(const ReadRequest& request) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (auto ok = check_reader_locked(request); !ok) return std::unexpected(std::move(ok).error());
    const log::CachedOnly scope(log_->reads(), request.cold);
    ReadAnswer answer;
    answer.high_watermark = log_->high_watermark();
    answer.last_stable_offset = log_->last_stable_offset();
    answer.log_start_offset = log_->log_start_offset();
    answer.log_end_offset = log_->log_end_offset();
    if (auto ok = check_history_locked(request, answer); !ok) {
        return std::unexpected(std::move(ok).error());
    }
    if (answer.diverging) return answer;

    const bool committed = request.isolation == Isolation::committed;
    const auto up_to = request.follower ? answer.log_end_offset
                       : committed      ? answer.last_stable_offset
                                        : answer.high_watermark;
    auto read = log_->read({request.offset, up_to, request.bytes_max, request.at_least_one_batch});
    if (!read) return std::unexpected(std::move(read).error());
    answer.read = *std::move(read);
    if (request.follower) take_fetch_locked(request, answer, due);
    if (committed && answer.read.slice.size_bytes > 0) {
        auto aborted = log_->aborted_transactions(request.offset, up_to);
        if (!aborted) return std::unexpected(std::move(aborted).error());
        answer.aborted = *std::move(aborted);
    }
    return answer;
}

Result<void> Partition::check_reader_locked(const ReadRequest& request) const {
    if (request.may_follow) return check_epoch_locked(request.current_leader_epoch);
    if (auto ok = check_leader_locked(request.current_leader_epoch); !ok) return ok;
    if (!request.follower) return {};
    const auto& replicas = leadership_.replicas;
    const auto id = request.follower->broker;
    if (id != node_id_ && std::ranges::find(replicas, id) != replicas.end()) return {};
    // It agrees about the epoch and has heard of an assignment that is not known here yet.
    const bool is_ahead = request.current_leader_epoch >= 0;
    return fail(is_ahead ? Errc::unknown_leader_epoch : Errc::not_leader_or_follower,
                fmt::format("{}: broker {} is no replica", name_.to_string(), id));
}

// What the reader has last must lie on our history, else it is told where the two part (KIP-595).
Result<void> Partition::check_history_locked(const ReadRequest& request, ReadAnswer& answer) const {
    if (request.last_fetched_epoch < 0) return {};
    const auto end = log_->end_of_epoch(request.last_fetched_epoch);
    if (end.epoch < 0 || end.end_offset < 0) {
        return fail(Errc::offset_out_of_range,
                    fmt::format("{}: epoch {} is newer than any here", name_.to_string(),
                                request.last_fetched_epoch));
    }
    if (end.epoch < request.last_fetched_epoch || end.end_offset < request.offset) {
        answer.diverging = end;
    }
    return {};
}

void Partition::when_committed(std::int32_t leader_epoch, std::int64_t offset, Done done) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (auto ok = check_leader_locked(leader_epoch); !ok) {
        // What those heard who waited when the leader changed: a producer names no epoch.
        if (!stopped_) ok = fail(Errc::not_leader_or_follower, std::move(ok).error().what);
        due.calls.emplace_back(std::move(done), std::move(ok));
    } else if (log_->high_watermark() >= offset) {
        auto enough = check_in_sync_locked(kAcksAll);
        if (!enough) {
            enough = fail(Errc::not_enough_replicas_after_append, enough.error().what);
        }
        due.calls.emplace_back(std::move(done), std::move(enough));
    } else {
        commit_waiters_.emplace(offset, std::move(done));
    }
}

void Partition::when_flushed(std::int64_t offset, io::Pool& pool, Done done) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (stopped_) {
        due.calls.emplace_back(std::move(done), std::unexpected(*stopped_));
    } else if (log_->recovery_point() >= offset) {
        due.calls.emplace_back(std::move(done), Result<void>());
    } else {
        flush_waiters_.emplace(offset, std::move(done));
        if (!is_flushing_) begin_flush_locked(pool, due);
    }
}

void Partition::flush_if_due(io::Pool& pool, std::int64_t now_ms) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (!stopped_ && !is_flushing_ && log_->is_flush_due(now_ms)) begin_flush_locked(pool, due);
}

void Partition::begin_flush_locked(io::Pool& pool, Due& due) {
    std::shared_ptr<log::FlushWork> work = log_->begin_flush();
    if (!work) {  // Somebody else flushed all there is.
        take_up_to(flush_waiters_, log_->recovery_point(), due);
        return;
    }
    is_flushing_ = true;
    due.flush = [self = shared_from_this(), work = std::move(work), &pool] {
        pool.submit([self, work, &pool] {
            work->run();
            self->end_flush(*work, pool);
        });
    };
}

void Partition::end_flush(log::FlushWork& work, io::Pool& pool) {
    Due due;
    const std::lock_guard lock(mutex_);
    is_flushing_ = false;
    flush_ended_.notify_all();
    if (!log_) return;  // Given up by stop(), which has answered everybody.
    const bool counts = log_->finish_flush(work);
    if (stopped_) return;
    if (counts && !work.result()) {
        take_all(flush_waiters_, work.result().error(), due);
        return;
    }
    take_up_to(flush_waiters_, log_->recovery_point(), due);
    if (!flush_waiters_.empty()) begin_flush_locked(pool, due);
}

void Partition::watch(std::shared_ptr<Watch> watch) {
    const std::lock_guard lock(mutex_);
    watches_.push_back(std::move(watch));
}

void Partition::unwatch(const Watch* watch) {
    const std::lock_guard lock(mutex_);
    std::erase_if(watches_, [&](const auto& held) { return held.get() == watch; });
}

Partition::Offsets Partition::offsets() const {
    const std::lock_guard lock(mutex_);
    if (stopped_) return {};
    return {log_->log_start_offset(), log_->last_stable_offset(), log_->high_watermark(),
            log_->log_end_offset(), leadership_.leader_epoch};
}

Result<void> Partition::check_leader(std::int32_t current) const {
    const std::lock_guard lock(mutex_);
    return check_leader_locked(current);
}

Result<void> Partition::check_epoch_locked(std::int32_t current) const {
    if (stopped_) return std::unexpected(*stopped_);
    const auto ours = leadership_.leader_epoch;
    if (current < 0 || current == ours) return {};
    return fail(
        current < ours ? Errc::fenced_leader_epoch : Errc::unknown_leader_epoch,
        fmt::format("{}: leader epoch {} where {} is current", name_.to_string(), current, ours));
}

Result<void> Partition::check_leader_locked(std::int32_t current) const {
    if (auto ok = check_epoch_locked(current); !ok) return ok;
    if (leadership_.leader != node_id_) {
        return fail(Errc::not_leader_or_follower,
                    fmt::format("{}: broker {} leads, not {}", name_.to_string(),
                                leadership_.leader, node_id_));
    }
    return {};
}

Result<void> Partition::check_in_sync_locked(std::int16_t acks) const {
    if (acks != kAcksAll) return {};
    const auto needed = std::min(static_cast<std::size_t>(settings_->min_insync_replicas),
                                 leadership_.replicas.size());
    if (leadership_.isr.size() >= needed) return {};
    return fail(Errc::not_enough_replicas,
                fmt::format("{}: {} replicas are in sync, min.insync.replicas is {}",
                            name_.to_string(), leadership_.isr.size(), needed));
}

// Moves the high watermark as far as it may go; `bytes` of what is new are behind it if it reaches
// the log end.
void Partition::commit_locked(std::int64_t bytes, Due& due) {
    const auto to =
        followers_.committed(leadership_, log_->log_end_offset(), settings_->min_insync_replicas);
    if (!to) return;
    const auto before = log_->high_watermark();
    const auto committed = log_->set_high_watermark(*to);
    take_up_to(commit_waiters_, committed, due);
    if (committed == before) return;
    const bool has_all = bytes > 0 && committed == log_->log_end_offset();
    for (const auto& watch : watches_) {
        if (watch->to != ReadsTo::high_watermark) continue;
        has_all ? watch->grew(bytes) : watch->changed();
    }
}

void Partition::take_up_to(Waiters& waiters, std::int64_t offset, Due& due) {
    const auto end = waiters.upper_bound(offset);
    for (auto at = waiters.begin(); at != end; ++at) {
        due.calls.emplace_back(std::move(at->second), Result<void>());
    }
    waiters.erase(waiters.begin(), end);
}

void Partition::take_all(Waiters& waiters, const Error& error, Due& due) {
    for (auto& [offset, done] : waiters) {
        due.calls.emplace_back(std::move(done), std::unexpected(error));
    }
    waiters.clear();
}

}  // namespace kcore::replication
