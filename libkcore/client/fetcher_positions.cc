// Positions that a log does not hold: out of its range, or cut away when its leader changed.
#include <fmt/format.h>

#include <utility>

#include "client/admin_calls.h"
#include "client/fetcher.h"

namespace kcore::client {

using protocol::OffsetForLeaderEpochRequest;
using protocol::OffsetForLeaderEpochResponse;

// What comes next is read from `offset` on.
void Fetcher::restart(const TopicPartition& name, Target& target, std::int64_t offset) {
    target.start = offset;
    target.next = offset;
    target.last_epoch = -1;
    Fetched marker;
    marker.partition = name;
    marker.number = target.number;
    marker.restart_at = offset;
    ready_.emplace_back(std::move(marker));
    arrived_.notify_all();
}

void Fetcher::begin_reset(const TopicPartition& name, Target& target, Error if_none) {
    if (cluster_.config().consumer.offset_reset == OffsetReset::none) {
        fail_partition(target, std::move(if_none));
        return;
    }
    target.is_busy = true;
    ++active_;
    cluster_.env().loop.spawn(reset(name, target.number));
}

asio::awaitable<void> Fetcher::reset(TopicPartition name, std::uint64_t number) {
    const auto& config = cluster_.config().consumer;
    std::vector<OffsetQuery> queries(1);
    queries[0].partition = name;
    queries[0].timestamp = config.offset_reset == OffsetReset::latest ? kLatest : kEarliest;
    auto answers = co_await list_offsets(cluster_, std::move(queries), config.is_read_committed);
    {
        const std::lock_guard lock(mutex_);
        auto* const target = find(name, number);
        if (target != nullptr) target->is_busy = false;
        const bool is_known = answers && !answers->front().error;
        if (target != nullptr && is_known) restart(name, *target, answers->front().offset);
    }
    wake_.notify();
    end_work();
}

asio::awaitable<void> Fetcher::check(Doubt doubt) {
    OffsetForLeaderEpochRequest request;
    request.replica_id = -1;
    auto& topic = request.topics.emplace_back();
    topic.topic = doubt.name.topic;
    auto& partition = topic.partitions.emplace_back();
    partition.partition = doubt.name.partition;
    partition.current_leader_epoch = doubt.leader_epoch;
    partition.leader_epoch = doubt.last_epoch;
    const auto deadline = cluster_.env().clock.in_ms(cluster_.config().request_timeout_ms);
    auto answer = co_await cluster_.call<OffsetForLeaderEpochResponse>(
        doubt.leader, Lane::calls, std::move(request), deadline);
    {
        const std::lock_guard lock(mutex_);
        auto* const target = find(doubt.name, doubt.number);
        if (target != nullptr) target->is_busy = false;
        if (target != nullptr) judge(doubt, *target, answer);
    }
    wake_.notify();
    end_work();
}

void Fetcher::judge(const Doubt& doubt, Target& target,
                    const Result<OffsetForLeaderEpochResponse>& answer) {
    const bool cannot_tell = !answer && answer.error().code == Errc::unsupported_version;
    if (cannot_tell) {
        target.checked_epoch = doubt.leader_epoch;
        return;
    }
    const bool is_there =
        answer && answer->topics.size() == 1 && answer->topics[0].partitions.size() == 1;
    const auto code = is_there ? errc_from_wire(answer->topics[0].partitions[0].error_code)
                               : Errc::network_exception;
    if (code != Errc::none) {
        target.not_before = cluster_.env().clock.in_ms(cluster_.config().retry_backoff_ms * 2);
        cluster_.forget_leaders();
        return;
    }
    target.checked_epoch = doubt.leader_epoch;
    const auto& end = answer->topics[0].partitions[0];
    const auto name = doubt.name.to_string();
    const Error cut(Errc::offset_out_of_range,
                    fmt::format("{}: the log was cut to offset {}, below position {}", name,
                                end.end_offset, target.next));
    if (end.end_offset < 0 || end.leader_epoch < 0) {
        begin_reset(doubt.name, target, cut);
    } else if (end.end_offset < target.next) {
        const bool may_go_back = cluster_.config().consumer.offset_reset != OffsetReset::none;
        if (may_go_back) restart(doubt.name, target, end.end_offset);
        if (!may_go_back) fail_partition(target, cut);
    }
}

}  // namespace kcore::client
