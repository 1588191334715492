#include "client/fetcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/admin_calls.h"
#include "record/scan.h"

namespace kcore::client {

namespace {

constexpr std::size_t kAheadBytes = 32U << 20;
constexpr std::int64_t kLookMs = 5'000;

// The offset after the last whole batch; `from` when there is none.
std::int64_t next_offset(BytesView records, std::int64_t from) {
    record::BatchScanner scanner(records);
    while (scanner.next() == record::Scan::batch) from = scanner.batch().next_offset();
    return from;
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
        ++number_;
        targets_.clear();
        ready_.clear();
        ready_bytes_ = 0;
        for (auto& one : assignments) {
            auto& target = targets_[std::move(one.partition)];
            target.start = one.start;
            target.next = one.start;
            target.end = one.end;
        }
    }
    wake_remote_.notify();
}

void Fetcher::set_end(const TopicPartition& partition, std::int64_t end) {
    const std::lock_guard lock(mutex_);
    if (const auto found = targets_.find(partition); found != targets_.end())
        found->second.end = end;
}

std::uint64_t Fetcher::number() {
    const std::lock_guard lock(mutex_);
    return number_;
}

std::vector<Assignment> Fetcher::assignments() {
    const std::lock_guard lock(mutex_);
    std::vector<Assignment> out;
    for (const auto& [name, target] : targets_) out.push_back({name, target.start, target.end});
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
    if (fetched.number != number_) return;
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

std::set<std::int32_t> Fetcher::idle_leaders(bool* lacks_leader) {
    const std::lock_guard lock(mutex_);
    std::set<std::int32_t> out;
    for (const auto& [name, target] : targets_) {
        if (target.next >= target.end) continue;
        const auto* known = cluster_.view()->find(name.topic, name.partition);
        if (known == nullptr || !cluster_.view()->brokers.contains(known->leader)) {
            *lacks_leader = true;
        } else if (!serving_.contains(known->leader)) {
            out.insert(known->leader);
        }
    }
    return out;
}

asio::awaitable<void> Fetcher::run() {
    ++active_;
    for (int failures = 0; !is_stopping_;) {
        bool lacks_leader = false;
        for (const auto node : idle_leaders(&lacks_leader)) {
            serving_[node] = nullptr;
            ++active_;
            cluster_.env().loop.spawn(serve(node));
        }
        for (auto& [node, signal] : serving_) {
            if (signal != nullptr) signal->notify();
        }
        if (!lacks_leader) {
            failures = 0;
            co_await wake_.wait_until(io::kNever);
            continue;
        }
        std::vector<std::string> topics;
        for (const auto& one : assignments()) {
            if (topics.empty() || topics.back() != one.partition.topic) {
                topics.push_back(one.partition.topic);
            }
        }
        const auto deadline = cluster_.env().clock.in_ms(kLookMs);
        if (failures > 0) co_await cluster_.pause(failures, deadline);
        ++failures;
        const auto view = co_await cluster_.refresh(std::move(topics), deadline);
        if (view) failures = std::min(failures, 3);
    }
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

std::optional<protocol::FetchRequest> Fetcher::request_for(std::int32_t node,
                                                           io::Deadline* retry_at) {
    const std::lock_guard lock(mutex_);
    const auto& config = cluster_.config().consumer;
    const auto now = cluster_.env().clock.now();
    protocol::FetchRequest request;
    request.replica_id = -1;
    request.max_wait_ms = static_cast<std::int32_t>(config.fetch_max_wait_ms);
    request.min_bytes = static_cast<std::int32_t>(config.fetch_min_bytes);
    request.max_bytes = static_cast<std::int32_t>(config.fetch_max_bytes);
    request.isolation_level = config.is_read_committed ? 1 : 0;
    if (ready_bytes_ >= kAheadBytes) return std::nullopt;
    for (auto& [name, target] : targets_) {
        const auto* topic = cluster_.view()->find(name.topic);
        const auto* known = cluster_.view()->find(name.topic, name.partition);
        if (known == nullptr || known->leader != node || target.next >= target.end) continue;
        if (target.is_resetting) continue;
        if (now < target.not_before) {
            *retry_at = std::min(*retry_at, target.not_before);
            continue;
        }
        if (request.topics.empty() || request.topics.back().topic != name.topic) {
            auto& entry = request.topics.emplace_back();
            entry.topic = name.topic;
            entry.topic_id = topic->id;
        }
        auto& partition = request.topics.back().partitions.emplace_back();
        partition.partition = name.partition;
        partition.current_leader_epoch = known->leader_epoch;
        partition.fetch_offset = target.next;
        partition.partition_max_bytes = static_cast<std::int32_t>(config.max_partition_fetch_bytes);
    }
    if (request.topics.empty()) return std::nullopt;
    return request;
}

asio::awaitable<void> Fetcher::serve(std::int32_t node) {
    io::Signal wake(cluster_.env().loop);
    serving_[node] = &wake;
    while (!is_stopping_) {
        auto retry_at = io::kNever;
        const auto asked_for = number();
        auto request = request_for(node, &retry_at);
        if (!request) {
            co_await wake.wait_until(retry_at);
            continue;
        }
        const auto deadline = cluster_.env().clock.in_ms(cluster_.config().request_timeout_ms);
        auto peer = cluster_.channel(node, Lane::fetch);
        if (!peer) {
            hold_back(node);
            continue;
        }
        auto response =
            co_await (*peer)->call_framed<protocol::FetchResponse>(std::move(*request), deadline);
        if (is_stopping_ || number() != asked_for) continue;
        if (!response || response->value.error_code != 0) {
            if (!response && response.error().code == Errc::unsupported_version) {
                fail(response.error());
            }
            hold_back(node);
            cluster_.forget_leaders();
            wake_.notify();
            const auto soon = cluster_.env().clock.in_ms(kLookMs);
            std::vector<std::string> none;
            const auto view = co_await cluster_.refresh(std::move(none), soon);
            if (!view) co_await cluster_.pause(1, soon);
            continue;
        }
        take(*response);
    }
    serving_.erase(node);
    if (--active_ == 0) ended_.notify();
}

// After a failure of the broker as a whole.
void Fetcher::hold_back(std::int32_t node) {
    const std::lock_guard lock(mutex_);
    const auto until = cluster_.env().clock.in_ms(cluster_.config().retry_backoff_ms * 4);
    for (auto& [name, target] : targets_) {
        const auto* known = cluster_.view()->find(name.topic, name.partition);
        if (known != nullptr && known->leader == node) target.not_before = until;
    }
}

void Fetcher::take(const Response& response) {
    const std::lock_guard lock(mutex_);
    for (const auto& topic : response.value.responses) {
        const auto* known = cluster_.view()->find(topic.topic_id);
        const auto& name = topic.topic.empty() && known != nullptr ? known->name : topic.topic;
        for (const auto& partition : topic.partitions) {
            take({name, partition.partition_index}, partition, response.frame);
        }
    }
}

void Fetcher::take(const TopicPartition& name, const Partition& partition,
                   const rpc::Frame& frame) {
    const auto found = targets_.find(name);
    if (found == targets_.end()) return;
    auto& target = found->second;
    const auto code = errc_from_wire(partition.error_code);
    if (code != Errc::none) {
        take_error(name, target, code);
        return;
    }
    const auto next = next_offset(partition.records.bytes, target.next);
    if (next == target.next) {
        const auto limit = cluster_.config().consumer.max_partition_fetch_bytes;
        if (!partition.records.bytes.empty()) {
            ready_.emplace_back(
                std::unexpected(Error(Errc::corrupt_message,
                                      fmt::format("{}: no whole batch at offset {} within {} bytes",
                                                  name.to_string(), target.next, limit))));
            target.end = target.next;
            arrived_.notify_all();
        }
        return;
    }
    target.next = next;
    Fetched fetched;
    fetched.partition = name;
    fetched.number = number_;
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
    if (code == Errc::offset_out_of_range &&
        cluster_.config().consumer.offset_reset != OffsetReset::none) {
        target.is_resetting = true;
        ++active_;
        cluster_.env().loop.spawn(reset(name, number_));
        return;
    }
    if (is_retriable(code)) {
        cluster_.forget_leaders();
        wake_.notify();
        return;
    }
    ready_.emplace_back(std::unexpected(refused(code, std::nullopt, name.to_string()).error()));
    target.end = target.next;
    arrived_.notify_all();
}

asio::awaitable<void> Fetcher::reset(TopicPartition name, std::uint64_t number) {
    const bool to_end = cluster_.config().consumer.offset_reset == OffsetReset::latest;
    std::vector<OffsetQuery> queries(1);
    queries[0].partition = name;
    queries[0].timestamp = to_end ? kLatest : kEarliest;
    auto answers = co_await list_offsets(cluster_, std::move(queries), false);
    {
        const std::lock_guard lock(mutex_);
        const auto found = targets_.find(name);
        if (number_ == number && found != targets_.end()) {
            found->second.is_resetting = false;
            if (answers && !answers->front().error) {
                found->second.start = answers->front().offset;
                found->second.next = answers->front().offset;
            }
        }
    }
    wake_.notify();
    if (--active_ == 0) ended_.notify();
}

}  // namespace kcore::client
