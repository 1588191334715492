// DeleteRecords: moves the log start of partitions forward; what lies below is gone for readers.

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/completion.h"
#include "broker/handlers/handlers.h"
#include "broker/internal_topics.h"
#include "broker/partition_lookup.h"
#include "broker/request.h"
#include "broker/services.h"
#include "io/pool.h"
#include "protocol/api/delete_records.h"

namespace kcore::broker {

namespace {

using protocol::DeleteRecordsRequest;
using protocol::DeleteRecordsResponse;

constexpr std::int64_t kHighWatermark = -1;

// The new log start.
Result<std::int64_t> move_start(replication::Partition& partition, std::int64_t offset) {
    if (auto ok = partition.check_leader(-1); !ok) return std::unexpected(std::move(ok).error());
    if (!partition.settings()->log->is_deleted && partition.settings()->log->is_compacted) {
        return fail(Errc::policy_violation, fmt::format("{}: cleanup.policy has no \"delete\"",
                                                        partition.name().to_string()));
    }
    return partition.with_log([&](log::Log& log) -> Result<std::int64_t> {
        const auto to = offset == kHighWatermark ? log.high_watermark() : offset;
        if (to < 0 || to > log.high_watermark()) {
            return fail(Errc::offset_out_of_range,
                        fmt::format("{}: {} is not within 0 and the high watermark {}",
                                    partition.name().to_string(), to, log.high_watermark()));
        }
        if (to > log.log_start_offset()) {
            if (auto ok = log.set_log_start_offset(to); !ok) {
                return std::unexpected(std::move(ok).error());
            }
        }
        return log.log_start_offset();
    });
}

// Where the log of one of the answer's partitions begins now.
struct MovedTo {
    replication::PartitionRef partition;
    std::int64_t start;
};
using Moved = std::vector<MovedTo>;

Result<std::int64_t> delete_before(const Request& request, const metadata::Image& image,
                                   const TopicPartition& name, std::int64_t offset, Moved& moved) {
    const auto& [topic, partition] = name;
    if (is_coordinator_topic(topic)) {
        return fail(Errc::invalid_topic_exception, topic + " is internal");
    }
    const auto found = find_partition(request.services, image, topic, partition);
    if (!found) return std::unexpected(found.error());
    auto start = move_start(**found, offset);
    if (start) moved.push_back({*found, *start});
    return start;
}

DeleteRecordsResponse delete_all(const Request& request, const DeleteRecordsRequest& body,
                                 Moved& moved) {
    const auto image = request.services.image();
    // Of a partition named twice the last entry counts.
    std::map<std::string, std::map<std::int32_t, std::int64_t>> wanted;
    for (const auto& topic : body.topics) {
        auto& offsets = wanted[topic.name];
        for (const auto& p : topic.partitions) offsets[p.partition_index] = p.offset;
    }
    DeleteRecordsResponse out;
    for (const auto& [topic, offsets] : wanted) {
        auto& added = out.topics.emplace_back();
        added.name = topic;
        for (const auto& [number, offset] : offsets) {
            const auto start = delete_before(request, *image, {topic, number}, offset, moved);
            auto& answer = added.partitions.emplace_back();
            answer.partition_index = number;
            answer.low_watermark = start.value_or(-1);
            if (!start) answer.error_code = static_cast<std::int16_t>(start.error().code);
        }
    }
    std::vector<replication::PartitionRef> with_old;
    for (const auto& one : moved) {
        const auto has_old = one.partition->with_log(
            [](log::Log& log) -> Result<bool> { return log.has_old_segments(); });
        if (has_old && *has_old) with_old.push_back(one.partition);
    }
    if (!with_old.empty()) request.services.partitions->drop_old_segments(with_old);
    return out;
}

// Until every live replica has deleted them too, or the time is over.
asio::awaitable<void> wait_for_replicas(Request& request, Moved moved, std::int64_t timeout_ms,
                                        DeleteRecordsResponse* out) {
    io::Signal all_done(request.env.loop);
    Completions completions(all_done);
    for (const auto& one : moved) {
        one.partition->when_deleted(one.start, completions.expect([](const Result<void>&) {}));
    }
    const auto deadline = request.env.clock.in_ms(timeout_ms);
    bool may_wait = true;
    while (may_wait && !completions.all_ended()) {
        may_wait = co_await request.wait(all_done, deadline);
    }
    std::map<TopicPartition, const MovedTo*> by_name;
    for (const auto& one : moved) by_name.emplace(one.partition->name(), &one);
    for (auto& topic : out->topics) {
        for (auto& answer : topic.partitions) {
            const auto found = by_name.find({topic.name, answer.partition_index});
            if (found == by_name.end()) continue;
            const auto& [partition, start] = *found->second;
            const auto leads = partition->check_leader(-1);
            answer.low_watermark = leads ? partition->low_watermark() : -1;
            const auto code = !leads                         ? leads.error().code
                              : answer.low_watermark < start ? Errc::request_timed_out
                                                             : Errc::none;
            answer.error_code = static_cast<std::int16_t>(code);
        }
    }
}

asio::awaitable<Done> delete_on_pool(Request& request, std::unique_ptr<DeleteRecordsRequest> body) {
    Moved moved;
    std::move_only_function<DeleteRecordsResponse()> work = [&request, &moved, asked = body.get()] {
        return delete_all(request, *asked, moved);
    };
    auto response = co_await io::on_pool<DeleteRecordsResponse>(request.env.loop, request.env.pool,
                                                                std::move(work));
    if (!moved.empty()) {
        co_await wait_for_replicas(request, std::move(moved), body->timeout_ms, &response);
    }
    co_return request.answer(response);
}

}  // namespace

// Files are renamed: on the pool.
Outcome delete_records(Request& request) {
    auto body = request.decode<DeleteRecordsRequest>();
    if (!body) return request.malformed(body.error());
    return delete_on_pool(request, std::make_unique<DeleteRecordsRequest>(*std::move(body)));
}

}  // namespace kcore::broker
