// Who leads: the roles of a replica, votes, and the first and last words of a leader.

#include <algorithm>
#include <cassert>

#include "raft/replica.h"

namespace kcore::raft {

using record::ControlType;

// --- Roles

// What belonged to the role that ends. Requests of it may still be answered; nobody listens.
void Replica::leave_role() {
    if (leadership_) answer_change(Errc::not_leader_or_follower, "the leader changed");
    change_.reset();
    leadership_.reset();
    granted_.clear();
    rejected_.clear();
    due_.clear();
    fetch_.reset();
    download_.reset();
    has_fetched_ = false;
}

void Replica::raise_epoch(std::int32_t epoch) {
    assert(epoch >= election_.epoch);
    if (epoch == election_.epoch) return;
    election_ = {};
    election_.epoch = epoch;
    leader_address_.reset();
}

void Replica::become_unattached(std::int32_t epoch, std::int64_t now) {
    raise_epoch(epoch);
    leave_role();
    role_ = Role::unattached;
    deadline_ = now + election_jitter();
    next_fetch_ = now;
}

void Replica::follow(std::int32_t epoch, std::int32_t leader, std::optional<io::Address> address,
                     std::int64_t now) {
    assert(leader != options_.self.id);
    raise_epoch(epoch);
    assert(election_.leader == kNobody || election_.leader == leader);
    leave_role();
    role_ = Role::follower;
    election_.leader = leader;
    if (address) leader_address_ = std::move(address);
    deadline_ = now + options_.fetch_timeout_ms;
    next_fetch_ = now;
    next_join_ = now;
}

void Replica::become_prospective(std::int64_t now) {
    assert(is_voter());
    leave_role();
    role_ = Role::prospective;
    deadline_ = now + election_jitter();
    granted_ = {options_.self.id};
    for (const auto& [id, voter] : voters_.voters().all()) due_[id] = now;
    due_.erase(options_.self.id);
    count_votes(now);
}

void Replica::become_candidate(std::int64_t now) {
    assert(role_ == Role::prospective);
    leave_role();
    raise_epoch(election_.epoch + 1);
    election_.voted = options_.self.id;
    election_.voted_directory = options_.self.directory;
    role_ = Role::candidate;
    deadline_ = now + election_jitter();
    granted_ = {options_.self.id};
    for (const auto& [id, voter] : voters_.voters().all()) due_[id] = now;
    due_.erase(options_.self.id);
    count_votes(now);
}

void Replica::become_leader(std::int64_t now) {
    assert(role_ == Role::candidate && voters_.voters().is_majority(granted_));
    const auto granted = granted_;
    leave_role();
    role_ = Role::leader;
    election_.leader = options_.self.id;
    leader_address_.reset();
    losses_ = 0;
    const auto version = voters_.kraft_version();
    const auto& voters = voters_.voters();
    std::vector<ControlRecord> records;
    records.push_back({0, ControlType::leader_change,
                       encode_leader_change(options_.self.id, voters, granted, version)});
    // Voters of the bootstrap snapshot are known here alone: it is never sent to others.
    if (version > 0 && voters_.offset() < 0) {
        records.push_back({1, ControlType::kraft_version, encode_kraft_version(version)});
        records.push_back({2, ControlType::kraft_voters, encode_voters(voters)});
    }
    auto batch = control_batch(records, log_.timestamp_ms());
    const auto base = log_.append(batch, election_.epoch);
    if (!base) return fail(base.error());
    if (records.size() > 1) voters_.set_voters(*base + 2, VoterSet(voters));
    leadership_.emplace(options_.self, *base, voters_.voters(), now);
    for (const auto& [id, voter] : voters_.voters().all()) due_[id] = now;
    due_.erase(options_.self.id);
}

void Replica::resign(std::int64_t now) {
    assert(is_leader());
    successors_ = leadership_->successors();
    leave_role();
    role_ = Role::resigned;
    deadline_ = now + election_jitter();
    for (const auto& key : successors_) due_[key.id] = now;
}

std::int64_t Replica::below(std::int64_t bound) {
    return bound <= 0 ? 0
                      : static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound)));
}

std::int64_t Replica::election_jitter() {
    return options_.election_timeout_ms + below(options_.election_timeout_ms);
}

// --- Votes

bool Replica::would_vote(const VoteRequest& ask) const {
    const bool is_up_to_date = ask.last >= end_of(log_);
    if (ask.is_pre_vote) {
        const bool has_leader = is_leader() || (role_ == Role::follower && has_fetched_);
        return !has_leader && is_up_to_date;
    }
    if (election_.leader != kNobody) return false;
    if (election_.voted == kNobody) return is_up_to_date;
    return election_.voted == ask.candidate.id &&
           (election_.voted_directory.is_zero() ||
            election_.voted_directory == ask.candidate.directory);
}

void Replica::handle(RequestId id, const VoteRequest& ask, std::int64_t now) {
    VoteResponse answer;
    const bool is_sound = ask.candidate.id >= 0 && ask.last.offset >= 0 && ask.last.epoch >= 0 &&
                          ask.last.epoch <= ask.epoch;
    if (!means_me(ask.voter)) {
        answer.error = Errc::invalid_voter_key;
    } else if (ask.epoch < election_.epoch) {
        answer.error = Errc::fenced_leader_epoch;
    } else if (!is_sound) {
        answer.error = Errc::invalid_request;
    } else {
        if (ask.epoch > election_.epoch) become_unattached(ask.epoch, now);
        answer.is_granted = would_vote(ask);
    }
    if (answer.is_granted && !ask.is_pre_vote && election_.voted == kNobody) {
        become_unattached(election_.epoch, now);
        election_.voted = ask.candidate.id;
        election_.voted_directory = ask.candidate.directory;
    }
    answer.leader = leader();
    reply(id, std::move(answer));
}

