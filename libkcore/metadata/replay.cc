#include "metadata/replay.h"

#include <utility>

namespace kcore::metadata {

Result<void> Replay::take(const Record& record) {
    const auto& body = record.body;
    if (std::holds_alternative<protocol::BeginTransactionRecord>(body)) {
        if (transaction_) {
            return fail(Errc::invalid_record_state, "a metadata transaction begins inside another");
        }
        transaction_.emplace();
        return {};
    }
    const bool ends = std::holds_alternative<protocol::EndTransactionRecord>(body);
    if (ends || std::holds_alternative<protocol::AbortTransactionRecord>(body)) {
        if (!transaction_) {
            return fail(Errc::invalid_record_state, "a metadata transaction ends that never began");
        }
        const auto held = *std::exchange(transaction_, std::nullopt);
        if (!ends) return {};
        for (const auto& one : held) {
            if (auto applied = delta_->apply(one); !applied) return applied;
        }
        return {};
    }
    if (transaction_) {
        transaction_->push_back(record);
        return {};
    }
    return delta_->apply(record);
}

Result<Built> Replay::build(std::int64_t offset, std::int32_t epoch, std::int64_t timestamp_ms) {
    const auto delta = std::exchange(delta_, nullptr);
    auto changes = delta->changes();
    auto image = delta->build(offset, epoch, timestamp_ms);
    if (!image) return std::unexpected(image.error());
    image_ = *image;
    return Built{image_, std::move(changes)};
}

Result<Built> Replay::apply(std::span<const BytesView> values, std::int64_t base_offset,
                            std::int32_t epoch, std::int64_t timestamp_ms) {
    std::vector<Record> records;
    records.reserve(values.size());
    for (const auto value : values) {
        auto record = decode_record(value);
        if (!record) return std::unexpected(record.error());
        records.push_back(std::move(*record));
    }
    return apply(records, base_offset, epoch, timestamp_ms);
}

Result<Built> Replay::apply(std::span<const Record> records, std::int64_t base_offset,
                            std::int32_t epoch, std::int64_t timestamp_ms) {
    delta_ = std::make_unique<Delta>(image_);
    for (const auto& record : records) {
        if (auto taken = take(record); !taken) return std::unexpected(taken.error());
    }
    const auto last = base_offset + static_cast<std::int64_t>(records.size()) - 1;
    // What an open transaction holds back is not in the image, so neither is its offset.
    return transaction_ ? build(image_->offset, image_->epoch, image_->timestamp_ms)
                        : build(last, epoch, timestamp_ms);
}

Result<Built> Replay::skip(std::int64_t last_offset, std::int32_t epoch,
                           std::int64_t timestamp_ms) {
    return apply(std::span<const Record>(), last_offset + 1, epoch, timestamp_ms);
}

void Replay::begin_snapshot() {
    transaction_.reset();
    image_ = std::make_shared<const Image>();
    delta_ = std::make_unique<Delta>(image_);
}

Result<void> Replay::add_snapshot(std::span<const BytesView> values) {
    for (const auto value : values) {
        auto record = decode_record(value);
        if (!record) return std::unexpected(record.error());
        if (auto taken = take(*record); !taken) return taken;
    }
    return {};
}

Result<Built> Replay::end_snapshot(std::int64_t last_offset, std::int32_t epoch,
                                   std::int64_t timestamp_ms) {
    auto built = build(last_offset, epoch, timestamp_ms);
    if (built) built->changes.from_snapshot = true;
    return built;
}

}  // namespace kcore::metadata
