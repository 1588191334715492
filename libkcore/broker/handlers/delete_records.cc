// DeleteRecords: moves the log start of partitions forward; what lies below is gone for readers.

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

using Moved = std::vector<replication::PartitionRef>;

Result<std::int64_t> delete_before(const Request& request, const metadata::Image& image,
                                   const TopicPartition& name, std::int64_t offset, Moved& moved) {
    const auto& [topic, partition] = name;
    if (is_coordinator_topic(topic)) {
        return fail(Errc::invalid_topic_exception, topic + " is internal");
    }
    const auto found = find_partition(request.services, image, topic, partition);
    if (!found) return std::unexpected(found.error());
    auto start = move_start(**found, offset);
    if (start) moved.push_back(*found);
    return start;
}

DeleteRecordsResponse delete_all(const Request& request, const DeleteRecordsRequest& body) {
    const auto image = request.services.image();
    // Of a partition named twice the last entry counts.
    std::map<std::string, std::map<std::int32_t, std::int64_t>> wanted;
    for (const auto& topic : body.topics) {
        auto& offsets = wanted[topic.name];
        for (const auto& p : topic.partitions) offsets[p.partition_index] = p.offset;
    }
    Moved moved;
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
    std::erase_if(moved, [](const replication::PartitionRef& partition) {
        const auto has_old = partition->with_log(
            [](log::Log& log) -> Result<bool> { return log.has_old_segments(); });
        return !has_old || !*has_old;
    });
    if (!moved.empty()) request.services.partitions->drop_old_segments(moved);
    return out;
}

asio::awaitable<Done> delete_on_pool(Request& request, std::unique_ptr<DeleteRecordsRequest> body) {
    std::move_only_function<DeleteRecordsResponse()> work = [&request, asked = body.get()] {
        return delete_all(request, *asked);
    };
    auto response = co_await io::on_pool<DeleteRecordsResponse>(request.env.loop, request.env.pool,
                                                                std::move(work));
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
