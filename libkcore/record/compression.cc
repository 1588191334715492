#include "record/compression.h"

#include <fmt/format.h>

#include <algorithm>

#include "record/stream.h"

namespace kcore::record {

namespace {

constexpr std::size_t kMiB = 1024 * 1024;
constexpr std::size_t kExpansionMax = 64;
constexpr std::size_t kAlwaysAllowed = 64 * kMiB;
constexpr std::size_t kNeverAllowed = 1024 * kMiB;

constexpr std::size_t kFirstBufferMin = 64 * 1024;
constexpr std::size_t kExpansionUsual = 4;
// A buffer that one large batch needed is not kept for all that follow.
constexpr std::size_t kBufferKeptMax = 8 * kMiB;

constexpr std::size_t kFreeChecksumLz4 = 0;  // The slot that Codec::none does not need.

std::unique_ptr<Encoder> make_encoder(Codec codec, const CompressionLevels& levels) {
    switch (codec) {
        case Codec::none:
            return nullptr;
        case Codec::gzip:
            return make_gzip_encoder(levels.gzip);
        case Codec::snappy:
            return make_snappy_encoder();
        case Codec::lz4:
            return make_lz4_encoder(levels.lz4);
        case Codec::zstd:
            return make_zstd_encoder(levels.zstd);
    }
    return nullptr;
}

std::unique_ptr<Decoder> make_decoder(Codec codec, bool lz4_checksum_is_free) {
    switch (codec) {
        case Codec::none:
            return nullptr;
        case Codec::gzip:
            return make_gzip_decoder();
        case Codec::snappy:
            return make_snappy_decoder();
        case Codec::lz4:
            return make_lz4_decoder(lz4_checksum_is_free);
        case Codec::zstd:
            return make_zstd_decoder();
    }
    return nullptr;
}

}  // namespace

Compressor::Compressor(Codec codec, const CompressionLevels& levels)
    : codec_(codec), encoder_(make_encoder(codec, levels)) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Result<void> Compressor::compress(BytesView input, Bytes& out) {
    if (encoder_) return encoder_->encode(input, out);
    append(out, input);
    return {};
}

std::size_t decompressed_bytes_max(std::size_t input_bytes) {
    const auto grown = std::min(input_bytes, kNeverAllowed) * kExpansionMax;
    return std::clamp(grown, kAlwaysAllowed, kNeverAllowed);
}

Decompressor::Decompressor() = default;
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

void Decompressor::start(Codec codec, BytesView input, bool lz4_checksum_is_free) {
    assert(codec != Codec::none);
    const auto is_free = codec == Codec::lz4 && lz4_checksum_is_free;
    auto& slot = decoders_[is_free ? kFreeChecksumLz4 : static_cast<std::size_t>(codec)];
    if (!slot) slot = make_decoder(codec, is_free);
    slot->start(input);
    current_ = slot.get();
}

Result<std::size_t> Decompressor::read(std::span<std::byte> to) {
    assert(current_ != nullptr && !to.empty());
    return current_->read(to);
}

Result<BytesView> Decompressor::decompress(Codec codec, BytesView input, std::size_t bytes_max,
                                           bool lz4_checksum_is_free) {
    if (codec == Codec::none) return input;
    if (buffer_.size() > kBufferKeptMax) buffer_ = {};
    start(codec, input, lz4_checksum_is_free);
    const auto first = std::max(input.size() * kExpansionUsual, kFirstBufferMin);
    // One byte above the limit tells a stream that ends there from one that goes on.
    const auto size_max = bytes_max + 1;
    if (buffer_.size() < first) buffer_.resize(std::min(first, size_max));
    std::size_t used = 0;
    while (true) {
        if (used == buffer_.size()) buffer_.resize(std::min(used * 2, size_max));
        const auto got = read(std::span(buffer_).subspan(used));
        if (!got) return std::unexpected(got.error());
        if (*got == 0) return BytesView(buffer_).first(used);
        used += *got;
        if (used > bytes_max) {
            return fail(Errc::invalid_record,
                        fmt::format("{} stream of {} bytes grows to more than {} bytes",
                                    codec_name(codec), input.size(), bytes_max));
        }
    }
}

Result<BytesView> plain_records(const BatchView& batch, Decompressor& decompressor) {
    const auto codec = batch.codec();
    if (!codec) {
        return fail(Errc::unsupported_compression_type,
                    fmt::format("batch at offset {} has the unknown codec {}", batch.base_offset(),
                                batch.attributes() & kCodecMask));
    }
    const auto payload = batch.payload();
    // A batch that compaction emptied keeps its attributes, but no stream.
    if (*codec == Codec::none || (payload.empty() && batch.count() == 0)) return payload;
    return decompressor.decompress(*codec, payload, decompressed_bytes_max(payload.size()));
}

}  // namespace kcore::record
