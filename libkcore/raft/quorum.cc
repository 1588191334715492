#include "raft/quorum.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kcore::raft {

Quorum::Quorum(std::int32_t node, std::set<std::int32_t> voters, Election last)
    : node_(node), voters_(std::move(voters)), election_(last) {
    assert(voters_.contains(node_));
}

void Quorum::start_election(std::int32_t log_epoch) {
    assert(role_ != QuorumRole::leader);
    const auto next = std::max(election_.epoch, log_epoch) + 1;
    election_ = {};
    election_.epoch = next;
    election_.voted = node_;
    role_ = QuorumRole::candidate;
    granted_.clear();
    on_vote(node_, true);
}

void Quorum::on_vote(std::int32_t voter, bool granted) {
    if (role_ != QuorumRole::candidate || !granted || !voters_.contains(voter)) return;
    granted_.insert(voter);
    if (!is_majority(granted_.size())) return;
    role_ = QuorumRole::leader;
    election_.leader = node_;
    stored_.clear();
}

void Quorum::on_epoch_start(std::int64_t offset) {
    assert(role_ == QuorumRole::leader);
    epoch_start_ = offset;
}

bool Quorum::on_stored(std::int32_t voter, std::int64_t end_offset) {
    if (role_ != QuorumRole::leader || !voters_.contains(voter)) return false;
    auto& stored = stored_[voter];
    stored = std::max(stored, end_offset);
    if (!stored_.contains(node_)) return false;
    std::vector<std::int64_t> ends;
    for (const auto id : voters_) {
        const auto at = stored_.find(id);
        ends.push_back(at == stored_.end() ? 0 : at->second);
    }
    std::ranges::sort(ends, std::greater<>());
    const auto by_majority = std::min(ends[voters_.size() / 2], stored_.at(node_));
    if (by_majority <= epoch_start_ || by_majority <= high_watermark_) return false;
    high_watermark_ = by_majority;
    return true;
}

}  // namespace kcore::raft
