#include "raft/replica.h"

#include <algorithm>
#include <cassert>

namespace kcore::raft {

Replica::Replica(ReplicaOptions options, ReplicaLog& log, io::Random& random)
    : options_(std::move(options)), log_(log), random_(random) {}

// --- Inputs

void Replica::start(const Election& last, VoterHistory voters, std::int64_t synced_end,
                    std::int64_t now_ms) {
    assert(!log_.latest_snapshot() || !is_behind(end_of(log_), *log_.latest_snapshot()));
    election_ = stored_ = last;
    voters_ = std::move(voters);
    synced_end_ = synced_end;
    if (const auto snapshot = log_.latest_snapshot()) {
        raise_high_watermark(std::min(snapshot->end_offset, log_.end_offset()));
    }
    // The file was lost, or a lone leader crashed before its epoch was stored.
    const auto end = end_of(log_);
    if (end.epoch > election_.epoch) raise_epoch(end.epoch);
    if (election_.leader != kNobody && election_.leader != options_.self.id) {
        follow(election_.epoch, election_.leader, std::nullopt, now_ms);
    } else if (is_voter()) {
        become_prospective(now_ms);
    } else {
        become_unattached(election_.epoch, now_ms);
    }
    settle(now_ms);
}

void Replica::on_request(RequestId id, const Request& request, std::int64_t now_ms) {
    if (failure_) return;
    std::visit([&](const auto& ask) { handle(id, ask, now_ms); }, request);
    settle(now_ms);
}

void Replica::on_response(RequestId id, Response response, std::int64_t now_ms) {
    const auto at = sent_.find(id);
    if (at == sent_.end() || failure_) return;
    const auto sent = std::move(at->second);
    sent_.erase(at);
    if (fetch_ == id) fetch_.reset();
    std::visit([&](auto& answer) { took(sent, answer, now_ms); }, response);
    settle(now_ms);
}

void Replica::on_no_response(RequestId id, std::int64_t now_ms) {
    const auto at = sent_.find(id);
    if (at == sent_.end() || failure_) return;
    const auto to = at->second.to;
    sent_.erase(at);
    if (fetch_ == id) {
        retry_later(now_ms);
    } else if (change_ && change_->probe == id) {
        answer_change(Errc::request_timed_out, "the new voter does not answer");
        change_.reset();
    } else if (const auto due = due_.find(to); due != due_.end()) {
        due->second = std::min(due->second, now_ms + options_.retry_backoff_ms);
    }
    settle(now_ms);
}

void Replica::on_stored(const Election& election, std::int64_t now_ms) {
    stored_ = election;
    settle(now_ms);
}

void Replica::on_synced(std::int64_t end_offset, std::int64_t now_ms) {
    synced_end_ = std::max(synced_end_, std::min(end_offset, log_.end_offset()));
    settle(now_ms);
}

void Replica::on_snapshot_stored(const SnapshotId& id, Result<VoterHistory::Entry> voters,
                                 std::int64_t now_ms) {
    storing_.reset();
    if (failure_) return;
    if (voters) {
        const bool is_asked = role_ == Role::follower && storing_epoch_ == election_.epoch;
        if (is_asked || is_behind(end_of(log_), id)) adopt(id, std::move(*voters));
    } else if (voters.error().code == Errc::kafka_storage_error) {
        fail(voters.error());
    } else {
        retry_later(now_ms);
    }
    if (role_ == Role::follower) deadline_ = now_ms + options_.fetch_timeout_ms;
    settle(now_ms);
}

void Replica::on_disk_failure(const Error& error) { fail(error); }

void Replica::on_time(std::int64_t now_ms) {
    if (failure_) return;
    if (now_ms >= role_deadline()) role_timeout(now_ms);
    settle(now_ms);
}

void Replica::shut_down(std::int64_t now_ms) {
    is_shut_down_ = true;
    if (is_leader()) resign(now_ms);
    settle(now_ms);
}

Result<std::int64_t> Replica::append(std::span<std::byte> batch, std::int32_t epoch,
                                     std::int64_t now_ms) {
    if (!is_leader() || epoch != election_.epoch || failure_) {
        return kcore::fail(Errc::not_leader_or_follower,
                           "this node does not lead the metadata log in this epoch");
    }
    auto base = log_.append(batch, epoch);
    settle(now_ms);
    return base;
}

// --- Outputs

std::vector<Output> Replica::outputs() {
    if (stored_ != election_ || failure_) return {};
    return std::exchange(outputs_, {});
}

std::optional<Election> Replica::to_store() const {
    if (stored_ == election_ || failure_) return std::nullopt;
    return election_;
}

std::int64_t Replica::role_deadline() const {
    if (is_shut_down_) return kNoTime;
    if (!leadership_) return deadline_;
    if (is_lone_voter()) return kNoTime;
    const auto contact = leadership_->majority_contact_ms(kNoTime);
    return contact == kNoTime ? contact : contact + options_.fetch_timeout_ms * 3 / 2;
}

std::int64_t Replica::next_deadline() const {
    if (failure_) return kNoTime;
    auto next = role_deadline();
    for (const auto& [id, due] : due_) next = std::min(next, due);
    if (may_fetch()) next = std::min(next, next_fetch_);
    if (role_ == Role::follower && has_fetched_) next = std::min(next, next_join_);
    for (const auto& one : parked_) next = std::min(next, one.deadline);
    if (change_) next = std::min(next, change_->deadline);
    return next;
}

LeaderInfo Replica::leader() const {
    LeaderInfo info;
    info.leader = election_.leader;
    info.epoch = election_.epoch;
    if (info.leader != kNobody) info.address = address_of(info.leader);
    return info;
}

std::optional<io::Address> Replica::address_of(std::int32_t id) const {
    if (id == election_.leader && leader_address_) return leader_address_;
    const auto* voter = voters_.voters().find(id);
    const auto& endpoints = id == options_.self.id && !options_.endpoints.empty()
                                ? options_.endpoints
                                : (voter != nullptr ? voter->endpoints : options_.endpoints);
    if (voter == nullptr && id != options_.self.id) return std::nullopt;
    for (const auto& endpoint : endpoints) {
        if (endpoint.name == options_.listener) return endpoint.address;
    }
    if (endpoints.empty()) return std::nullopt;
    return endpoints.front().address;
}

// --- What follows from every input

void Replica::settle(std::int64_t now) {
    if (failure_) return;
    commit(now);
    finish_change(now);
    if (role_ == Role::unattached || role_ == Role::follower) {
        fetch(now);
        ask_to_join(now);
    } else {
        tell_others(now);
    }
    serve_parked(now);
}

// The leader's own part of it counts only when its vote for itself is on the disk as well.
void Replica::commit(std::int64_t now) {
    if (!is_leader() || stored_ != election_) return;
    leadership_->on_own_sync(synced_end_);
    if (const auto end = leadership_->committed()) {
        raise_high_watermark(*end);
        has_caught_up_ = true;
    }
    const bool is_voted_out = !is_voter() && voters_.offset() < high_watermark_;
    if (!is_voted_out) return;
    finish_change(now);
    resign(now);
}

void Replica::raise_high_watermark(std::int64_t to) {
    if (to <= high_watermark_) return;
    high_watermark_ = to;
    log_.set_high_watermark(to);
}

RequestId Replica::send(std::int32_t to, const io::Address& address, Request request) {
    const auto id = ++last_id_;
    sent_.emplace(id, Sent{to, request});
    outputs_.emplace_back(Send{id, to, address, std::move(request)});
    return id;
}

bool Replica::send_to(std::int32_t to, Request request) {
    const auto address = address_of(to);
    if (!address) return false;
    send(to, *address, std::move(request));
    return true;
}

void Replica::reply(RequestId id, Response response) {
    outputs_.emplace_back(Reply{id, std::move(response)});
}

// What an answer tells of the leadership; true when this replica now stands elsewhere.
bool Replica::heard(const LeaderInfo& info, std::int64_t now) {
    if (info.epoch < election_.epoch) return false;
    const bool has_leader = info.leader != kNobody && info.leader != options_.self.id;
    const bool is_news = info.epoch > election_.epoch || election_.leader == kNobody;
    if (has_leader && is_news) {
        follow(info.epoch, info.leader, info.address, now);
        return true;
    }
    if (info.epoch > election_.epoch) {
        become_unattached(info.epoch, now);
        return true;
    }
    if (has_leader && info.leader == election_.leader && info.address) {
        leader_address_ = info.address;
    }
    return false;
}

void Replica::fail(const Error& error) {
    if (failure_) return;
    leave_role();
    role_ = Role::resigned;
    failure_ = error;
}

Errc Replica::check_leader(std::int32_t epoch) const {
    if (epoch < election_.epoch) return Errc::fenced_leader_epoch;
    if (epoch > election_.epoch) return Errc::unknown_leader_epoch;
    return is_leader() ? Errc::none : Errc::not_leader_or_follower;
}

// Old versions do not say whom they mean.
bool Replica::means_me(const ReplicaKey& key) const {
    if (key.id >= 0 && key.id != options_.self.id) return false;
    return key.directory.is_zero() || options_.self.directory.is_zero() ||
           key.directory == options_.self.directory;
}

void Replica::role_timeout(std::int64_t now) {
    switch (role_) {
        case Role::leader:
            resign(now);
            break;
        case Role::prospective:
            lose(now);
            break;
        case Role::unattached:
        case Role::follower:
        case Role::candidate:
        case Role::resigned:
            if (is_voter()) {
                become_prospective(now);
            } else if (role_ == Role::resigned) {
                become_unattached(election_.epoch, now);
            } else {
                deadline_ = kNoTime;  // An observer asks whom it can, see fetch_from().
                has_fetched_ = false;
            }
            break;
    }
}

}  // namespace kcore::raft
