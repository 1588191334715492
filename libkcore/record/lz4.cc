#include <fmt/format.h>
#include <lz4frame.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "record/stream.h"

namespace kcore::record {

namespace {

// Kafka's default level means the fast compressor; the others are those of the slow one.
constexpr int kFastLevel = 9;
constexpr int kSlowLevelMin = 3;
constexpr int kSlowLevelMax = 12;

int library_level(int level) {
    return level == kFastLevel ? 0 : std::clamp(level, kSlowLevelMin, kSlowLevelMax);
}

constexpr std::size_t kMagicBytes = 4;
constexpr std::uint32_t kFrameMagic = 0x184d2204;
constexpr std::size_t kFrameHeaderBytesMax = 19;
constexpr std::uint8_t kIndependentBlocks = 0x20;
constexpr std::uint8_t kHasContentSize = 0x08;
constexpr std::uint8_t kHasDictionaryId = 0x01;

std::uint32_t load_le32(const std::byte* at) {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return std::endian::native == std::endian::big ? std::byteswap(value) : value;
}

// XXH32 of at most 15 bytes with seed 0: what the checksum of a frame header needs.
std::uint32_t short_xxh32(BytesView bytes) {
    constexpr std::uint32_t kPrime1 = 2654435761U;
    constexpr std::uint32_t kPrime2 = 2246822519U;
    constexpr std::uint32_t kPrime3 = 3266489917U;
    constexpr std::uint32_t kPrime4 = 668265263U;
    constexpr std::uint32_t kPrime5 = 374761393U;
    auto hash = kPrime5 + static_cast<std::uint32_t>(bytes.size());
    while (bytes.size() >= 4) {
        hash = std::rotl(hash + load_le32(bytes.data()) * kPrime3, 17) * kPrime4;
        bytes = bytes.subspan(4);
    }
    for (const auto b : bytes) {
        hash = std::rotl(hash + static_cast<std::uint32_t>(b) * kPrime5, 11) * kPrime1;
    }
    hash = (hash ^ (hash >> 15)) * kPrime2;
    hash = (hash ^ (hash >> 13)) * kPrime3;
    return hash ^ (hash >> 16);
}

class Lz4Encoder final : public Encoder {
public:
    explicit Lz4Encoder(int level) {
        // Java's reader knows independent blocks only.
        preferences_.frameInfo.blockMode = LZ4F_blockIndependent;
        preferences_.frameInfo.blockSizeID = LZ4F_max64KB;
        preferences_.compressionLevel = library_level(level);
        is_open_ = !LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION));
    }
    Lz4Encoder(const Lz4Encoder&) = delete;
    Lz4Encoder& operator=(const Lz4Encoder&) = delete;
    ~Lz4Encoder() override { LZ4F_freeCompressionContext(context_); }

    Result<void> encode(BytesView input, Bytes& out) override {
        if (!is_open_) return fail(Errc::unknown_server_error, "lz4 cannot compress here");
        const auto begin = out.size();
        out.resize(begin + LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(input.size(), &preferences_));
        auto at = begin;
        const auto take = [&](std::size_t written) {
            if (LZ4F_isError(written)) return false;
            at += written;
            return true;
        };
        const auto room = [&] { return out.size() - at; };
        const auto done =
            take(LZ4F_compressBegin(context_, out.data() + at, room(), &preferences_)) &&
            take(LZ4F_compressUpdate(context_, out.data() + at, room(), input.data(), input.size(),
                                     nullptr)) &&
            take(LZ4F_compressEnd(context_, out.data() + at, room(), nullptr));
        out.resize(done ? at : begin);
        if (done) return {};
        return fail(Errc::unknown_server_error, "lz4 could not compress");
    }

private:
    LZ4F_preferences_t preferences_{};
    LZ4F_cctx* context_ = nullptr;
    bool is_open_ = false;
};

class Lz4Decoder final : public Decoder {
public:
    explicit Lz4Decoder(bool checksum_is_free) : checksum_is_free_(checksum_is_free) {
        is_open_ = !LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION));
    }
    Lz4Decoder(const Lz4Decoder&) = delete;
    Lz4Decoder& operator=(const Lz4Decoder&) = delete;
    ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }

    void start(BytesView input) override {
        if (is_open_) LZ4F_resetDecompressionContext(context_);
        left_ = input;
        is_begun_ = false;
        is_ended_ = false;
    }

    Result<std::size_t> read(std::span<std::byte> to) override {
        if (!is_open_) return fail(Errc::unknown_server_error, "lz4 cannot decompress here");
        if (!is_begun_ && !begin()) {
            return fail(Errc::invalid_record, "not an lz4 frame of independent blocks");
        }
        while (!is_ended_) {
            auto taken = left_.size();
            auto got = to.size();
            const auto hint =
                LZ4F_decompress(context_, to.data(), &got, left_.data(), &taken, nullptr);
            if (LZ4F_isError(hint)) {
                return fail(Errc::invalid_record,
                            fmt::format("lz4 frame is damaged: {}", LZ4F_getErrorName(hint)));
            }
            left_ = left_.subspan(taken);
            is_ended_ = hint == 0;  // What stands behind the frame is ignored, as in Java.
            if (got != 0) return got;
            if (!is_ended_ && taken == 0) {
                return fail(Errc::invalid_record, "lz4 frame is cut short");
            }
        }
        return 0;
    }

private:
    // Looks at the frame header itself: the library would also take skippable frames and blocks
    // that depend on each other, which Kafka's readers do not.
    bool begin() {
        is_begun_ = true;
        if (left_.size() < kMagicBytes + 3 || load_le32(left_.data()) != kFrameMagic) return false;
        const auto flags = static_cast<std::uint8_t>(left_[kMagicBytes]);
        if ((flags & kIndependentBlocks) == 0) return false;
        return !checksum_is_free_ || feed_header(flags);
    }

    // Gives the library the frame header with the checksum it expects.
    bool feed_header(std::uint8_t flags) {
        std::size_t descriptor = 2;
        if ((flags & kHasContentSize) != 0) descriptor += 8;
        if ((flags & kHasDictionaryId) != 0) descriptor += 4;
        const auto size = kMagicBytes + descriptor + 1;
        if (left_.size() < size) return false;
        std::array<std::byte, kFrameHeaderBytesMax> header{};
        std::memcpy(header.data(), left_.data(), size);
        const auto hash = short_xxh32(left_.subspan(kMagicBytes, descriptor));
        header[size - 1] = static_cast<std::byte>((hash >> 8) & 0xffU);
        auto taken = size;
        std::size_t got = 0;
        const auto hint = LZ4F_decompress(context_, nullptr, &got, header.data(), &taken, nullptr);
        if (LZ4F_isError(hint) || taken != size) return false;
        left_ = left_.subspan(size);
        return true;
    }

    LZ4F_dctx* context_ = nullptr;
    bool checksum_is_free_;
    bool is_open_ = false;
    bool is_begun_ = false;
    bool is_ended_ = true;
    BytesView left_;
};

}  // namespace

std::unique_ptr<Encoder> make_lz4_encoder(int level) { return std::make_unique<Lz4Encoder>(level); }
std::unique_ptr<Decoder> make_lz4_decoder(bool checksum_is_free) {
    return std::make_unique<Lz4Decoder>(checksum_is_free);
}

}  // namespace kcore::record
