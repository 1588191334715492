#pragma once
// What compaction leaves of a batch: all of it, fewer records, an empty header, or nothing. Decides
// and rewrites; reads and writes no files.

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "log/batch_header.h"
#include "log/cleanable.h"
#include "log/cleaned_transactions.h"
#include "log/offset_map.h"
#include "record/builder.h"
#include "record/compression.h"

namespace kcore::log {

// 1. A batch keeps its first and last offset, whatever is left in it.
// 2. One that is left empty stays as a header where a producer's state hangs on it.
// 3. Entries of the formats before 2 are kept or dropped as a whole, and their tombstones stay.
class BatchCleaner {
public:
    // `map` knows the keys below `map_end`. What is referred to outlives it.
    BatchCleaner(const OffsetMap& map, std::int64_t map_end, const CompactionInput& input,
                 std::int64_t now_ms);

    struct Cleaned {
        BytesView bytes;                               // Empty: dropped. Until the next call.
        std::optional<AbortedTransaction> index = {};  // Readers of what is left need this entry.
    };
    // Batches come in order of offset. `must_stay`: at least as a header.
    //   corrupt_message, invalid_record  its records cannot be read
    Result<Cleaned> clean(const BatchHeader& header, BytesView bytes, bool must_stay);

private:
    struct Verdict {
        int records = 0;
        int kept = 0;
        bool has_tombstone = false;  // Among those kept.
    };

    Result<BytesView> clean_legacy(BytesView bytes);
    Result<Verdict> judge(const record::BatchView& batch, BytesView plain, bool is_dropped) const;
    Result<BytesView> rebuild(const record::BatchView& batch, BytesView plain,
                              std::optional<std::int64_t> horizon);
    BytesView empty(const record::BatchView& batch);
    bool is_kept(const record::BatchView& batch, const record::RecordView& record) const;
    bool is_superseded(const record::RecordView& record) const;
    bool is_last_of_producer(const BatchHeader& header) const;

    const OffsetMap& map_;
    const std::int64_t map_end_;
    const CompactionInput& input_;
    const std::int64_t now_ms_;
    CleanedTransactions transactions_;
    record::Decompressor decompressor_;
    record::BatchBuilder builder_;
    std::array<std::optional<record::Compressor>, 5> compressors_;
    Bytes empty_;
};

}  // namespace kcore::log