void Replica::took(const Sent& sent, const VoteResponse& answer, std::int64_t now) {
    const auto* ask = std::get_if<VoteRequest>(&sent.request);
    if (ask == nullptr || heard(answer.leader, now)) return;
    const auto asking = ask->is_pre_vote ? Role::prospective : Role::candidate;
    if (role_ != asking || ask->epoch != election_.epoch) return;
    // One that does not know pre-votes does not mind an election.
    const bool is_old = ask->is_pre_vote && answer.error == Errc::unsupported_version;
    if (answer.error != Errc::none && !is_old) {
        due_[sent.to] = now + options_.retry_backoff_ms;
        return;
    }
    (answer.is_granted || is_old ? granted_ : rejected_).insert(sent.to);
    count_votes(now);
}

void Replica::count_votes(std::int64_t now) {
    const auto& voters = voters_.voters();
    std::set<std::int32_t> possible;
    for (const auto& [id, voter] : voters.all()) {
        if (!rejected_.contains(id)) possible.insert(id);
    }
    if (voters.is_majority(granted_)) {
        role_ == Role::prospective ? become_candidate(now) : become_leader(now);
    } else if (!voters.is_majority(possible)) {
        lose(now);
    }
}

void Replica::lose(std::int64_t now) {
    if (role_ == Role::candidate) {
        // It stays what it is and waits, longer each time.
        const auto most = std::min(options_.election_backoff_max_ms,
                                   options_.retry_backoff_ms << std::min(++losses_, 10));
        deadline_ = std::min(deadline_, now + 1 + below(most));
    } else if (election_.leader != kNobody && election_.leader != options_.self.id) {
        follow(election_.epoch, election_.leader, leader_address_, now);
    } else {
        become_unattached(election_.epoch, now);
    }
}

// --- What is told to voters

void Replica::tell_others(std::int64_t now) {
    const auto end = end_of(log_);
    for (auto& [id, due] : due_) {
        const auto* voter = voters_.voters().find(id);
        if (due > now || voter == nullptr) continue;
        bool is_sent = false;
        if (role_ == Role::leader) {
            is_sent = send_to(id, BeginEpochRequest{voter->key, options_.self.id, election_.epoch,
                                                    options_.endpoints});
        } else if (role_ == Role::resigned) {
            is_sent = send_to(id, EndEpochRequest{options_.self.id, election_.epoch, successors_,
                                                  options_.endpoints});
        } else {
            is_sent = send_to(id, VoteRequest{options_.self, voter->key, election_.epoch, end,
                                              role_ == Role::prospective});
        }
        const bool repeats = role_ == Role::leader || !is_sent;
        due = repeats ? now + std::max<std::int64_t>(options_.fetch_timeout_ms / 2, 1) : kNoTime;
    }
}

void Replica::handle(RequestId id, const BeginEpochRequest& ask, std::int64_t now) {
    EpochResponse answer;
    const bool knows_other = ask.epoch == election_.epoch && election_.leader != kNobody &&
                             election_.leader != ask.leader;
    if (!means_me(ask.voter)) {
        answer.error = Errc::invalid_voter_key;
    } else if (ask.epoch < election_.epoch) {
        answer.error = Errc::fenced_leader_epoch;
    } else if (ask.leader < 0 || ask.leader == options_.self.id || knows_other) {
        answer.error = Errc::invalid_request;
    } else {
        LeaderInfo info{ask.leader, ask.epoch, std::nullopt};
        for (const auto& endpoint : ask.endpoints) {
            if (!info.address || endpoint.name == options_.listener)
                info.address = endpoint.address;
        }
        heard(info, now);
    }
    answer.leader = leader();
    reply(id, std::move(answer));
}

// Followers stand one after the other, the one with the longest log first.
void Replica::handle(RequestId id, const EndEpochRequest& ask, std::int64_t now) {
    EpochResponse answer;
    if (ask.epoch < election_.epoch) {
        answer.error = Errc::fenced_leader_epoch;
    } else if (ask.leader < 0 || ask.leader == options_.self.id) {
        answer.error = Errc::invalid_request;
    } else {
        heard({ask.leader, ask.epoch, std::nullopt}, now);
        if (role_ == Role::follower && election_.leader == ask.leader) {
            const auto at = std::ranges::find(ask.successors, options_.self.id, &ReplicaKey::id);
            const auto place = at - ask.successors.begin();
            has_fetched_ = false;
            const auto step = options_.election_backoff_max_ms / 4;
            deadline_ = std::min(deadline_, now + place * step + (place > 0 ? below(step) : 0));
            next_fetch_ = std::max(next_fetch_, deadline_);
        }
    }
    answer.leader = leader();
    reply(id, std::move(answer));
}

void Replica::took(const Sent& sent, const EpochResponse& answer, std::int64_t now) {
    if (heard(answer.leader, now)) return;
    // A leader that resigned has been understood; one that leads goes on telling those who do not
    // fetch.
    if (role_ == Role::resigned && std::holds_alternative<EndEpochRequest>(sent.request)) {
        due_.erase(sent.to);
    }
}

}  // namespace kcore::raft
