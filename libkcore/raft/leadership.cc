#include "raft/leadership.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace kcore::raft {

Leadership::Leadership(ReplicaKey self, std::int64_t epoch_start, const VoterSet& voters,
                       std::int64_t now_ms)
    : self_(self), epoch_start_(epoch_start) {
    set_voters(voters, now_ms);
}

void Leadership::set_voters(const VoterSet& voters, std::int64_t now_ms) {
    set_ = voters;
    for (auto& [id, progress] : std::exchange(voters_, {})) observers_[progress.key] = progress;
    for (const auto& [id, voter] : voters.all()) {
        Progress progress;
        progress.key = voter.key;
        progress.contact_ms = now_ms;
        const auto known = std::ranges::find_if(observers_, [&](const auto& one) {
            return one.first.id == id && voters.is_voter(one.first);
        });
        if (known != observers_.end()) {
            progress = known->second;
            progress.key = voter.key;
            observers_.erase(known);
        }
        voters_.emplace(id, progress);
    }
    observers_.erase(self_);
}

Leadership::Progress& Leadership::of(const ReplicaKey& key) {
    if (set_.is_voter(key)) return voters_.at(key.id);
    auto& observer = observers_[key];
    observer.key = key;
    return observer;
}

const Leadership::Progress* Leadership::find(const ReplicaKey& key) const {
    if (set_.is_voter(key)) return &voters_.at(key.id);
    const auto at = observers_.find(key);
    return at == observers_.end() ? nullptr : &at->second;
}

void Leadership::on_fetch(const ReplicaKey& key, std::int64_t offset, std::int64_t log_end,
                          std::int64_t now_ms) {
    if (key.id == self_.id || key.id < 0) return;
    auto& progress = of(key);
    progress.fetched(offset, log_end, now_ms);
    progress.contact_ms = now_ms;
}

void Leadership::on_contact(const ReplicaKey& key, std::int64_t now_ms) {
    if (set_.is_voter(key)) voters_.at(key.id).contact_ms = now_ms;
}

void Leadership::on_own_sync(std::int64_t end_offset) { own_end_ = std::max(own_end_, end_offset); }

std::optional<std::int64_t> Leadership::committed() const {
    if (voters_.empty()) return std::nullopt;
    std::vector<std::int64_t> ends;
    for (const auto& [id, progress] : voters_) {
        ends.push_back(id == self_.id ? own_end_ : progress.end_offset);
    }
    std::ranges::sort(ends, std::greater<>());
    const auto end = ends[ends.size() / 2];
    return end > epoch_start_ ? std::optional(end) : std::nullopt;
}

std::int64_t Leadership::majority_contact_ms(std::int64_t now_ms) const {
    if (voters_.empty()) return now_ms;
    std::vector<std::int64_t> contacts;
    for (const auto& [id, progress] : voters_) {
        contacts.push_back(id == self_.id ? now_ms : progress.contact_ms);
    }
    std::ranges::sort(contacts, std::greater<>());
    return contacts[contacts.size() / 2];
}

std::vector<ReplicaKey> Leadership::successors() const {
    std::vector<Progress> others;
    for (const auto& [id, progress] : voters_) {
        if (id != self_.id) others.push_back(progress);
    }
    std::ranges::stable_sort(others, std::greater<>(), &Progress::end_offset);
    std::vector<ReplicaKey> keys;
    for (const auto& one : others) keys.push_back(one.key);
    return keys;
}

void Leadership::forget_observers(std::int64_t silent_since_ms) {
    std::erase_if(observers_, [&](const auto& o) { return o.second.fetch_ms < silent_since_ms; });
}

}  // namespace kcore::raft
