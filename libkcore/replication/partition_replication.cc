// Partition, second part: what its replicas on different brokers have to do with each other.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "replication/partition.h"

namespace kcore::replication {

// --- The leader

void Partition::take_fetch_locked(const ReadRequest& request, ReadAnswer& answer, Due& due) {
    followers_.fetched(*request.follower, request.offset, answer.log_end_offset);
    commit_locked(0, due);
    finish_deletions_locked(due);
    answer.high_watermark = log_->high_watermark();
    answer.may_join_isr =
        followers_.may_join(leadership_, request.follower->broker, answer.high_watermark);
}

void Partition::finish_deletions_locked(Due& due) {
    if (deletion_waiters_.empty()) return;
    const auto low = followers_.low_watermark(leadership_, log_->log_start_offset());
    take_up_to(deletion_waiters_, low, due);
}

void Partition::when_deleted(std::int64_t offset, Done done) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (auto ok = check_leader_locked(-1); !ok) {
        due.calls.emplace_back(std::move(done), std::move(ok));
    } else if (followers_.low_watermark(leadership_, log_->log_start_offset()) >= offset) {
        due.calls.emplace_back(std::move(done), Result<void>());
    } else {
        deletion_waiters_.emplace(offset, std::move(done));
    }
}

std::int64_t Partition::low_watermark() const {
    const std::lock_guard lock(mutex_);
    return stopped_ ? -1 : followers_.low_watermark(leadership_, log_->log_start_offset());
}

std::vector<std::int32_t> Partition::readable_at(std::int64_t offset) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::int32_t> readable;
    if (stopped_ || leadership_.leader != node_id_) return readable;
    for (const auto id : leadership_.replicas) {
        if (id == node_id_ || followers_.is_readable(id, offset)) readable.push_back(id);
    }
    return readable;
}

void Partition::reconsider(std::int64_t now_ms) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (stopped_ || leadership_.leader != node_id_) return;
    followers_.at_time(now_ms);
    commit_locked(0, due);
    finish_deletions_locked(due);
}

std::optional<IsrProposal> Partition::propose_isr(std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (stopped_ || leadership_.leader != node_id_) return std::nullopt;
    followers_.at_time(now_ms);
    return followers_.propose(leadership_, log_->high_watermark(), log_->log_end_offset());
}

bool Partition::is_open(const IsrProposal& proposal) const {
    const std::lock_guard lock(mutex_);
    return !stopped_ && leadership_.leader == node_id_ && followers_.proposal() == proposal;
}

void Partition::isr_decided(const IsrProposal& proposal, std::vector<std::int32_t> isr,
                            std::int32_t partition_epoch) {
    Due due;
    const std::lock_guard lock(mutex_);
    const bool is_news = !stopped_ && followers_.proposal() == proposal &&
                         partition_epoch >= leadership_.partition_epoch;
    if (!is_news) return;
    followers_.forget_proposal();
    leadership_.isr = std::move(isr);
    leadership_.partition_epoch = partition_epoch;
    commit_locked(0, due);
}

void Partition::isr_refused(const IsrProposal& proposal) {
    Due due;
    const std::lock_guard lock(mutex_);
    if (stopped_ || followers_.proposal() != proposal) return;
    followers_.forget_proposal();
    commit_locked(0, due);
}

// --- A follower

Result<void> Partition::check_follower_locked(std::int32_t leader_epoch) const {
    if (stopped_) return std::unexpected(*stopped_);
    if (leader_epoch != leadership_.leader_epoch) {
        return fail(Errc::fenced_leader_epoch,
                    fmt::format("{}: followed in epoch {} where {} is current", name_.to_string(),
                                leader_epoch, leadership_.leader_epoch));
    }
    if (leadership_.leader == node_id_) {
        return fail(Errc::not_leader_or_follower,
                    fmt::format("{}: broker {} leads", name_.to_string(), node_id_));
    }
    return {};
}

// An epoch that this replica led in without a record is not one that its log ends with.
LogEnd Partition::log_end_locked() const {
    const auto end = log_->log_end_offset();
    return {end, log_->epochs().epoch_at(end - 1).value_or(-1)};
}

Result<LogEnd> Partition::log_end(std::int32_t leader_epoch) const {
    const std::lock_guard lock(mutex_);
    if (auto ok = check_follower_locked(leader_epoch); !ok) return std::unexpected(ok.error());
    return log_end_locked();
}

Result<LogEnd> Partition::replicate(std::int32_t leader_epoch, const Fetched& fetched,
                                    std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (auto ok = check_follower_locked(leader_epoch); !ok) return std::unexpected(ok.error());
    if (!fetched.records.empty()) {
        auto appended = log_->append_as_follower(fetched.records, now_ms);
        if (!appended) return std::unexpected(std::move(appended).error());
    }
    const auto before = log_->high_watermark();
    const auto committed = log_->set_high_watermark(fetched.high_watermark);
    if (committed > before) {
        for (const auto& watch : watches_) watch->changed();
    }
    if (const auto start = std::min(fetched.log_start, committed);
        start > log_->log_start_offset()) {
        if (auto done = log_->set_log_start_offset(start); !done) {
            return std::unexpected(std::move(done).error());
        }
    }
    return log_end_locked();
}

// The two histories agree up to where the leader's part of the epoch ends, or ours. Where ours has
// no such epoch the next fetch finds out how much further back they part.
Result<LogEnd> Partition::truncate(std::int32_t leader_epoch, const log::EpochEnd& diverging,
                                   std::int64_t now_ms) {
    std::int64_t to = diverging.end_offset;
    {
        const std::lock_guard lock(mutex_);
        if (auto ok = check_follower_locked(leader_epoch); !ok) return std::unexpected(ok.error());
        const auto own = log_->end_of_epoch(diverging.epoch);
        if (own.end_offset >= 0) to = std::min(to, own.end_offset);
    }
    return cut_to(leader_epoch, to, now_ms);
}

Result<LogEnd> Partition::cut_to(std::int32_t leader_epoch, std::int64_t offset,
                                 std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (auto ok = check_follower_locked(leader_epoch); !ok) return std::unexpected(ok.error());
    const bool is_within = offset <= log_->log_end_offset();
    const auto done = is_within ? log_->truncate_to(offset, now_ms)
                                : log_->truncate_fully_and_start_at(offset, now_ms);
    if (!done) return std::unexpected(done.error());
    return log_end_locked();
}

}  // namespace kcore::replication
