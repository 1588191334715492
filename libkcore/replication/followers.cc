#include "replication/followers.h"

#include <algorithm>

namespace kcore::replication {

namespace {

bool has(const std::vector<std::int32_t>& ids, std::int32_t id) {
    return std::ranges::find(ids, id) != ids.end();
}

}  // namespace

void Followers::begin(const Leadership& leadership, std::int64_t log_end, std::int64_t now_ms) {
    at_time(now_ms);
    followers_.clear();
    proposal_.reset();
    epoch_start_ = log_end;
    for (const auto id : leadership.isr) {
        if (id != self_) followers_[id].caught_up_ms = now_ms;
    }
}

const Followers::Follower& Followers::of(std::int32_t broker) const {
    static const Follower kUnknown;
    const auto found = followers_.find(broker);
    return found == followers_.end() ? kUnknown : found->second;
}

void Followers::fetched(const FollowerState& follower, std::int64_t offset, std::int64_t log_end) {
    at_time(follower.now_ms);
    auto& known = followers_[follower.broker];
    known.fetched(offset, log_end, follower.now_ms);
    known.log_start = follower.log_start;
    known.broker_epoch = follower.broker_epoch;
}

bool Followers::is_in_maximal_isr(const Leadership& leadership, std::int32_t broker) const {
    if (has(leadership.isr, broker)) return true;
    return proposal_ && std::ranges::any_of(proposal_->isr, [&](const IsrMember& member) {
               return member.broker == broker;
           });
}

bool Followers::keeps_up(std::int32_t broker, std::int64_t log_end) const {
    const auto& follower = of(broker);
    if (follower.end_offset == log_end) return true;
    return follower.caught_up_ms >= 0 && now_ms_ - follower.caught_up_ms <= lag_max_ms_;
}

std::optional<std::int64_t> Followers::committed(const Leadership& leadership, std::int64_t log_end,
                                                 std::int32_t min_insync_replicas) const {
    const auto needed =
        std::min(static_cast<std::size_t>(min_insync_replicas), leadership.replicas.size());
    if (leadership.isr.size() < needed) return std::nullopt;
    auto end = log_end;
    for (const auto id : leadership.replicas) {
        if (id == self_) continue;
        const auto& follower = of(id);
        const bool counts = is_in_maximal_isr(leadership, id) ||
                            (live_.is_live(id, follower.broker_epoch) && keeps_up(id, log_end));
        if (counts) end = std::min(end, follower.end_offset);
    }
    return end;
}

std::int64_t Followers::low_watermark(const Leadership& leadership, std::int64_t log_start) const {
    auto lowest = log_start;
    for (const auto id : leadership.replicas) {
        const bool counts = id != self_ && live_.is_live(id, LiveBrokers::kAnyEpoch);
        if (counts) lowest = std::min(lowest, of(id).log_start);
    }
    return lowest;
}

bool Followers::is_readable(std::int32_t broker, std::int64_t offset) const {
    const auto& follower = of(broker);
    return live_.is_live(broker, follower.broker_epoch) && follower.log_start <= offset &&
           follower.end_offset >= offset;
}

bool Followers::is_fit(std::int32_t broker, std::int64_t high_watermark) const {
    const auto& follower = of(broker);
    return follower.end_offset >= std::max(high_watermark, epoch_start_) &&
           live_.is_live(broker, follower.broker_epoch);
}

bool Followers::may_join(const Leadership& leadership, std::int32_t broker,
                         std::int64_t high_watermark) const {
    return !proposal_ && !has(leadership.isr, broker) && is_fit(broker, high_watermark);
}

std::optional<IsrProposal> Followers::propose(const Leadership& leadership,
                                              std::int64_t high_watermark, std::int64_t log_end) {
    if (proposal_) return std::nullopt;
    IsrProposal next{leadership.leader_epoch, leadership.partition_epoch, {}};
    bool is_changed = false;
    for (const auto id : leadership.isr) {
        if (id == self_ || keeps_up(id, log_end)) {
            next.isr.push_back({id, of(id).broker_epoch});
        } else {
            is_changed = true;
        }
    }
    for (const auto id : leadership.replicas) {
        if (id == self_ || has(leadership.isr, id) || !is_fit(id, high_watermark)) continue;
        next.isr.push_back({id, of(id).broker_epoch});
        is_changed = true;
    }
    if (!is_changed) return std::nullopt;
    proposal_ = std::move(next);
    return proposal_;
}

}  // namespace kcore::replication
