#include "group/shard.h"

#include <algorithm>
#include <cassert>
#include <span>

namespace kcore::group {
namespace {

// Of the keys and values in one batch when a decision may be split.
constexpr std::size_t kPieceBytes = 256 * 1024;

std::size_t size_of(const rsm::Record& record) {
    return (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
}

// How many records from `skip` on go into the next batch; at least one.
std::size_t next_piece(const Effects& effects, std::size_t skip) {
    if (effects.atomic) return effects.records.size() - skip;
    std::size_t count = 1;
    auto bytes = size_of(effects.records[skip]);
    while (skip + count < effects.records.size()) {
        bytes += size_of(effects.records[skip + count]);
        if (bytes > kPieceBytes) break;
        ++count;
    }
    return count;
}

}  // namespace

Shard::Shard(Settings settings, ShardSeams seams, Logger logger)
    : settings_(settings), seams_(std::move(seams)), logger_(std::move(logger)) {}

std::unique_ptr<Coordinator> Shard::start_loading(std::int32_t epoch) {
    After after;
    {
        const std::lock_guard lock(mutex_);
        lose(after);
        phase_ = Phase::loading;
        epoch_ = epoch;
    }
    finish(std::move(after));
    return std::make_unique<Coordinator>(settings_, seams_.make_uuid, logger_);
}

void Shard::finish_loading(std::int32_t epoch, std::unique_ptr<Coordinator> coordinator,
                           std::shared_ptr<rsm::ReplicatedLog> log, std::int64_t log_end) {
    const auto now = seams_.now();
    After after;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::loading || epoch_ != epoch) return;
        coordinator->loaded(now);
        coordinator_ = std::move(coordinator);
        log_ = std::move(log);
        end_offset_ = log_end;
        is_lost_ = false;
        phase_ = Phase::active;
        prepare(after);
    }
    finish(std::move(after));
}

void Shard::resign() {
    After after;
    {
        const std::lock_guard lock(mutex_);
        lose(after);
    }
    finish(std::move(after));
}

void Shard::submit(Request request, RequestContext context, Done done) {
    const auto now = seams_.now();
    After after;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::active) {
            const auto code = phase_ == Phase::loading ? Errc::coordinator_load_in_progress
                                                       : Errc::not_coordinator;
            after.answers.emplace_back(std::move(done),
                                       error_response(request, context.version, code));
        } else {
            const auto ticket = ++last_ticket_;
            waiting_.emplace(ticket, std::move(done));
            settle(coordinator_->handle(request, context, now, ticket), now, after);
            work_due(now, after);
            prepare(after);
        }
    }
    finish(std::move(after));
}

void Shard::topics_deleted(const std::vector<std::string>& topics) {
    const auto now = seams_.now();
    After after;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::active) return;
        settle(coordinator_->topics_deleted(topics), now, after);
        prepare(after);
    }
    finish(std::move(after));
}

void Shard::run_due() {
    const auto now = seams_.now();
    After after;
    {
        const std::lock_guard lock(mutex_);
        armed_ms_ = kNever;
        work_due(now, after);
        prepare(after);
    }
    finish(std::move(after));
}

std::int64_t Shard::next_deadline_ms() const {
    const std::lock_guard lock(mutex_);
    return deadline();
}

std::int64_t Shard::deadline() const {
    if (phase_ != Phase::active) return kNever;
    const auto held = held_.empty() ? kNever : held_.front().deadline_ms;
    return std::min(coordinator_->next_deadline_ms(), held);
}

void Shard::work_due(Now now, After& after) {
    expire_held(now, after);
    while (phase_ == Phase::active && !is_lost_ &&
           coordinator_->next_deadline_ms() <= now.steady_ms) {
        settle(coordinator_->on_time(now), now, after);
    }
}

