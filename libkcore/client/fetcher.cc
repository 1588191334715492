#include "client/fetcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "record/scan.h"

namespace kcore::client {

namespace {

constexpr std::size_t kAheadBytes = 32U << 20;
constexpr std::int64_t kLeaderLookMs = 5'000;

// What the whole batches of an answer lead to.
struct Reach {
    std::int64_t next = 0;
    std::int32_t epoch = -1;
    record::Scan ended = record::Scan::end;
    std::optional<Error> error;
};

Reach reach_of(BytesView records, std::int64_t from) {
    Reach out;
    out.next = from;
    record::BatchScanner scanner(records);
    while ((out.ended = scanner.next()) == record::Scan::batch) {
        out.next = scanner.batch().next_offset();
        out.epoch = scanner.batch().leader_epoch();
    }
    if (out.ended == record::Scan::corrupt) out.error = scanner.error();
    return out;
}

}  // namespace

Fetcher::Fetcher(Cluster& cluster)
    : cluster_(cluster),
      wake_(cluster.env().loop),
      wake_remote_(wake_.remote()),
      ended_(cluster.env().loop) {}

// --- The consumer's side

void Fetcher::assign(std::vector<Assignment> assignments) {
    {
        const std::lock_guard lock(mutex_);
        targets_.clear();
        ready_.clear();
        ready_bytes_ = 0;
        add(std::move(assignments));
    }
    wake_remote_.notify();
}

void Fetcher::change(const std::vector<TopicPartition>& gone, std::vector<Assignment> added) {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& name : gone) {
            targets_.erase(name);
            std::erase_if(ready_, [&](const Result<Fetched>& one) {
                if (!one || one->partition != name) return false;
                ready_bytes_ -= one->records.size();
                return true;
            });
        }
        add(std::move(added));
    }
    wake_remote_.notify();
}

void Fetcher::add(std::vector<Assignment> assignments) {
    ++number_;
    for (auto& one : assignments) {
        Target target;
        target.number = number_;
        target.start = one.start;
        target.next = one.start;
        target.end = one.end;
        targets_[std::move(one.partition)] = target;
    }
}

// Null when the assignment with this number is over.
Fetcher::Target* Fetcher::find(const TopicPartition& name, std::uint64_t number) {
    const auto found = targets_.find(name);
    const bool is_same = found != targets_.end() && found->second.number == number;
    return is_same ? &found->second : nullptr;
}

void Fetcher::set_end(const TopicPartition& partition, std::int64_t end) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = targets_.find(partition);
        if (found == targets_.end()) return;
        found->second.end = end;
    }
    wake_remote_.notify();
}

std::uint64_t Fetcher::number() {
    const std::lock_guard lock(mutex_);
    return number_;
}

std::vector<Assigned> Fetcher::assignments() {
    const std::lock_guard lock(mutex_);
    std::vector<Assigned> out;
    for (const auto& [name, target] : targets_) {
        out.push_back({{name, target.start, target.end}, target.number});
    }
    return out;
}

std::optional<Result<Fetched>> Fetcher::next(io::Deadline deadline) {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, deadline, [this] { return !ready_.empty() || is_woken_; });
    is_woken_ = false;
    if (ready_.empty()) return std::nullopt;
    auto out = std::move(ready_.front());
    ready_.pop_front();
    const bool was_full = ready_bytes_ >= kAheadBytes;
    if (out) ready_bytes_ -= out->records.size();
    if (was_full && ready_bytes_ < kAheadBytes) wake_remote_.notify();
    return out;
}

void Fetcher::put_back(Fetched fetched) {
    const std::lock_guard lock(mutex_);
    if (find(fetched.partition, fetched.number) == nullptr) return;
    ready_bytes_ += fetched.records.size();
    ready_.push_front(std::move(fetched));
}

bool Fetcher::has_fetched() {
    const std::lock_guard lock(mutex_);
    return !ready_.empty();
}

void Fetcher::wake_reader() {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    arrived_.notify_all();
}

void Fetcher::fail(Error error) {
    const std::lock_guard lock(mutex_);
    ready_.emplace_back(std::unexpected(std::move(error)));
    arrived_.notify_all();
}

// --- The loop's side

std::int32_t Fetcher::source_of(const TopicPartition& name, const Target& target) const {
    const auto& view = *cluster_.view();
    const bool has_replica = target.replica >= 0 && view.brokers.contains(target.replica) &&
                             cluster_.env().clock.now() < target.replica_until;
    if (has_replica) return target.replica;
    const auto* known = view.find(name.topic, name.partition);
    return known != nullptr && view.brokers.contains(known->leader) ? known->leader : -1;
}

