#pragma once
// One compaction of one log: learns the last offset of every key in the dirty part, then writes the
// segments up to there anew without what is superseded, several small ones into one. Works without
// the log's mutex, on files that nobody appends to; the log puts each output in place of its
// sources.
//
//   <base>.log.cleaned   being written
//   <base>.log.swap      whole and synced: a start that finds it completes the exchange

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "log/batch_cleaner.h"
#include "log/cleanable.h"
#include "log/offset_map.h"
#include "log/segment.h"
#include "log/storage.h"

namespace kcore::log {

struct CompactionLimits {
    std::size_t map_bytes = 128 << 20;
    double map_load_factor = 0.9;
    std::size_t buffer_bytes = 512 * 1024;
};

// Blocks. From any thread, one call at a time.
class Compaction {
public:
    // `storage` outlives it.
    Compaction(Storage& storage, CompactionInput input, const CompactionLimits& limits,
               std::int64_t now_ms);

    enum class Step : std::uint8_t {
        more,
        swap,  // Before the next step: Log::replace_segments(replacement()).
        name,  // Likewise: Log::name_replacement(replacement()).
        done,
        cancelled,
    };
    // Works on one buffer of the log.
    //   corrupt_message, invalid_record  damage: this log cannot be cleaned
    //   kafka_storage_error              the disk failed; but for a full disk the directory is
    //                                    offline now
    Result<Step> step();
    const Replacement& replacement() const { return replacement_; }

    // What the next one takes as `cleaned_to`; after done.
    std::int64_t cleaned_to() const { return map_end_; }

    struct Stats {
        std::uint64_t bytes_read = 0;
        std::uint64_t bytes_written = 0;
        std::size_t keys = 0;
    };
    const Stats& stats() const { return stats_; }

private:
    Result<Step> work();
    Result<BytesView> read_chunk();
    Result<void> map_chunk(BytesView chunk);
    Result<bool> map_batch(const BatchHeader& header, BytesView bytes);
    void begin_second_pass();
    Result<void> begin_group();
    bool fits_group(std::uint64_t size, std::int64_t end_offset) const;
    Result<void> clean_chunk(BytesView chunk, bool is_last);
    Result<void> finish_group();

    Storage& storage_;
    const CompactionInput input_;
    const CompactionLimits limits_;
    const std::int64_t now_ms_;
    Stats stats_;

    // Where it reads.
    std::size_t source_ = 0;
    std::uint64_t position_ = 0;
    std::unique_ptr<io::File> file_;
    Bytes buffer_;

    // The first pass.
    OffsetMap map_;
    std::int64_t map_end_;  // Keys below this offset are in the map.
    CleanedTransactions mapped_transactions_;
    record::Decompressor decompressor_;

    // The second.
    std::unique_ptr<BatchCleaner> cleaner_;
    std::size_t group_begin_ = 0;
    std::size_t group_end_ = 0;
    Reads reads_;
    std::unique_ptr<Segment> output_;
    Replacement replacement_;
    bool is_replacing_ = false;
};

}  // namespace kcore::log
