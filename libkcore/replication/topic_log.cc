#include "replication/topic_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kcore::replication {

namespace {

std::optional<BytesView> view_of(const std::optional<Bytes>& bytes) {
    return bytes ? std::optional<BytesView>(*bytes) : std::nullopt;
}

Result<void> check_size(const Partition& partition, const Settings& settings, std::size_t size) {
    const auto& rules = settings.produce;
    const auto limit = std::min(rules.batch_bytes_max, rules.segment_bytes);
    if (static_cast<std::int64_t>(size) <= limit) return {};
    return fail(Errc::message_too_large, fmt::format("{}: a batch of {} bytes, {} are allowed",
                                                     partition.name().to_string(), size, limit));
}

}  // namespace

TopicLog::TopicLog(PartitionRef partition, io::Pool& pool)
    : partition_(std::move(partition)), pool_(pool) {}

Result<std::int64_t> TopicLog::append(std::int32_t epoch, std::span<const rsm::Record> records,
                                      std::int64_t now_ms) {
    builder_.reset();
    for (const auto& record : records) {
        if (!builder_.append(now_ms, view_of(record.key), view_of(record.value))) {
            return fail(Errc::record_list_too_large,
                        fmt::format("{}: {} records in one batch", partition_->name().to_string(),
                                    records.size()));
        }
    }
    const auto batch = builder_.close();
    const auto settings = partition_->settings();
    if (auto ok = check_size(*partition_, *settings, batch.size()); !ok) {
        return std::unexpected(std::move(ok).error());
    }
    AppendRequest request;
    request.acks = -1;
    request.origin = log::Origin::coordinator;
    request.leader_epoch = epoch;
    request.now_ms = now_ms;
    auto appended = partition_->append(batch, request);
    if (!appended) {
        auto error = std::move(appended).error();
        if (error.code == Errc::fenced_leader_epoch || error.code == Errc::unknown_leader_epoch) {
            error.code = Errc::not_leader_or_follower;
        }
        return std::unexpected(std::move(error));
    }
    const auto end = appended->last_offset + 1;
    if (appended->flush_due) flush_to_ = end;
    return end;
}

std::int64_t TopicLog::committed() const { return partition_->offsets().high_watermark; }

void TopicLog::when_committed(std::int32_t epoch, std::int64_t end_offset,
                              std::move_only_function<void(Result<void>)> done) {
    if (flush_to_ < end_offset) {
        partition_->when_committed(epoch, end_offset, std::move(done));
        return;
    }
    auto then_flush = [partition = partition_, &pool = pool_, end_offset,
                       done = std::move(done)](Result<void> committed) mutable {
        if (!committed) return done(std::move(committed));
        partition->when_flushed(end_offset, pool, std::move(done));
    };
    partition_->when_committed(epoch, end_offset, std::move(then_flush));
}

}  // namespace kcore::replication
