#pragma once
// Compressing and decompressing the records part of batches. Both classes keep the codecs' contexts
// and buffers for the next call; one of each per loop or thread, neither is shared.

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/codec.h"

namespace kcore::record {

// One codec's way of doing it; see stream.h. Not for callers.
class Encoder;
class Decoder;

class Compressor {
public:
    explicit Compressor(Codec codec, const CompressionLevels& levels = {});
    ~Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;

    Codec codec() const { return codec_; }

    // Appends `input` as one stream to `out`. unknown_server_error: the codec's library refused.
    Result<void> compress(BytesView input, Bytes& out);

private:
    Codec codec_;
    std::unique_ptr<Encoder> encoder_;
};

// How much a decompressed stream may grow: 64 times its input but at least 64 MiB (equal records
// compress without limit), at most 1 GiB.
std::size_t decompressed_bytes_max(std::size_t input_bytes);

class Decompressor {
public:
    Decompressor();
    ~Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;

    // Begins on a stream. `lz4_checksum_is_free` accepts the header checksum that magic 0 wrote.
    void start(Codec codec, BytesView input, bool lz4_checksum_is_free = false);

    // The next bytes of it, at least one unless the stream has ended.
    // invalid_record: not a stream of that codec, or one that is cut short.
    Result<std::size_t> read(std::span<std::byte> to);

    // A whole stream at once; the view lives until the next call of decompress().
    // invalid_record: as read(), or longer than `bytes_max`.
    Result<BytesView> decompress(Codec codec, BytesView input, std::size_t bytes_max,
                                 bool lz4_checksum_is_free = false);

private:
    std::array<std::unique_ptr<Decoder>, 5> decoders_;
    Decoder* current_ = nullptr;
    Bytes buffer_;
};

// The records part of a batch in the clear: the batch's own bytes, or the decompressor's.
// unsupported_compression_type: codec 5 to 7; invalid_record: as decompress().
Result<BytesView> plain_records(const BatchView& batch, Decompressor& decompressor);

// Calls visit(const RecordView&) for each record of the batch; errors as plain_records() and
// RecordReader::finish(). A visit() that returns bool ends the walk early with false.
template <class Visit>
Result<void> for_each_record(const BatchView& batch, Decompressor& decompressor, Visit&& visit) {
    const auto plain = plain_records(batch, decompressor);
    if (!plain) return std::unexpected(plain.error());
    RecordReader reader(*plain, batch.base());
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

}  // namespace kcore::record
