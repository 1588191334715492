#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "record/stream.h"

namespace kcore::record {

namespace {

// The framing of Java's snappy library: this header, then int32 length and raw block in turn.
constexpr std::array<unsigned char, 8> kMagic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t kHeaderBytes = kMagic.size() + 8;
constexpr std::int32_t kVersion = 1;
constexpr std::size_t kBlockBytes = 32 * 1024;

// The densest element turns 3 bytes into 64: a block that claims more than this is a lie.
constexpr std::size_t kSnappyExpansionMax = 22;

const char* chars(const std::byte* at) { return reinterpret_cast<const char*>(at); }

bool has_header(BytesView input) {
    return input.size() >= kHeaderBytes &&
           std::memcmp(input.data(), kMagic.data(), kMagic.size()) == 0;
}

class SnappyEncoder final : public Encoder {
public:
    Result<void> encode(BytesView input, Bytes& out) override {
        append(out, std::as_bytes(std::span(kMagic)));
        append_be(out, kVersion);
        append_be(out, kVersion);
        while (!input.empty()) {
            const auto piece = input.first(std::min(input.size(), kBlockBytes));
            const auto at = out.size();
            out.resize(at + sizeof(std::int32_t) + snappy::MaxCompressedLength(piece.size()));
            auto* block = out.data() + at + sizeof(std::int32_t);
            std::size_t size = 0;
            snappy::RawCompress(chars(piece.data()), piece.size(), reinterpret_cast<char*>(block),
                                &size);
            store_be(out.data() + at, static_cast<std::int32_t>(size));
            out.resize(at + sizeof(std::int32_t) + size);
            input = input.subspan(piece.size());
        }
        return {};
    }
};

// Reads the Java framing, and a single raw block as librdkafka writes it.
class SnappyDecoder final : public Decoder {
public:
    void start(BytesView input) override {
        left_ = input;
        block_left_ = {};
        is_begun_ = false;
    }

    Result<std::size_t> read(std::span<std::byte> to) override {
        if (!is_begun_) {
            const auto begun = begin();
            if (!begun) return std::unexpected(begun.error());
        }
        while (block_left_.empty()) {
            const auto block = next_block();
            if (!block) return std::unexpected(block.error());
            if (block->empty()) return 0;
            const auto direct = expand(*block, to);
            if (!direct) return direct;
            if (*direct != 0) return direct;
        }
        const auto n = std::min(to.size(), block_left_.size());
        std::memcpy(to.data(), block_left_.data(), n);
        block_left_ = block_left_.subspan(n);
        return n;
    }

private:
    Result<void> begin() {
        is_begun_ = true;
        is_framed_ = has_header(left_);
        if (left_.empty()) return fail(Errc::invalid_record, "snappy stream is empty");
        if (!is_framed_) return {};
        return skip_header();
    }

    Result<void> skip_header() {
        const auto compatible = load_be<std::int32_t>(left_.data() + kMagic.size() + 4);
        if (compatible < kVersion) {
            return fail(Errc::invalid_record,
                        fmt::format("snappy framing version {} is unknown", compatible));
        }
        left_ = left_.subspan(kHeaderBytes);
        return {};
    }

    // The next compressed block, empty at the end.
    Result<BytesView> next_block() {
        if (!is_framed_) return std::exchange(left_, {});
        // Streams that were put one behind the other repeat the header.
        while (has_header(left_)) {
            const auto skipped = skip_header();
            if (!skipped) return std::unexpected(skipped.error());
        }
        if (left_.empty()) return BytesView{};
        if (left_.size() < sizeof(std::int32_t)) return cut();
        const auto size = load_be<std::int32_t>(left_.data());
        left_ = left_.subspan(sizeof size);
        if (size <= 0 || static_cast<std::size_t>(size) > left_.size()) return cut();
        const auto block = left_.first(static_cast<std::size_t>(size));
        left_ = left_.subspan(block.size());
        return block;
    }

    // Into `to` when the whole block has room there, returning its size; else into block_.
    Result<std::size_t> expand(BytesView block, std::span<std::byte> to) {
        std::size_t size = 0;
        if (!snappy::GetUncompressedLength(chars(block.data()), block.size(), &size) ||
            size > block.size() * kSnappyExpansionMax) {
            return damaged();
        }
        const auto is_direct = size <= to.size();
        if (!is_direct && block_.size() < size) block_.resize(size);
        auto* target = is_direct ? to.data() : block_.data();
        if (!snappy::RawUncompress(chars(block.data()), block.size(),
                                   reinterpret_cast<char*>(target))) {
            return damaged();
        }
        if (is_direct) return size;
        block_left_ = BytesView(block_).first(size);
        return 0;
    }

    static std::unexpected<Error> damaged() {
        return fail(Errc::invalid_record, "snappy block is damaged");
    }
    static std::unexpected<Error> cut() {
        return fail(Errc::invalid_record, "snappy stream is cut short");
    }

    BytesView left_;
    bool is_begun_ = false;
    bool is_framed_ = false;
    Bytes block_;
    BytesView block_left_;
};

}  // namespace

std::unique_ptr<Encoder> make_snappy_encoder() { return std::make_unique<SnappyEncoder>(); }
std::unique_ptr<Decoder> make_snappy_decoder() { return std::make_unique<SnappyDecoder>(); }

}  // namespace kcore::record
