#pragma once
// What a partition knows of its producers: idempotence (the last five batches of each) and open
// transactions. Decides and remembers; reads and writes no files.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/batch_header.h"
#include "log/log_types.h"

namespace kcore::log {

// A batch that was appended: what finds its repetition and the next in sequence.
struct KnownBatch {
    std::int32_t last_sequence = -1;
    std::int64_t last_offset = -1;
    std::int32_t offset_delta = 0;
    std::int64_t timestamp = -1;

    std::int32_t first_sequence() const;  // Sequences wrap from 2^31-1 to 0.
    std::int64_t first_offset() const { return last_offset - offset_delta; }
};

struct Producer {
    static constexpr std::size_t kBatchesKept = 5;

    std::int16_t epoch = -1;
    std::int32_t coordinator_epoch = -1;
    std::int64_t last_timestamp = -1;
    std::int64_t open_since = -1;  // First offset of its open transaction; -1: none.
    std::uint8_t batch_count = 0;
    std::array<KnownBatch, kBatchesKept> batches;  // Oldest first.

    const KnownBatch* last_batch() const;
    std::int32_t last_sequence() const;  // -1: none.
};

// Invariants:
//   1. A producer's epoch never falls.
//   2. Batches kept are all of the current epoch, in order of sequence and of offset.
//   3. undecided_ has the first offset of every open transaction, and of every ended one whose
//      marker is not yet below the high watermark; nothing else.
class ProducerState {
public:
    // May this batch be appended? The earlier batch if it is a repetition of one.
    //   invalid_producer_epoch             older than the known one
    //   out_of_order_sequence_number       a gap, or older than the batches kept
    //   transaction_coordinator_fenced     a marker of an older coordinator
    Result<std::optional<KnownBatch>> check(const BatchHeader& batch, Origin origin) const;
    Result<void> check_marker(const BatchHeader& batch, const Marker& marker) const;

    // Was appended; with the offsets it got.
    void add(const BatchHeader& batch);
    // A marker ends the open transaction; gives the aborted one, for the transaction index.
    std::optional<AbortedTransaction> add_marker(const BatchHeader& batch, const Marker& marker);

    void on_high_watermark(std::int64_t offset);
    // First offset of the oldest undecided transaction; nothing when there is none.
    std::optional<std::int64_t> first_undecided() const;
    // Forgets undecided transactions below the log start.
    void on_log_start(std::int64_t offset);
    void expire(std::int64_t now_ms, std::int64_t expiration_ms);

    // Whether a client of one of them may have written since.
    bool is_any_since(std::int64_t timestamp) const;
    // A snapshot leaves out all batches but the newest; takes them from `recent` of each producer
    // whose newest it has, too.
    void recall(const ProducerState& recent);

    bool empty() const { return producers_.empty() && undecided_.empty(); }
    const std::unordered_map<std::int64_t, Producer>& producers() const { return producers_; }

    // A producer snapshot file (FORMAT.md): deterministic, by producer id.
    Bytes to_snapshot() const;
    //   corrupt_message  length, version or checksum is wrong
    static Result<ProducerState> from_snapshot(BytesView bytes);

private:
    struct Undecided {
        std::int64_t producer_id = -1;
        std::int64_t marker_offset = -1;  // -1: still open.
    };

    std::unordered_map<std::int64_t, Producer> producers_;
    std::map<std::int64_t, Undecided> undecided_;  // By first offset.
};

}  // namespace kcore::log
