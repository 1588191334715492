#pragma once
// Builds one batch of magic 2: each record is encoded straight into wire form behind room for the
// header; closing fills lengths and checksum in. Single-threaded; no record is kept as an object.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/compression.h"

namespace kcore::record {

struct BatchOptions {
    std::int64_t base_offset = 0;
    std::int32_t leader_epoch = -1;
    // With LogAppendTime, `append_time_ms` is the batch's maximum timestamp.
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t append_time_ms = kNoTimestamp;
    std::int64_t producer_id = kNoProducerId;
    std::int16_t producer_epoch = kNoProducerEpoch;
    std::int32_t base_sequence = kNoSequence;
    bool is_transactional = false;
    bool is_control = false;
    // What compaction keeps of the batch it rewrites (KIP-534, and last_offset_delta at close).
    std::optional<std::int64_t> delete_horizon = std::nullopt;
    std::optional<std::int32_t> last_offset_delta = std::nullopt;
};

struct RecordInput {
    std::int64_t timestamp = kNoTimestamp;
    std::optional<BytesView> key = std::nullopt;
    std::optional<BytesView> value = std::nullopt;
    std::span<const HeaderView> headers = {};
};

class BatchBuilder {
public:
    // `arena` is a buffer to grow in; its content is overwritten, its capacity used.
    explicit BatchBuilder(const BatchOptions& options = {}, Bytes arena = {});

    // Starts over on the same arena.
    void reset(const BatchOptions& options = {});

    // At the next offset delta. False, and nothing is changed, when the batch would pass 2^31-1
    // bytes or records.
    bool append(const RecordInput& record) { return append_at(next_delta_, record); }
    bool append(std::int64_t timestamp, std::optional<BytesView> key,
                std::optional<BytesView> value) {
        return append_at(next_delta_, {timestamp, key, value, {}});
    }
    // At a delta of the caller's choice, above the last one (compaction leaves gaps). The headers
    // of a record that was read are taken over as they are.
    bool append_at(std::int32_t offset_delta, const RecordInput& record);
    bool append_at(std::int32_t offset_delta, const RecordView& record);

    bool empty() const { return count_ == 0; }
    std::int32_t count() const { return count_; }
    std::int64_t max_timestamp() const { return max_timestamp_; }
    // Of the batch without compression, header included.
    std::size_t size_bytes() const { return used_; }
    // No less than what append() of such a record adds.
    static std::size_t record_bytes_max(const RecordInput& record);

    // Before close(): who produces it, known only when it is sent.
    void set_producer(std::int64_t id, std::int16_t epoch, std::int32_t base_sequence);

    // The finished batch, uncompressed or as the compressor makes it. It lives in the builder until
    // reset(), take() or the end; close() may be called again after set_producer().
    // Errors only from the compressor.
    std::span<std::byte> close();
    Result<std::span<std::byte>> close(Compressor& compressor);

    // The batch that close() gave, as a buffer of its own; then reset() starts a new arena.
    Bytes take();

private:
    // Writes all but the headers; null when the batch would grow too large.
    std::byte* begin_record(std::int32_t offset_delta, const RecordInput& record,
                            std::size_t headers_bytes, std::size_t header_count);
    void write_header(Bytes& batch, std::size_t size, Codec codec) const;

    BatchOptions options_;
    Bytes arena_;  // Grown in steps; bytes past used_ are leftovers.
    std::size_t used_;
    Bytes compressed_;
    bool is_compressed_ = false;
    std::int32_t count_ = 0;
    std::int32_t next_delta_ = 0;
    std::int64_t base_timestamp_ = kNoTimestamp;
    std::int64_t max_timestamp_ = kNoTimestamp;
};

}  // namespace kcore::record
