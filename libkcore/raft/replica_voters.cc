// Changes of the set of voters (KIP-853): one at a time, each a record of the leader's log.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "raft/replica.h"

namespace kcore::raft {
namespace {

// A new voter must have had all of the leader's log not longer ago.
constexpr std::int64_t kCaughtUpMs = 3'600'000;

std::string text_of(const ReplicaKey& key) {
    return fmt::format("{} with directory {}", key.id, key.directory.to_string());
}

VotersResponse refused(Errc error, std::string message) { return {error, std::move(message), {}}; }

}  // namespace

// Why no change can begin now.
std::optional<VotersResponse> Replica::refusal() const {
    if (!is_leader()) {
        return refused(Errc::not_leader_or_follower, "this node does not lead the metadata log");
    }
    if (change_ || voters_.offset() >= high_watermark_) {
        return refused(Errc::request_timed_out, "another change of voters is not finished");
    }
    if (high_watermark_ <= leadership_->epoch_start()) {
        return refused(Errc::request_timed_out, "the leader has no high watermark of its own yet");
    }
    if (voters_.kraft_version() == 0) {
        return refused(Errc::unsupported_version,
                       "voters are those of controller.quorum.voters: kraft.version is 0");
    }
    return std::nullopt;
}

bool Replica::write_voters(const VoterSet& voters, std::int64_t now) {
    const ControlRecord record{0, record::ControlType::kraft_voters, encode_voters(voters)};
    auto batch = control_batch(std::span(&record, 1), log_.timestamp_ms());
    const auto base = log_.append(batch, election_.epoch);
    if (!base) {
        fail(base.error());
        return false;
    }
    voters_.set_voters(*base, voters);
    leadership_->set_voters(voters, now);
    std::erase_if(due_, [&](const auto& one) { return !voters.contains(one.first); });
    for (const auto& [id, voter] : voters.all()) {
        if (id != options_.self.id) due_.try_emplace(id, now);
    }
    change_->offset = *base;
    return true;
}

void Replica::answer_change(Errc error, const std::string& message) {
    if (!change_ || !change_->asked_by) return;
    reply(*change_->asked_by, VotersResponse{error, message, leader()});
    change_->asked_by.reset();
}

// Answered when it is committed, or too late; until it is committed no other begins.
void Replica::finish_change(std::int64_t now) {
    if (!change_) return;
    const bool is_committed = change_->offset >= 0 && change_->offset < high_watermark_;
    if (is_committed) {
        answer_change(Errc::none, "");
        change_.reset();
    } else if (now >= change_->deadline) {
        answer_change(Errc::request_timed_out, "the change of voters was not finished in time");
        change_->deadline = kNoTime;
        if (change_->offset < 0) change_.reset();
    }
}

// What a description of a new voter lacks.
std::optional<VotersResponse> Replica::lack(const Voter& voter) const {
    if (!is_leader()) return std::nullopt;  // Which comes first.
    if (voter.key.id < 0 || voter.key.directory.is_zero()) {
        return refused(Errc::invalid_request, "a voter needs an id and a directory");
    }
    const auto is_asked_for = [&](const Endpoint& endpoint) {
        return options_.listener.empty() || endpoint.name == options_.listener;
    };
    if (std::ranges::any_of(voter.endpoints, is_asked_for)) return std::nullopt;
    return refused(Errc::invalid_request,
                   fmt::format("a voter needs an address for listener {}", options_.listener));
}

void Replica::handle(RequestId id, const AddVoterRequest& ask, std::int64_t now) {
    auto no = lack(ask.voter);
    if (!no) no = refusal();
    const auto& key = ask.voter.key;
    if (!no && voters_.voters().contains(key.id)) {
        no = refused(Errc::duplicate_voter,
                     fmt::format("voter {} is already among the voters", key.id));
    }
    if (no) {
        no->leader = leader();
        return reply(id, std::move(*no));
    }
    change_.emplace();
    change_->asked_by = id;
    change_->add = ask;
    if (ask.timeout_ms > 0) change_->deadline = now + ask.timeout_ms;
    auto address = ask.voter.endpoints.front().address;
    for (const auto& endpoint : ask.voter.endpoints) {
        if (endpoint.name == options_.listener) address = endpoint.address;
    }
    change_->probe = send(key.id, address, ProbeRequest{});
}

void Replica::took(const Sent& sent, const ProbeResponse& answer, std::int64_t now) {
    if (!is_leader() || !change_ || !change_->probe || change_->offset >= 0) return;
    auto add = change_->add;
    if (sent.to != add.voter.key.id) return;  // Of an earlier change.
    const auto version = voters_.kraft_version();
    const auto* progress = leadership_->find(add.voter.key);
    const bool is_caught_up = progress != nullptr && progress->caught_up_ms >= 0 &&
                              now - progress->caught_up_ms < kCaughtUpMs;
    if (version < answer.version_min || version > answer.version_max) {
        answer_change(Errc::invalid_request, "the new voter does not know this kraft.version");
        change_.reset();
        return;
    }
    if (!is_caught_up) {
        answer_change(Errc::request_timed_out,
                      fmt::format("replica {} has not caught up yet", text_of(add.voter.key)));
        change_.reset();
        return;
    }
    add.voter.version_min = answer.version_min;
    add.voter.version_max = answer.version_max;
    if (!write_voters(voters_.voters().with(add.voter), now)) return;
    if (!add.ack_when_committed) answer_change(Errc::none, "");
}

void Replica::handle(RequestId id, const RemoveVoterRequest& ask, std::int64_t now) {
    auto no = refusal();
    const auto* voter = voters_.voters().find(ask.voter.id);
    if (!no && (voter == nullptr || voter->key != ask.voter)) {
        no = refused(Errc::voter_not_found,
                     fmt::format("replica {} is not among the voters", text_of(ask.voter)));
    }
    if (!no && voters_.voters().size() == 1) {
        no = refused(Errc::voter_not_found, "the last voter cannot be removed");
    }
    if (no) {
        no->leader = leader();
        return reply(id, std::move(*no));
    }
    change_.emplace();
    change_->asked_by = id;
    write_voters(voters_.voters().without(ask.voter.id), now);
}

void Replica::handle(RequestId id, const UpdateVoterRequest& ask, std::int64_t now) {
    VotersResponse answer;
    answer.error = check_leader(ask.epoch);
    if (answer.error == Errc::none) {
        if (const auto no = refusal()) answer = *no;
    }
    const auto* voter = voters_.voters().find(ask.voter.key.id);
    const auto version = voters_.kraft_version();
    const bool fits = version >= ask.voter.version_min && version <= ask.voter.version_max &&
                      !ask.voter.endpoints.empty();
    if (answer.error == Errc::none && (voter == nullptr || voter->key != ask.voter.key)) {
        answer.error = Errc::voter_not_found;
    }
    if (answer.error == Errc::none && !fits) answer.error = Errc::invalid_request;
    answer.leader = leader();
    const bool is_new = answer.error == Errc::none && *voter != ask.voter;
    if (!is_new) return reply(id, std::move(answer));
    change_.emplace();
    change_->asked_by = id;
    write_voters(voters_.voters().with(ask.voter), now);
}

void Replica::handle(RequestId id, const ProbeRequest& /*ask*/, std::int64_t /*now*/) {
    reply(id, ProbeResponse{0, 1});
}

// A follower sees to its own entry: new addresses, a new disk, or that it is there at all.
void Replica::ask_to_join(std::int64_t now) {
    if (role_ != Role::follower || !has_fetched_ || now < next_join_) return;
    next_join_ = now + options_.fetch_timeout_ms;
    if (voters_.kraft_version() == 0 || options_.endpoints.empty() || is_shut_down_) return;
    Voter self;
    self.key = options_.self;
    self.endpoints = options_.endpoints;
    const auto* known = voters_.voters().find(options_.self.id);
    if (is_voter()) {
        if (*known != self) send_to(election_.leader, UpdateVoterRequest{election_.epoch, self});
    } else if (options_.joins && known != nullptr) {
        send_to(election_.leader, RemoveVoterRequest{known->key});
    } else if (options_.joins) {
        const auto timeout_ms = static_cast<std::int32_t>(options_.fetch_timeout_ms);
        send_to(election_.leader, AddVoterRequest{self, false, timeout_ms});
    }
}

void Replica::took(const Sent& /*sent*/, const VotersResponse& answer, std::int64_t now) {
    heard(answer.leader, now);
}

}  // namespace kcore::raft
