#include <fmt/format.h>
#include <zstd.h>

#include "record/stream.h"

namespace kcore::record {

namespace {

class ZstdEncoder final : public Encoder {
public:
    explicit ZstdEncoder(int level) : context_(ZSTD_createCCtx()) {
        if (context_ != nullptr) {
            ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
        }
    }
    ZstdEncoder(const ZstdEncoder&) = delete;
    ZstdEncoder& operator=(const ZstdEncoder&) = delete;
    ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }

    Result<void> encode(BytesView input, Bytes& out) override {
        if (context_ == nullptr) {
            return fail(Errc::unknown_server_error, "zstd cannot compress here");
        }
        const auto at = out.size();
        const auto room = ZSTD_compressBound(input.size());
        out.resize(at + room);
        const auto size =
            ZSTD_compress2(context_, out.data() + at, room, input.data(), input.size());
        if (ZSTD_isError(size) != 0) {
            out.resize(at);
            return fail(Errc::unknown_server_error,
                        fmt::format("zstd could not compress: {}", ZSTD_getErrorName(size)));
        }
        out.resize(at + size);
        return {};
    }

private:
    ZSTD_CCtx* context_;
};

class ZstdDecoder final : public Decoder {
public:
    ZstdDecoder() : context_(ZSTD_createDCtx()) {}
    ZstdDecoder(const ZstdDecoder&) = delete;
    ZstdDecoder& operator=(const ZstdDecoder&) = delete;
    ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

    void start(BytesView input) override {
        if (context_ != nullptr) ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
        input_ = {input.data(), input.size(), 0};
        is_between_frames_ = true;
    }

    Result<std::size_t> read(std::span<std::byte> to) override {
        if (context_ == nullptr) {
            return fail(Errc::unknown_server_error, "zstd cannot decompress here");
        }
        if (input_.size == 0) return fail(Errc::invalid_record, "zstd stream is empty");
        ZSTD_outBuffer output{to.data(), to.size(), 0};
        // Frames may follow each other; the stream ends where one ends with the input.
        while (!is_between_frames_ || input_.pos < input_.size) {
            const auto before = input_.pos;
            const auto left = ZSTD_decompressStream(context_, &output, &input_);
            if (ZSTD_isError(left) != 0) {
                return fail(Errc::invalid_record,
                            fmt::format("zstd stream is damaged: {}", ZSTD_getErrorName(left)));
            }
            is_between_frames_ = left == 0;
            if (output.pos != 0) return output.pos;
            if (!is_between_frames_ && input_.pos == before) {
                return fail(Errc::invalid_record, "zstd stream is cut short");
            }
        }
        return 0;
    }

private:
    ZSTD_DCtx* context_;
    ZSTD_inBuffer input_{};
    bool is_between_frames_ = true;
};

}  // namespace

std::unique_ptr<Encoder> make_zstd_encoder(int level) {
    return std::make_unique<ZstdEncoder>(level);
}
std::unique_ptr<Decoder> make_zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace kcore::record
