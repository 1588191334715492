#pragma once
// Entries of the old formats, magic 0 and 1. Nobody writes them any more; they are served as
// stored, checked on recovery, and decoded to find offsets by time.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/compression.h"

namespace kcore::record {

// An entry: a single message, or a wrapper around compressed ones. Accessors past the magic are
// safe on any bytes of at least kPeekBytes; use check() before trusting what they say.
class LegacyView {
public:
    explicit LegacyView(BytesView bytes) : bytes_(bytes) { assert(bytes.size() >= kPeekBytes); }

    BytesView bytes() const { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    // Of a wrapper: the offset of its last message.
    std::int64_t offset() const { return load_be<std::int64_t>(bytes_.data()); }
    std::int8_t magic() const { return load_be<std::int8_t>(bytes_.data() + kMagicAt); }
    std::int8_t attributes() const;
    // Nothing for ids above 3: zstd does not exist here.
    std::optional<Codec> codec() const;
    bool is_compressed() const { return (attributes() & kCodecMask) != 0; }
    TimestampType timestamp_type() const;
    // -1 in magic 0. Of a wrapper: the largest.
    std::int64_t timestamp() const;

    // corrupt_message: shorter than its fields, or the checksum (CRC-32) does not match.
    Result<void> check() const;

    // Key and value; corrupt_message when their lengths do not fit the entry.
    struct Content {
        std::optional<BytesView> key;
        std::optional<BytesView> value;
    };
    Result<Content> content() const;

private:
    BytesView bytes_;
};

// The messages of one entry as records, with absolute offsets: one for a plain message, those
// inside for a wrapper. corrupt_message: content or stream is damaged, or a wrapper inside a
// wrapper.
class LegacyReader {
public:
    LegacyReader(const LegacyView& entry, Decompressor& decompressor);

    bool next(RecordView& out);
    Result<void> finish() const;

private:
    void open_wrapper(Decompressor& decompressor);
    void stop(const Error& error);

    LegacyView entry_;
    BytesView inner_;                // What is left of a wrapper's messages.
    std::int64_t offset_shift_ = 0;  // From inner to absolute offsets.
    bool is_wrapper_ = false;
    std::optional<Error> error_;
};

}  // namespace kcore::record