void Shard::settle(Effects effects, Now now, After& after) {
    auto failure = effects.refusal;
    if (!failure && !effects.records.empty()) {
        if (const auto done = append(effects, now); !done) {
            logger_.warn("coordinator append refused: {}", done.error().what);
            failure = done.error().code;
            is_lost_ = is_lost_ || *failure == Errc::not_leader_or_follower;
        }
    }
    if (failure) coordinator_->refused(effects, *failure, now);
    if (effects.replies.empty()) return;
    if (end_offset_ <= log_->committed()) {
        release(end_offset_, after);
        answer(std::move(effects.replies), after);
    } else {
        held_.push_back({end_offset_, now.steady_ms + settings_.offsets_commit_timeout_ms,
                         std::move(effects.replies)});
    }
}

Result<void> Shard::append(const Effects& effects, Now now) {
    for (std::size_t skip = 0; skip < effects.records.size();) {
        const auto count = next_piece(effects, skip);
        const auto piece = std::span(effects.records).subspan(skip, count);
        const auto end = log_->append(epoch_, piece, now.wall_ms);
        if (!end) return std::unexpected(end.error());
        coordinator_->appended(effects, skip, count, *end - static_cast<std::int64_t>(count));
        end_offset_ = *end;
        skip += count;
    }
    return {};
}

// The outcome is unknown: the append may yet be committed.
void Shard::expire_held(Now now, After& after) {
    while (!held_.empty() && held_.front().deadline_ms <= now.steady_ms) {
        auto replies = std::move(held_.front().replies);
        held_.pop_front();
        for (auto& reply : replies) refuse(reply, append_error(Errc::request_timed_out));
        answer(std::move(replies), after);
    }
}

void Shard::release(std::int64_t committed, After& after) {
    while (!held_.empty() && held_.front().end_offset <= committed) {
        auto replies = std::move(held_.front().replies);
        held_.pop_front();
        answer(std::move(replies), after);
    }
}

void Shard::answer(std::vector<Reply> replies, After& after) {
    for (auto& reply : replies) {
        const auto waiting = waiting_.find(reply.ticket);
        assert(waiting != waiting_.end());
        after.answers.emplace_back(std::move(waiting->second), std::move(reply.response));
        waiting_.erase(waiting);
    }
}

void Shard::lose(After& after) {
    if (phase_ == Phase::active) {
        for (auto& held : std::exchange(held_, {})) {
            for (auto& reply : held.replies) refuse(reply, Errc::not_coordinator);
            answer(std::move(held.replies), after);
        }
        answer(coordinator_->resign(), after);
        assert(waiting_.empty());
    }
    phase_ = Phase::idle;
    coordinator_.reset();
    log_.reset();
    is_watching_ = false;
    is_lost_ = false;
}

// Decides what is left to do without the lock.
void Shard::prepare(After& after) {
    if (is_lost_) lose(after);
    if (!held_.empty() && !is_watching_) {
        is_watching_ = true;
        after.watched = log_;
        after.epoch = epoch_;
        after.end_offset = held_.front().end_offset;
    }
    const auto next = deadline();
    if (next < armed_ms_) armed_ms_ = after.wake_ms = next;
}

void Shard::finish(After after) {
    for (auto& [done, response] : after.answers) done(std::move(response));
    if (after.watched) {
        after.watched->when_committed(
            after.epoch, after.end_offset,
            [self = weak_from_this(), epoch = after.epoch](Result<void> result) {
                if (const auto shard = self.lock()) shard->on_commit(epoch, result);
            });
    }
    if (after.wake_ms != kNever) seams_.wake_at(after.wake_ms);
}

void Shard::on_commit(std::int32_t epoch, const Result<void>& result) {
    After after;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::active || epoch_ != epoch) return;
        is_watching_ = false;
        if (result) {
            release(log_->committed(), after);
        } else {
            is_lost_ = true;
        }
        prepare(after);
    }
    finish(std::move(after));
}

}  // namespace kcore::group
