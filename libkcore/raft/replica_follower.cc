// The other side of it: finding the leader, fetching, truncating, loading snapshots.

#include <algorithm>
#include <utility>

#include "raft/replica.h"

namespace kcore::raft {

bool Replica::may_fetch() const {
    return (role_ == Role::unattached || role_ == Role::follower) && !fetch_ && !storing_ &&
           synced_end_ >= log_.end_offset();
}

// The leader; while none is known, or an observer lost it, somebody who may know.
std::optional<std::pair<std::int32_t, io::Address>> Replica::fetch_from(std::int64_t now) {
    const bool is_lost = deadline_ == kNoTime;  // See role_timeout().
    if (role_ == Role::follower && !is_lost) {
        if (const auto address = address_of(election_.leader)) {
            return std::pair(election_.leader, *address);
        }
    }
    if (role_ == Role::follower) deadline_ = now + options_.fetch_timeout_ms;
    auto known = options_.bootstrap;
    for (const auto& [id, voter] : voters_.voters().all()) {
        const auto address = address_of(id);
        if (address && id != options_.self.id) known.push_back(*address);
    }
    if (known.empty()) return std::nullopt;
    return std::pair(
        kNobody, known[static_cast<std::size_t>(below(static_cast<std::int64_t>(known.size())))]);
}

void Replica::fetch(std::int64_t now) {
    if (!may_fetch() || now < next_fetch_) return;
    const auto from = fetch_from(now);
    if (!from) {
        next_fetch_ = kNoTime;
        return;
    }
    const auto& [to, address] = *from;
    if (download_ && to == election_.leader) {
        FetchSnapshotRequest ask;
        ask.replica = options_.self;
        ask.epoch = election_.epoch;
        ask.id = download_->id;
        ask.position = download_->position;
        ask.max_bytes = options_.snapshot_bytes;
        fetch_ = send(to, address, ask);
        return;
    }
    FetchRequest ask;
    ask.replica = options_.self;
    ask.epoch = election_.epoch;
    ask.from = end_of(log_);
    ask.high_watermark = high_watermark_;
    ask.max_bytes = options_.fetch_bytes;
    ask.max_wait_ms = to == kNobody ? 0 : options_.fetch_wait_ms;
    fetch_ = send(to, address, ask);
}

void Replica::retry_later(std::int64_t now) {
    fetch_.reset();
    next_fetch_ = now + std::max<std::int64_t>(options_.retry_backoff_ms, 1);
}

void Replica::took(const Sent& sent, FetchResponse& answer, std::int64_t now) {
    const auto* ask = std::get_if<FetchRequest>(&sent.request);
    if (ask == nullptr || heard(answer.leader, now)) return;
    const bool is_mine = role_ == Role::follower && sent.to == election_.leader &&
                         ask->epoch == election_.epoch && ask->from == end_of(log_);
    if (!is_mine || answer.error != Errc::none) {
        if (!fetch_) retry_later(now);
        return;
    }
    deadline_ = now + options_.fetch_timeout_ms;
    next_fetch_ = now;
    has_fetched_ = true;
    losses_ = 0;
    if (answer.diverging) {
        truncate(*answer.diverging, now);
    } else if (answer.snapshot) {
        // One that was stored but not adopted is there already.
        if (answer.snapshot == log_.latest_snapshot()) {
            store(*answer.snapshot);
        } else {
            download_ = Download{*answer.snapshot};
        }
    } else {
        append_fetched(answer, now);
    }
}

void Replica::append_fetched(const FetchResponse& answer, std::int64_t now) {
    const auto before = log_.end_offset();
    if (!answer.records.empty()) {
        const auto records = control_records(answer.records);
        auto done = records ? log_.append_fetched(answer.records)
                            : Result<void>(std::unexpected(records.error()));
        if (!done && done.error().code == Errc::kafka_storage_error) return fail(done.error());
        if (!done) return retry_later(now);
        for (const auto& record : *records) {
            if (record.offset < before) continue;
            if (auto ok = apply(record, voters_); !ok) return fail(ok.error());
        }
    }
    raise_high_watermark(std::min(answer.high_watermark, log_.end_offset()));
    const bool is_known = answer.high_watermark >= 0;
    has_caught_up_ |= is_known && high_watermark_ >= answer.high_watermark;
}

void Replica::truncate(const log::EpochEnd& diverging, std::int64_t now) {
    const auto own = end_of_epoch(log_, diverging.epoch);
    const auto shared = own.epoch == diverging.epoch
                            ? std::min(own.end_offset, diverging.end_offset)
                            : own.end_offset;
    if (shared < high_watermark_) {
        return fail(
            {Errc::kafka_storage_error, "the leader's log differs below the high watermark"});
    }
    if (shared >= log_.end_offset()) return retry_later(now);
    if (auto done = log_.truncate_to(shared); !done) return fail(done.error());
    synced_end_ = std::min(synced_end_, shared);
    voters_.truncate_to(shared);
}

void Replica::took(const Sent& sent, const FetchSnapshotResponse& answer, std::int64_t now) {
    const auto* ask = std::get_if<FetchSnapshotRequest>(&sent.request);
    if (ask == nullptr || heard(answer.leader, now)) return;
    if (role_ != Role::follower || ask->epoch != election_.epoch || !download_) return;
    const bool is_next = answer.error == Errc::none && answer.id == download_->id &&
                         answer.position == download_->position && !answer.bytes.empty();
    if (!is_next) {
        // The leader may have a newer one by now: its Fetch says so.
        download_.reset();
        return retry_later(now);
    }
    deadline_ = now + options_.fetch_timeout_ms;
    next_fetch_ = now;
    auto done = log_.receive_snapshot(answer.id, answer.position, answer.bytes);
    if (!done) return fail(done.error());
    download_->position += static_cast<std::int64_t>(answer.bytes.size());
    if (download_->position < answer.size) return;
    const auto id = download_->id;
    download_.reset();
    store(id);
}

void Replica::store(const SnapshotId& id) {
    storing_ = id;
    storing_epoch_ = election_.epoch;
    log_.store_snapshot(id);
}

// A leader has all that was committed: no snapshot can be ahead of it.
void Replica::adopt(const SnapshotId& id, VoterHistory::Entry voters) {
    if (is_leader() || id.end_offset < high_watermark_) return;
    if (auto done = log_.start_at(id); !done) return fail(done.error());
    voters_.restart(id.end_offset, voters.kraft_version, std::move(voters.voters));
    synced_end_ = id.end_offset;
    raise_high_watermark(id.end_offset);
}

}  // namespace kcore::raft
