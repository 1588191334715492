#include "record/scan.h"

#include <fmt/format.h>

namespace kcore::record {

namespace {

// The smallest magic 0 message; Kafka holds every magic against it.
constexpr std::int32_t kEntryBytesMin = 14;
constexpr std::int8_t kMagicMax = 2;

}  // namespace

BatchPeek peek_batch(BytesView bytes) {
    BatchPeek peek;
    if (bytes.size() < kLogOverheadBytes) return peek;
    peek.offset = load_be<std::int64_t>(bytes.data());
    const auto length = load_be<std::int32_t>(bytes.data() + kLengthAt);
    if (length < kEntryBytesMin) {
        peek.framing = Framing::corrupt;
        return peek;
    }
    if (bytes.size() < kPeekBytes) return peek;
    peek.size = kLogOverheadBytes + static_cast<std::size_t>(length);
    peek.magic = load_be<std::int8_t>(bytes.data() + kMagicAt);
    const auto is_known = peek.magic >= 0 && peek.magic <= kMagicMax;
    peek.framing = is_known ? Framing::whole : Framing::corrupt;
    return peek;
}

Error corruption(BytesView bytes) {
    const auto peek = peek_batch(bytes);
    if (peek.framing == Framing::corrupt && peek.size == 0) {
        const auto length = load_be<std::int32_t>(bytes.data() + kLengthAt);
        return {Errc::corrupt_message,
                fmt::format("Record size {} is less than the minimum record overhead ({})", length,
                            kEntryBytesMin)};
    }
    if (peek.framing == Framing::corrupt) {
        return {Errc::corrupt_message,
                fmt::format("Invalid magic found in record: {}", peek.magic)};
    }
    return {Errc::corrupt_message, fmt::format("batch of {} bytes at offset {} is shorter than its "
                                               "header",
                                               peek.size, peek.offset)};
}

Result<void> AnyBatch::check() const {
    if (!is_v2()) return legacy().check();
    const auto batch = v2();
    if (batch.crc_ok()) return {};
    return fail(Errc::corrupt_message,
                fmt::format("checksum of the batch at offset {} ({} bytes) does not match",
                            batch.base_offset(), batch.size()));
}

Scan BatchScanner::next() {
    at_ = next_;
    const auto rest = bytes_.subspan(at_);
    if (rest.empty()) return Scan::end;
    const auto peek = peek_batch(rest);
    if (peek.framing == Framing::corrupt) return Scan::corrupt;
    if (peek.framing == Framing::partial) return Scan::partial;
    if (peek.magic == 2 && peek.size < kBatchHeaderBytes) return Scan::corrupt;
    if (peek.size > rest.size()) return Scan::partial;
    next_ = at_ + peek.size;
    return Scan::batch;
}

}  // namespace kcore::record
