#pragma once
// One codec's encoder and decoder: the inside of Compressor and Decompressor, not for callers.

#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::record {

class Encoder {
public:
    virtual ~Encoder() = default;
    // Appends one complete stream.
    virtual Result<void> encode(BytesView input, Bytes& out) = 0;
};

class Decoder {
public:
    virtual ~Decoder() = default;
    // Forgets the stream before; `input` outlives the reads.
    virtual void start(BytesView input) = 0;
    // 0 at the end of a complete stream; `to` is not empty. invalid_record: damaged or cut short.
    virtual Result<std::size_t> read(std::span<std::byte> to) = 0;
};

std::unique_ptr<Encoder> make_gzip_encoder(int level);
std::unique_ptr<Decoder> make_gzip_decoder();
std::unique_ptr<Encoder> make_snappy_encoder();
std::unique_ptr<Decoder> make_snappy_decoder();
std::unique_ptr<Encoder> make_lz4_encoder(int level);
// `checksum_is_free`: whatever the checksum of the frame header says is fine (magic 0).
std::unique_ptr<Decoder> make_lz4_decoder(bool checksum_is_free);
std::unique_ptr<Encoder> make_zstd_encoder(int level);
std::unique_ptr<Decoder> make_zstd_decoder();

}  // namespace kcore::record
