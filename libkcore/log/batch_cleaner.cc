#include "log/batch_cleaner.h"

#include "base/crc32c.h"
#include "record/scan.h"

namespace kcore::log {

BatchCleaner::BatchCleaner(const OffsetMap& map, std::int64_t map_end, const CompactionInput& input,
                           std::int64_t now_ms)
    : map_(map), map_end_(map_end), input_(input), now_ms_(now_ms), transactions_(input.aborted) {}

Result<BatchCleaner::Cleaned> BatchCleaner::clean(const BatchHeader& header, BytesView bytes,
                                                  bool must_stay) {
    Cleaned cleaned;
    if (header.magic < 2) {
        const auto left = clean_legacy(bytes);
        if (!left) return std::unexpected(left.error());
        cleaned.bytes = *left;
        return cleaned;
    }
    const record::BatchView batch(bytes);
    const auto horizon = batch.delete_horizon();
    bool is_done_with = false;  // Aborted data, or a marker without data.
    if (header.is_control()) {
        const auto marker = read_marker(bytes);
        if (!marker) return std::unexpected(marker.error());
        const auto ended = transactions_.end(header, marker->type);
        is_done_with = ended.is_alone;
        cleaned.index = ended.index;
    } else {
        is_done_with = transactions_.is_aborted(header);
    }
    // A reader may be between the data that is gone and its marker: that one stays for a while.
    const bool is_dropped =
        is_done_with && (!header.is_control() || (horizon && *horizon <= now_ms_));
    const auto plain = record::plain_records(batch, decompressor_);
    if (!plain) return std::unexpected(plain.error());
    const auto verdict = judge(batch, *plain, is_dropped);
    if (!verdict) return std::unexpected(verdict.error());
    if (verdict->kept == 0) {
        if (must_stay || is_last_of_producer(header)) cleaned.bytes = empty(batch);
        return cleaned;
    }
    const bool waits = verdict->has_tombstone || (header.is_control() && is_done_with);
    if (verdict->kept == verdict->records && (horizon || !waits)) {
        cleaned.bytes = bytes;
        return cleaned;
    }
    const auto until = now_ms_ + input_.config->delete_retention_ms;
    const auto rebuilt = rebuild(batch, *plain, horizon || !waits ? horizon : std::optional(until));
    if (!rebuilt) return std::unexpected(rebuilt.error());
    cleaned.bytes = *rebuilt;
    return cleaned;
}

bool BatchCleaner::is_superseded(const record::RecordView& record) const {
    if (record.offset >= map_end_) return false;
    if (!record.key) return true;  // It should never have got here; nothing can supersede it.
    const auto latest = map_.get(*record.key);
    return latest && record.offset < *latest;
}

bool BatchCleaner::is_kept(const record::BatchView& batch, const record::RecordView& record) const {
    if (batch.is_control()) return true;
    if (is_superseded(record)) return false;
    const auto horizon = batch.delete_horizon();
    return record.value || record.offset >= map_end_ || !horizon || now_ms_ < *horizon;
}

Result<BatchCleaner::Verdict> BatchCleaner::judge(const record::BatchView& batch, BytesView plain,
                                                  bool is_dropped) const {
    Verdict verdict;
    record::RecordReader reader(plain, batch.base());
    for (record::RecordView record; reader.next(record);) {
        ++verdict.records;
        if (is_dropped || !is_kept(batch, record)) continue;
        ++verdict.kept;
        verdict.has_tombstone |= !record.value;
    }
    if (auto done = reader.finish(); !done) return std::unexpected(std::move(done).error());
    return verdict;
}

Result<BytesView> BatchCleaner::rebuild(const record::BatchView& batch, BytesView plain,
                                        std::optional<std::int64_t> horizon) {
    builder_.reset({.base_offset = batch.base_offset(),
                    .leader_epoch = batch.leader_epoch(),
                    .timestamp_type = batch.timestamp_type(),
                    .append_time_ms = batch.max_timestamp(),
                    .producer_id = batch.producer_id(),
                    .producer_epoch = batch.producer_epoch(),
                    .base_sequence = batch.base_sequence(),
                    .is_transactional = batch.is_transactional(),
                    .is_control = batch.is_control(),
                    .delete_horizon = horizon,
                    .last_offset_delta = batch.last_offset_delta()});
    record::RecordReader reader(plain, batch.base());
    for (record::RecordView record; reader.next(record);) {
        if (!is_kept(batch, record)) continue;
        if (!builder_.append_at(record.offset_delta, record)) {
            return fail(Errc::corrupt_message, "a batch is too large to be written anew");
        }
    }
    const auto codec = batch.codec();
    if (!codec) return fail(Errc::corrupt_message, "a batch of an unknown codec");
    auto& compressor = compressors_[static_cast<std::size_t>(*codec)];
    if (!compressor) compressor.emplace(*codec);
    const auto closed = builder_.close(*compressor);
    if (!closed) return std::unexpected(closed.error());
    return BytesView(*closed);
}

// Its header, without records.
BytesView BatchCleaner::empty(const record::BatchView& batch) {
    empty_ = to_bytes(batch.bytes().first(record::kBatchHeaderBytes));
    auto* at = empty_.data();
    constexpr auto kCleared = record::kCodecMask | record::kDeleteHorizonBit;
    store_be(at + record::kLengthAt,
             static_cast<std::int32_t>(record::kBatchHeaderBytes - record::kLogOverheadBytes));
    store_be(at + record::kAttributesAt, static_cast<std::int16_t>(batch.attributes() & ~kCleared));
    store_be(at + record::kBaseTimestampAt, record::kNoTimestamp);
    store_be(at + record::kCountAt, std::int32_t{0});
    store_be(at + record::kCrcAt, crc32c(BytesView(empty_).subspan(record::kAttributesAt)));
    return empty_;
}

Result<BytesView> BatchCleaner::clean_legacy(BytesView bytes) {
    bool is_kept = false;
    const auto walked = record::for_each_record(record::AnyBatch(bytes), decompressor_,
                                                [&](const record::RecordView& record) {
                                                    is_kept = is_kept || !is_superseded(record);
                                                    return !is_kept;
                                                });
    if (!walked) return std::unexpected(walked.error());
    return is_kept ? bytes : BytesView();
}

// Kafka's rule: the batch with a producer's last sequence stays; where it has none in its epoch,
// the marker that has told the epoch.
bool BatchCleaner::is_last_of_producer(const BatchHeader& header) const {
    const auto found = input_.producers.find(header.producer_id);
    if (header.producer_id < 0 || found == input_.producers.end()) return false;
    const auto& last = found->second;
    if (last.data_offset >= 0) return header.last_offset == last.data_offset;
    return header.is_control() && header.producer_epoch == last.epoch;
}

}  // namespace kcore::log