std::set<std::int32_t> Fetcher::idle_sources(bool* lacks_leader) {
    const std::lock_guard lock(mutex_);
    std::set<std::int32_t> out;
    for (const auto& [name, target] : targets_) {
        if (target.next >= target.end) continue;
        const auto source = source_of(name, target);
        if (source < 0) {
            *lacks_leader = true;
        } else if (!serving_.contains(source)) {
            out.insert(source);
        }
    }
    return out;
}

std::vector<std::string> Fetcher::topics() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [name, target] : targets_) {
        if (out.empty() || out.back() != name.topic) out.push_back(name.topic);
    }
    return out;
}

asio::awaitable<void> Fetcher::run() {
    ++active_;
    for (int failures = 0; !is_stopping_;) {
        bool lacks_leader = false;
        for (const auto node : idle_sources(&lacks_leader)) {
            serving_[node] = nullptr;
            ++active_;
            cluster_.env().loop.spawn(serve(node));
        }
        for (auto& [node, signal] : serving_) {
            if (signal != nullptr) signal->notify();
        }
        auto wanted = topics();
        if (!lacks_leader && !cluster_.is_stale(wanted)) {
            failures = 0;
            const auto too_old = cluster_.env().clock.in_ms(cluster_.config().metadata_max_age_ms);
            co_await wake_.wait_until(too_old);
            continue;
        }
        const auto deadline = cluster_.env().clock.in_ms(kLeaderLookMs);
        if (failures > 0) co_await cluster_.pause(failures, deadline);
        ++failures;
        const auto view = co_await cluster_.refresh(std::move(wanted), deadline);
        if (view) failures = std::min(failures, 3);
    }
    end_work();
}

void Fetcher::end_work() {
    if (--active_ == 0) ended_.notify();
}

asio::awaitable<void> Fetcher::stop() {
    is_stopping_ = true;
    wake_.notify();
    for (auto& [node, signal] : serving_) {
        if (signal != nullptr) signal->notify();
    }
    while (active_ > 0) co_await ended_.wait_until(io::kNever);
}

// A new leader may lack what an old one gave us: then our position has to be checked (KIP-320).
bool Fetcher::is_in_doubt(const TopicPartition& name, const PartitionView& known, Target& target) {
    if (known.leader_epoch <= target.checked_epoch) return false;
    if (target.last_epoch < 0 || target.last_epoch >= known.leader_epoch) {
        target.checked_epoch = known.leader_epoch;
        return false;
    }
    Doubt doubt;
    doubt.name = name;
    doubt.number = target.number;
    doubt.leader = known.leader;
    doubt.leader_epoch = known.leader_epoch;
    doubt.last_epoch = target.last_epoch;
    target.is_busy = true;
    ++active_;
    cluster_.env().loop.spawn(check(std::move(doubt)));
    return true;
}

rpc::FetchParts Fetcher::parts_for(std::int32_t node, io::Deadline* retry_at) {
    const std::lock_guard lock(mutex_);
    rpc::FetchParts parts;
    if (ready_bytes_ >= kAheadBytes) return parts;
    const auto& view = *cluster_.view();
    const auto most = cluster_.config().consumer.max_partition_fetch_bytes;
    const auto now = cluster_.env().clock.now();
    for (auto& [name, target] : targets_) {
        const auto* known = view.find(name.topic, name.partition);
        if (known == nullptr || target.is_busy || target.next >= target.end) continue;
        if (source_of(name, target) != node) continue;
        if (now < target.not_before) {
            *retry_at = std::min(*retry_at, target.not_before);
            continue;
        }
        if (is_in_doubt(name, *known, target)) continue;
        parts[name] = {view.find(name.topic)->id, target.next, known->leader_epoch,
                       static_cast<std::int32_t>(most)};
    }
    return parts;
}

protocol::FetchRequest Fetcher::new_request() const {
    const auto& config = cluster_.config().consumer;
    protocol::FetchRequest request;
    request.replica_id = -1;
    request.max_wait_ms = static_cast<std::int32_t>(config.fetch_max_wait_ms);
    request.min_bytes = static_cast<std::int32_t>(config.fetch_min_bytes);
    request.max_bytes = static_cast<std::int32_t>(config.fetch_max_bytes);
    request.isolation_level = config.is_read_committed ? 1 : 0;
    request.rack_id = config.rack;
    return request;
}

