#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "record/stream.h"

namespace kcore::record {

namespace {

constexpr int kGzipWindow = 15 + 16;  // The largest window, gzip header and trailer.
constexpr int kMemoryLevel = 8;
constexpr std::size_t kPieceMax = std::numeric_limits<uInt>::max();

Bytef* bytes_of(const std::byte* at) {
    // zlib reads next_in only, but declares it non-const.
    return reinterpret_cast<Bytef*>(const_cast<std::byte*>(at));
}

class GzipEncoder final : public Encoder {
public:
    explicit GzipEncoder(int level) {
        is_open_ = deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                                Z_DEFAULT_STRATEGY) == Z_OK;
    }
    GzipEncoder(const GzipEncoder&) = delete;
    GzipEncoder& operator=(const GzipEncoder&) = delete;
    ~GzipEncoder() override { deflateEnd(&stream_); }

    Result<void> encode(BytesView input, Bytes& out) override {
        if (!is_open_ || input.size() > kPieceMax || deflateReset(&stream_) != Z_OK) {
            return fail(Errc::unknown_server_error, "gzip cannot compress here");
        }
        const auto at = out.size();
        const auto room = deflateBound(&stream_, input.size());
        out.resize(at + room);
        stream_.next_in = bytes_of(input.data());
        stream_.avail_in = static_cast<uInt>(input.size());
        stream_.next_out = bytes_of(out.data() + at);
        stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(room, kPieceMax));
        const auto code = deflate(&stream_, Z_FINISH);
        out.resize(at + stream_.total_out);
        if (code == Z_STREAM_END) return {};
        return fail(Errc::unknown_server_error, fmt::format("gzip stopped with code {}", code));
    }

private:
    z_stream stream_{};
    bool is_open_ = false;
};

class GzipDecoder final : public Decoder {
public:
    GzipDecoder() { is_open_ = inflateInit2(&stream_, kGzipWindow) == Z_OK; }
    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;
    ~GzipDecoder() override { inflateEnd(&stream_); }

    void start(BytesView input) override {
        inflateReset(&stream_);
        left_ = input;
        is_ended_ = false;
    }

    Result<std::size_t> read(std::span<std::byte> to) override {
        if (!is_open_) return fail(Errc::unknown_server_error, "gzip cannot decompress here");
        while (!is_ended_) {
            stream_.next_in = bytes_of(left_.data());
            stream_.avail_in = static_cast<uInt>(std::min(left_.size(), kPieceMax));
            stream_.next_out = bytes_of(to.data());
            stream_.avail_out = static_cast<uInt>(std::min(to.size(), kPieceMax));
            const auto room = stream_.avail_out;
            const auto offered = stream_.avail_in;
            const auto code = inflate(&stream_, Z_NO_FLUSH);
            left_ = left_.subspan(offered - stream_.avail_in);
            const std::size_t got = room - stream_.avail_out;
            if (code == Z_STREAM_END) end_member();
            if (code != Z_OK && code != Z_STREAM_END) {
                return fail(Errc::invalid_record, fmt::format("gzip stream is damaged or cut short "
                                                              "(zlib {})",
                                                              code));
            }
            if (got != 0) return got;
        }
        return 0;
    }

private:
    // Several members make one stream; anything else behind a member is ignored, as in Java.
    void end_member() {
        constexpr std::byte kMagic0{0x1f};
        constexpr std::byte kMagic1{0x8b};
        if (left_.size() > 2 && left_[0] == kMagic0 && left_[1] == kMagic1) {
            inflateReset(&stream_);
        } else {
            is_ended_ = true;
        }
    }

    z_stream stream_{};
    bool is_open_ = false;
    bool is_ended_ = true;
    BytesView left_;
};

}  // namespace

std::unique_ptr<Encoder> make_gzip_encoder(int level) {
    return std::make_unique<GzipEncoder>(level);
}
std::unique_ptr<Decoder> make_gzip_decoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace kcore::record
