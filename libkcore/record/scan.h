#pragma once
// Walking bytes that hold batches of any magic back to back: segments, fetch answers, produce
// requests. Only framing is judged here; checksums and records are asked for batch by batch.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/legacy.h"

namespace kcore::record {

enum class Framing : std::uint8_t {
    whole,    // Size and magic are known and possible.
    partial,  // Too few bytes to tell, or for the size told.
    corrupt,  // A size or magic that cannot be.
};

// What the first kPeekBytes of an entry say; enough to walk a file without reading it whole.
struct BatchPeek {
    Framing framing = Framing::partial;  // whole even when `bytes` held only the first 17
    std::int64_t offset = 0;             // of magic 2 the base offset, else the (last) offset
    std::size_t size = 0;                // of the whole entry
    std::int8_t magic = 0;
};
BatchPeek peek_batch(BytesView bytes);

// Why peek_batch() or a scan called these bytes corrupt: corrupt_message in Kafka's words.
Error corruption(BytesView bytes);

// One entry of any magic: what a log wants to know of all of them.
class AnyBatch {
public:
    explicit AnyBatch(BytesView bytes) : bytes_(bytes) { assert(bytes.size() >= kPeekBytes); }

    BytesView bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    std::int8_t magic() const { return load_be<std::int8_t>(bytes_.data() + kMagicAt); }
    bool is_v2() const { return magic() == 2; }
    BatchView v2() const { return BatchView(bytes_); }
    LegacyView legacy() const { return LegacyView(bytes_); }

    // Of a compressed magic 0 or 1 entry both are its last offset.
    std::int64_t base_offset() const { return load_be<std::int64_t>(bytes_.data()); }
    std::int64_t last_offset() const { return is_v2() ? v2().last_offset() : base_offset(); }
    std::int64_t next_offset() const { return wrapping_add(last_offset(), 1); }
    std::int32_t leader_epoch() const { return is_v2() ? v2().leader_epoch() : -1; }
    std::int64_t max_timestamp() const {
        return is_v2() ? v2().max_timestamp() : legacy().timestamp();
    }

    // corrupt_message: the checksum does not match, or the fields do not fit the size.
    Result<void> check() const;

private:
    BytesView bytes_;
};

// invalid_record or corrupt_message as RecordReader and LegacyReader say.
template <class Visit>
Result<void> for_each_record(const AnyBatch& batch, Decompressor& decompressor, Visit&& visit) {
    if (batch.is_v2()) return for_each_record(batch.v2(), decompressor, visit);
    LegacyReader reader(batch.legacy(), decompressor);
    RecordView record;
    while (reader.next(record)) {
        if constexpr (requires { static_cast<bool>(visit(record)); }) {
            if (!visit(record)) return {};
        } else {
            visit(record);
        }
    }
    return reader.finish();
}

// for (scanner.next() == Scan::batch) use scanner.batch(); the other results are final.
enum class Scan : std::uint8_t {
    batch,    // batch() is whole; of magic 2 it has its full header.
    end,      // No bytes are left.
    partial,  // The rest is the beginning of a batch.
    corrupt,  // The rest cannot be a batch; error() says why.
};

class BatchScanner {
public:
    explicit BatchScanner(BytesView bytes) : bytes_(bytes) {}

    Scan next();
    AnyBatch batch() const { return AnyBatch(bytes_.subspan(at_, next_ - at_)); }
    // Of the current batch, or of the rest that is none.
    std::size_t position() const { return at_; }
    Error error() const { return corruption(bytes_.subspan(at_)); }

private:
    BytesView bytes_;
    std::size_t at_ = 0;
    std::size_t next_ = 0;
};

}  // namespace kcore::record
