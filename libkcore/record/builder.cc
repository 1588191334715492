#include "record/builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/crc32c.h"
#include "base/varint.h"

namespace kcore::record {

namespace {

constexpr std::size_t kBytesMax = std::numeric_limits<std::int32_t>::max();
// Length, attributes, timestamp and offset deltas, lengths of key and value, header count.
constexpr std::size_t kRecordOverheadMax = 5 + 1 + 10 + 5 + 5 + 5 + 5;
constexpr std::size_t kArenaBytesMin = 1024;
// What one huge batch needed is not kept for all that follow.
constexpr std::size_t kKeptBytesMax = 8 * 1024 * 1024;

std::size_t field_bytes(const std::optional<BytesView>& field) { return field ? field->size() : 0; }

std::size_t headers_size(std::span<const HeaderView> headers) {
    std::size_t size = 0;
    for (const auto& header : headers) {
        size += varint_size(static_cast<std::int32_t>(header.key.size())) + header.key.size();
        size += header.value ? varint_size(static_cast<std::int32_t>(header.value->size())) : 1;
        size += field_bytes(header.value);
    }
    return size;
}

std::byte* put_bytes(std::byte* to, BytesView bytes) {
    to += write_varint(to, static_cast<std::int32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

std::byte* put_field(std::byte* to, const std::optional<BytesView>& field) {
    if (field) return put_bytes(to, *field);
    *to = std::byte{1};  // -1, zigzag
    return to + 1;
}

std::size_t field_size(const std::optional<BytesView>& field) {
    if (!field) return 1;
    return varint_size(static_cast<std::int32_t>(field->size())) + field->size();
}

}  // namespace

BatchBuilder::BatchBuilder(const BatchOptions& options, Bytes arena) : arena_(std::move(arena)) {
    arena_.resize(std::max(arena_.capacity(), kArenaBytesMin));
    reset(options);
}

void BatchBuilder::reset(const BatchOptions& options) {
    options_ = options;
    if (arena_.size() > kKeptBytesMax) arena_ = {};
    if (compressed_.size() > kKeptBytesMax) compressed_ = {};
    if (arena_.size() < kBatchHeaderBytes) arena_.resize(kArenaBytesMin);
    used_ = kBatchHeaderBytes;
    is_compressed_ = false;
    count_ = 0;
    next_delta_ = 0;
    base_timestamp_ = options.delete_horizon.value_or(kNoTimestamp);
    max_timestamp_ = kNoTimestamp;
}

std::size_t BatchBuilder::record_bytes_max(const RecordInput& record) {
    return kRecordOverheadMax + field_bytes(record.key) + field_bytes(record.value) +
           headers_size(record.headers);
}

std::byte* BatchBuilder::begin_record(std::int32_t offset_delta, const RecordInput& record,
                                      std::size_t headers_bytes, std::size_t header_count) {
    const auto content = field_bytes(record.key) + field_bytes(record.value) + headers_bytes;
    if (content > kBytesMax - kRecordOverheadMax - used_) return nullptr;
    if (offset_delta == std::numeric_limits<std::int32_t>::max()) return nullptr;
    if (count_ == 0 && !options_.delete_horizon) base_timestamp_ = record.timestamp;
    const auto delta = wrapping_subtract(record.timestamp, base_timestamp_);
    const auto body = 1 + varlong_size(delta) + varint_size(offset_delta) + field_size(record.key) +
                      field_size(record.value) +
                      varint_size(static_cast<std::int32_t>(header_count)) + headers_bytes;
    const auto needed = used_ + content + kRecordOverheadMax;
    if (arena_.size() < needed) arena_.resize(std::max(needed, arena_.size() * 2));

    auto* to = arena_.data() + used_;
    to += write_varint(to, static_cast<std::int32_t>(body));
    *to++ = std::byte{0};
    to += write_varlong(to, delta);
    to += write_varint(to, offset_delta);
    to = put_field(to, record.key);
    to = put_field(to, record.value);
    to += write_varint(to, static_cast<std::int32_t>(header_count));
    max_timestamp_ = std::max(max_timestamp_, record.timestamp);
    next_delta_ = offset_delta + 1;
    ++count_;
    return to;
}

bool BatchBuilder::append_at(std::int32_t offset_delta, const RecordInput& record) {
    const auto headers_bytes = record.headers.empty() ? 0 : headers_size(record.headers);
    auto* to = begin_record(offset_delta, record, headers_bytes, record.headers.size());
    if (to == nullptr) return false;
    for (const auto& header : record.headers) {
        to = put_bytes(to, as_bytes(header.key));
        to = put_field(to, header.value);
    }
    used_ = static_cast<std::size_t>(to - arena_.data());
    return true;
}

bool BatchBuilder::append_at(std::int32_t offset_delta, const RecordView& record) {
    const RecordInput input{record.timestamp, record.key, record.value, {}};
    const auto headers = record.headers.bytes();
    auto* to = begin_record(offset_delta, input, headers.size(), record.headers.size());
    if (to == nullptr) return false;
    if (!headers.empty()) std::memcpy(to, headers.data(), headers.size());
    used_ = static_cast<std::size_t>(to - arena_.data()) + headers.size();
    return true;
}

void BatchBuilder::set_producer(std::int64_t id, std::int16_t epoch, std::int32_t base_sequence) {
    options_.producer_id = id;
    options_.producer_epoch = epoch;
    options_.base_sequence = base_sequence;
}

void BatchBuilder::write_header(Bytes& batch, std::size_t size, Codec codec) const {
    const auto is_append_time = options_.timestamp_type == TimestampType::log_append_time;
    auto attributes = static_cast<std::int16_t>(codec);
    if (is_append_time) attributes |= kLogAppendTimeBit;
    if (options_.is_transactional) attributes |= kTransactionalBit;
    if (options_.is_control) attributes |= kControlBit;
    if (options_.delete_horizon) attributes |= kDeleteHorizonBit;
    auto* at = batch.data();
    store_be(at + kBaseOffsetAt, options_.base_offset);
    store_be(at + kLengthAt, static_cast<std::int32_t>(size - kLogOverheadBytes));
    store_be(at + kLeaderEpochAt, options_.leader_epoch);
    store_be(at + kMagicAt, std::int8_t{2});
    store_be(at + kAttributesAt, attributes);
    store_be(at + kLastOffsetDeltaAt, options_.last_offset_delta.value_or(next_delta_ - 1));
    store_be(at + kBaseTimestampAt, base_timestamp_);
    store_be(at + kMaxTimestampAt, is_append_time ? options_.append_time_ms : max_timestamp_);
    store_be(at + kProducerIdAt, options_.producer_id);
    store_be(at + kProducerEpochAt, options_.producer_epoch);
    store_be(at + kBaseSequenceAt, options_.base_sequence);
    store_be(at + kCountAt, count_);
    const BytesView checked(at + kAttributesAt, size - kAttributesAt);
    store_be(at + kCrcAt, crc32c(checked));
}

std::span<std::byte> BatchBuilder::close() {
    is_compressed_ = false;
    write_header(arena_, used_, Codec::none);
    return std::span(arena_).first(used_);
}

Result<std::span<std::byte>> BatchBuilder::close(Compressor& compressor) {
    // Without records there is nothing a codec could compress; readers expect no stream then.
    if (compressor.codec() == Codec::none || count_ == 0) return close();
    compressed_.resize(kBatchHeaderBytes);
    const auto plain = BytesView(arena_).subspan(kBatchHeaderBytes, used_ - kBatchHeaderBytes);
    const auto done = compressor.compress(plain, compressed_);
    if (!done) return std::unexpected(done.error());
    is_compressed_ = true;
    write_header(compressed_, compressed_.size(), compressor.codec());
    return std::span(compressed_);
}

Bytes BatchBuilder::take() {
    if (is_compressed_) return std::exchange(compressed_, {});
    arena_.resize(used_);
    return std::exchange(arena_, {});
}

}  // namespace kcore::record
