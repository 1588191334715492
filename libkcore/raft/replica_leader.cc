// The leader's side of replication: Fetch and FetchSnapshot.

#include <algorithm>
#include <utility>

#include "raft/replica.h"

namespace kcore::raft {

void Replica::handle(RequestId id, const FetchRequest& ask, std::int64_t now) {
    auto answer = answer_to(ask);
    if (answer.error == Errc::none && !answer.diverging && !answer.snapshot) {
        leadership_->on_fetch(ask.replica, ask.from.offset, log_.end_offset(), now);
        if (const auto due = due_.find(ask.replica.id); due != due_.end()) {
            due->second = now + options_.fetch_timeout_ms / 2;
        }
        commit(now);
        answer.high_watermark = known_high_watermark();
    }
    const bool is_empty = answer.error == Errc::none && !answer.diverging && !answer.snapshot &&
                          answer.records.empty();
    if (is_empty && ask.max_wait_ms > 0 && !has_news(ask)) {
        parked_.push_back({id, ask, now + ask.max_wait_ms});
    } else {
        reply(id, std::move(answer));
    }
}

// -1 until something of the own epoch is committed, and with it all that is older.
std::int64_t Replica::known_high_watermark() const {
    return high_watermark_ > leadership_->epoch_start() ? high_watermark_ : -1;
}

FetchResponse Replica::answer_to(const FetchRequest& ask) const {
    FetchResponse answer;
    answer.leader = leader();
    answer.error = check_leader(ask.epoch);
    if (answer.error != Errc::none) return answer;
    if (ask.from.offset < 0 || ask.from.epoch < 0 || ask.from.epoch > ask.epoch) {
        answer.error = Errc::invalid_request;
        return answer;
    }
    answer.high_watermark = known_high_watermark();
    answer.log_start = log_.start_offset();
    check_position(ask.from, answer);
    if (answer.diverging || answer.snapshot || ask.from.offset >= log_.end_offset()) return answer;
    auto records = log_.read(ask.from.offset, static_cast<std::size_t>(std::max(ask.max_bytes, 0)));
    if (records) {
        answer.records = std::move(*records);
    } else {
        answer.error = records.error().code;
    }
    return answer;
}

// Is what the replica has a prefix of this log? If not: how to make it one.
void Replica::check_position(const OffsetEpoch& from, FetchResponse& answer) const {
    const auto start = log_.start_offset();
    if (start == 0 && from == OffsetEpoch{}) return;
    if (const auto earliest = log_.earliest_snapshot()) {
        const bool is_beside = from.offset == start && start != 0 && from.epoch != earliest->epoch;
        if (from.offset < start || is_beside || from.epoch < earliest->epoch) {
            answer.snapshot = log_.latest_snapshot();
            return;
        }
    }
    const auto end = end_of_epoch(log_, from.epoch);
    if (end.epoch != from.epoch || end.end_offset < from.offset) answer.diverging = end;
}

bool Replica::has_news(const FetchRequest& ask) const {
    return check_leader(ask.epoch) != Errc::none || log_.end_offset() > ask.from.offset ||
           known_high_watermark() > ask.high_watermark;
}

void Replica::serve_parked(std::int64_t now) {
    std::erase_if(parked_, [&](Parked& one) {
        if (now < one.deadline && !has_news(one.request)) return false;
        reply(one.id, answer_to(one.request));
        return true;
    });
}

void Replica::handle(RequestId id, const FetchSnapshotRequest& ask, std::int64_t now) {
    FetchSnapshotResponse answer;
    answer.leader = leader();
    answer.id = ask.id;
    answer.position = ask.position;
    answer.error = check_leader(ask.epoch);
    if (answer.error == Errc::none) {
        leadership_->on_contact(ask.replica, now);
        auto part = log_.read_snapshot(ask.id, ask.position,
                                       static_cast<std::size_t>(std::max(ask.max_bytes, 0)));
        if (part) {
            answer.size = part->size;
            answer.bytes = std::move(part->bytes);
        } else {
            answer.error = part.error().code;
        }
    }
    reply(id, std::move(answer));
}

}  // namespace kcore::raft