asio::awaitable<void> Fetcher::serve(std::int32_t node) {
    io::Signal wake(cluster_.env().loop);
    serving_[node] = &wake;
    rpc::FetchSession session;
    while (!is_stopping_) {
        auto retry_at = io::kNever;
        const auto asked_for = number();
        auto parts = parts_for(node, &retry_at);
        if (parts.empty()) {
            co_await wake.wait_until(retry_at);
            continue;
        }
        const auto deadline = cluster_.env().clock.in_ms(cluster_.config().request_timeout_ms);
        auto peer = cluster_.channel(node, Lane::fetch);
        if (!peer) {
            hold_back(node);
            continue;
        }
        auto request = new_request();
        session.fill(request, parts);
        auto response =
            co_await (*peer)->call_framed<protocol::FetchResponse>(std::move(request), deadline);
        if (!response) session.lost();
        const bool is_answered = response && session.answered(response->value);
        if (is_stopping_) break;
        if (is_answered) {
            take(*response, parts, asked_for);
            continue;
        }
        if (!response && response.error().code == Errc::unsupported_version) {
            fail(response.error());
        }
        const auto code = response ? errc_from_wire(response->value.error_code) : Errc::none;
        const bool is_about_session =
            code == Errc::fetch_session_id_not_found || code == Errc::invalid_fetch_session_epoch;
        if (is_about_session) continue;
        hold_back(node);
        cluster_.forget_leaders();
        wake_.notify();
    }
    serving_.erase(node);
    end_work();
}

// After a failure of the broker as a whole.
void Fetcher::hold_back(std::int32_t node) {
    const std::lock_guard lock(mutex_);
    const auto until = cluster_.env().clock.in_ms(cluster_.config().retry_backoff_ms * 4);
    for (auto& [name, target] : targets_) {
        if (source_of(name, target) != node) continue;
        target.not_before = until;
        target.replica = -1;
    }
}

// What was assigned anew, or moved, since it was asked for does not count.
void Fetcher::take(const Response& response, const rpc::FetchParts& asked, std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    for (const auto& topic : response.value.responses) {
        const auto* known = cluster_.view()->find(topic.topic_id);
        const auto& topic_name =
            topic.topic.empty() && known != nullptr ? known->name : topic.topic;
        for (const auto& partition : topic.partitions) {
            const TopicPartition name{topic_name, partition.partition_index};
            const auto part = asked.find(name);
            const auto found = targets_.find(name);
            const bool is_wanted = part != asked.end() && found != targets_.end() &&
                                   found->second.number <= number &&
                                   found->second.next == part->second.offset;
            if (is_wanted) take(name, found->second, partition, response.frame);
        }
    }
}

void Fetcher::take(const TopicPartition& name, Target& target, const Partition& partition,
                   const rpc::Frame& frame) {
    const auto code = errc_from_wire(partition.error_code);
    if (code != Errc::none) {
        take_error(name, target, code);
        return;
    }
    const auto& config = cluster_.config();
    if (partition.preferred_read_replica >= 0) {
        target.replica = partition.preferred_read_replica;
        target.replica_until = cluster_.env().clock.in_ms(config.metadata_max_age_ms);
        wake_.notify();
    }
    if (partition.records.bytes.empty()) return;
    const auto reach = reach_of(partition.records.bytes, target.next);
    if (reach.next <= target.next) {
        const auto where = fmt::format("{}: offset {}", name.to_string(), target.next);
        if (reach.error) {
            fail_partition(target, Error(reach.error->code, where + ": " + reach.error->what));
        } else if (reach.ended == record::Scan::partial) {
            fail_partition(target,
                           Error(Errc::message_too_large,
                                 fmt::format("{}: its batch is above max.partition.fetch.bytes {}",
                                             where, config.consumer.max_partition_fetch_bytes)));
        }
        return;
    }
    target.next = reach.next;
    target.last_epoch = reach.epoch;
    Fetched fetched;
    fetched.partition = name;
    fetched.number = target.number;
    fetched.frame = frame;
    fetched.records = partition.records.bytes;
    fetched.high_watermark = partition.high_watermark;
    fetched.last_stable_offset = partition.last_stable_offset;
    fetched.log_start_offset = partition.log_start_offset;
    if (partition.aborted_transactions) {
        for (const auto& one : *partition.aborted_transactions) {
            fetched.aborted.push_back({one.producer_id, one.first_offset});
        }
        std::ranges::sort(fetched.aborted, {}, &AbortedTransaction::first_offset);
    }
    ready_bytes_ += fetched.records.size();
    ready_.emplace_back(std::move(fetched));
    arrived_.notify_all();
}

void Fetcher::take_error(const TopicPartition& name, Target& target, Errc code) {
    target.not_before = cluster_.env().clock.in_ms(cluster_.config().retry_backoff_ms * 2);
    const bool was_leader = std::exchange(target.replica, -1) < 0;
    if (!was_leader) wake_.notify();
    const auto error = refused(code, std::nullopt, name.to_string()).error();
    if (code == Errc::offset_out_of_range) {
        // A follower may lag behind what the leader gave us: ask the leader first.
        if (was_leader) begin_reset(name, target, error);
    } else if (is_retriable(code)) {
        cluster_.forget_leaders();
        wake_.notify();
    } else {
        fail_partition(target, error);
    }
}

// It is not read any more; the reader gets the error behind what came before it.
void Fetcher::fail_partition(Target& target, Error error) {
    ready_.emplace_back(std::unexpected(std::move(error)));
    target.end = target.next;
    arrived_.notify_all();
}

}  // namespace kcore::client
