#include "log/batch_header.h"

#include "record/control.h"
#include "record/scan.h"

namespace kcore::log {

namespace {

std::unexpected<Error> short_header(std::size_t bytes) {
    return fail(Errc::corrupt_message,
                "a batch header ends after " + std::to_string(bytes) + " bytes");
}

Result<BatchHeader> read_v2(BytesView bytes, BatchHeader header) {
    if (bytes.size() < kBatchHeaderBytes) return short_header(bytes.size());
    const record::BatchView batch(bytes.first(kBatchHeaderBytes));
    header.last_offset = batch.last_offset();
    header.leader_epoch = batch.leader_epoch();
    header.crc = batch.crc();
    header.attributes = batch.attributes();
    header.max_timestamp = batch.max_timestamp();
    header.producer_id = batch.producer_id();
    header.producer_epoch = batch.producer_epoch();
    header.base_sequence = batch.base_sequence();
    header.record_count = batch.count();
    if (batch.last_offset_delta() < 0 || header.record_count < 0 || header.base_offset < 0) {
        return fail(Errc::corrupt_message, "a batch header counts below zero");
    }
    return header;
}

}  // namespace

std::int32_t BatchHeader::last_sequence() const {
    if (!has_sequence()) return -1;
    return record::sequence_after(base_sequence,
                                  static_cast<std::int32_t>(last_offset - base_offset));
}

Result<BatchHeader> read_batch_header(BytesView bytes) {
    if (bytes.size() < kMagicEndBytes) return short_header(bytes.size());
    const auto peek = record::peek_batch(bytes);
    if (peek.framing == record::Framing::corrupt) return std::unexpected(record::corruption(bytes));
    BatchHeader header{.base_offset = peek.offset,
                       .last_offset = peek.offset,
                       .size_bytes = static_cast<std::uint32_t>(peek.size),
                       .magic = peek.magic};
    if (header.magic == 2) return read_v2(bytes, header);
    if (header.base_offset < 0) return fail(Errc::corrupt_message, "a negative offset");
    constexpr std::size_t kTimestampEnd = 26;  // Of magic 1.
    if (bytes.size() < kTimestampEnd && bytes.size() < peek.size) return short_header(bytes.size());
    header.max_timestamp = record::LegacyView(bytes).timestamp();
    return header;
}

bool is_checksum_right(const BatchHeader& header, BytesView entry) {
    return entry.size() == header.size_bytes && record::AnyBatch(entry).check().has_value();
}

Result<Marker> read_marker(BytesView entry) {
    const record::BatchView batch(entry);
    record::RecordReader reader(batch.payload(), batch.base());
    record::RecordView found;
    Marker marker;
    if (batch.count() == 0) return marker;  // Compaction kept its header only.
    if (batch.is_compressed() || !reader.next(found)) {
        return fail(Errc::corrupt_message, "a control batch without a control record");
    }
    const auto type = record::control_type(found);
    if (!type) return fail(Errc::corrupt_message, type.error().what);
    if (*type != record::ControlType::abort && *type != record::ControlType::commit) return marker;
    const auto read = record::transaction_marker(found);
    if (!read) return fail(Errc::corrupt_message, read.error().what);
    marker.type = read->is_commit ? MarkerType::commit : MarkerType::abort;
    marker.coordinator_epoch = read->coordinator_epoch;
    return marker;
}

}  // namespace kcore::log
