#pragma once
// What a leader demands of the record set a client produces to one partition, and a follower of
// what it fetched, with Kafka's verdicts. Sequences, epochs and transactions are the log's
// business.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "record/batch.h"
#include "record/builder.h"
#include "record/compression.h"

namespace kcore::record {

// Whether compressed batches are opened (strict, as Kafka) or their checksummed header is believed.
enum class Trust : std::uint8_t { strict, header };

// Plain values of the topic's configuration; the defaults are Kafka's.
struct ProduceRules {
    std::int64_t batch_bytes_max = 1'048'588;       // max.message.bytes
    std::int64_t segment_bytes = 1'073'741'824;     // segment.bytes
    std::int64_t record_bytes_max = 2'147'483'639;  // max.decompressed.message.bytes
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t before_max_ms = INT64_MAX;     // message.timestamp.before.max.ms
    std::int64_t after_max_ms = 3'600'000;      // message.timestamp.after.max.ms
    std::optional<Codec> codec = std::nullopt;  // compression.type; nothing is "producer"
    CompressionLevels levels;
    bool is_compacted = false;    // records need keys
    bool zstd_is_allowed = true;  // Produce v7 and above
    Trust trust = Trust::strict;
};

struct RecordError {
    std::int32_t batch_index = 0;
    std::string message;
};

struct Rejection {
    Errc code = Errc::none;
    std::string what;  // For the log.
    std::optional<std::string> message =
        std::nullopt;  // ErrorMessage of the answer; Kafka seldom gives one.
    std::vector<RecordError> record_errors = {};  // At most kRecordErrorsMax.
    // The batch was found and something in it is wrong: the answer then tells the log start.
    bool is_of_batch = false;
};
inline constexpr std::size_t kRecordErrorsMax = 10'000;

struct AcceptedBatch {
    // One batch, ready for base offset and leader epoch: a part of what was given, with attributes
    // and maximum timestamp set right in place, or re-encoded bytes that live in the scratch.
    std::span<std::byte> bytes = {};
    bool is_reencoded = false;
    std::int32_t count = 0;
    std::int64_t max_timestamp = kNoTimestamp;
    std::int32_t max_timestamp_delta = 0;        // Of the first record that has it, when known.
    std::int64_t append_time_ms = kNoTimestamp;  // LogAppendTime of the answer, else -1.
};

// Reused buffers and codec contexts; one per loop.
struct ValidationScratch {
    Decompressor decompressor;
    Bytes window;
    BatchBuilder builder;
    std::optional<Compressor> compressor = std::nullopt;
    CompressionLevels compressor_levels;
};

// The look Kafka takes at the first batches of a whole request before it turns to any partition.
// True if this set begins with a transactional batch. corrupt_message (with Kafka's text): size or
// magic cannot be; the answer then carries it for every partition of the request.
Result<bool> first_batch_is_transactional(BytesView records);

// `records` may be null (empty span). `partition` is for texts, `now_ms` is wall
// time. Codes: corrupt_message, message_too_large, record_list_too_large, invalid_timestamp,
// unsupported_compression_type, invalid_record.
std::expected<AcceptedBatch, Rejection> validate_produce(std::span<std::byte> records,
                                                         const ProduceRules& rules,
                                                         const TopicPartition& partition,
                                                         std::int64_t now_ms,
                                                         ValidationScratch& scratch);

// What a follower may append: whole batches with good checksums and growing offsets, from any
// magic.
struct FetchedBatches {
    std::size_t size_bytes = 0;  // A partial batch at the end is left out.
    std::int32_t batches = 0;
    std::int64_t first_offset = -1;
    std::int64_t last_offset = -1;
    std::int64_t max_timestamp = kNoTimestamp;
    std::int64_t max_timestamp_last_offset = -1;  // Last offset of the batch that has it.
};
// corrupt_message: framing, checksum, or offsets that do not grow.
Result<FetchedBatches> validate_fetched(BytesView records);

}  // namespace kcore::record
