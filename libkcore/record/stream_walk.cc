// Checks the records of a compressed batch through a small window: what a record weighs is skipped,
// so that a stream of a gigabyte needs no more memory than one of a kilobyte.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "record/record_checks.h"

namespace kcore::record {

namespace {

constexpr std::size_t kWindowBytes = 64 * 1024;

class StreamWalk {
public:
    StreamWalk(Decompressor& decompressor, Bytes& window, std::size_t bytes_max)
        : decompressor_(decompressor), window_(window), budget_(bytes_max) {
        if (window_.size() < kWindowBytes) window_.resize(kWindowBytes);
    }

    // False when the next record does not parse; error() may say more.
    bool next(RecordParts& out, std::int64_t record_bytes_max) {
        std::int32_t size = 0;
        if (take_number(size) == 0 || size < 0 || size > record_bytes_max) return false;
        const auto body = static_cast<std::size_t>(size);
        if (body > window_.size()) return parse_large(out, size);
        if (!fill(body)) return false;
        const auto* end = window_.data() + at_ + body;
        if (!parse_body(window_.data() + at_, end, out)) return false;
        at_ += body;
        return true;
    }

    // The stream ends here, and in good order.
    bool at_end() { return !fill(1) && !error_; }

    const std::optional<Error>& error() const { return error_; }

private:
    std::size_t held() const { return end_ - at_; }

    // Makes `n` bytes, no more than the window, stand at at_. False when the stream ends before.
    bool fill(std::size_t n) {
        if (held() >= n) return true;
        if (error_) return false;
        std::memmove(window_.data(), window_.data() + at_, held());
        end_ -= at_;
        at_ = 0;
        while (held() < n) {
            const auto got = decompressor_.read(std::span(window_).subspan(end_));
            if (!got) {
                error_ = got.error();
                return false;
            }
            if (*got == 0) return false;
            if (*got > budget_) {
                error_ = Error(Errc::invalid_record, "stream grows beyond all bounds");
                return false;
            }
            budget_ -= *got;
            end_ += *got;
        }
        return true;
    }

    bool skip(std::size_t n) {
        while (n != 0) {
            if (!fill(1)) return false;
            const auto step = std::min(n, held());
            at_ += step;
            n -= step;
        }
        return true;
    }

    // The bytes taken; 0 when there is no number. Fewer bytes than the longest number are fine at
    // the end of the stream.
    std::size_t take_number(std::int32_t& out) {
        fill(kVarintBytesMax);
        if (error_) return 0;
        const auto taken = read_varint(window_.data() + at_, window_.data() + end_, out);
        at_ += taken;
        return taken;
    }
    std::size_t take_number(std::int64_t& out) {
        fill(kVarlongBytesMax);
        if (error_) return 0;
        const auto taken = read_varlong(window_.data() + at_, window_.data() + end_, out);
        at_ += taken;
        return taken;
    }

    // What parse.h does, for a record larger than the window; `left` of its bytes are still to
    // come.
    template <class Number>
    bool take_large(Number& out, std::int64_t& left) {
        const auto taken = take_number(out);
        left -= static_cast<std::int64_t>(taken);
        return taken != 0 && left >= 0;
    }
    bool skip_large(std::int32_t& size, std::int64_t& left) {
        if (!take_large(size, left)) return false;
        size = std::max(size, -1);
        if (size < 0) return true;
        left -= size;
        return left >= 0 && skip(static_cast<std::size_t>(size));
    }
    bool parse_large(RecordParts& out, std::int64_t left) {
        if (!skip(1)) return false;
        --left;
        out.key = out.value = out.headers = nullptr;
        if (!take_large(out.timestamp_delta, left) || !take_large(out.offset_delta, left) ||
            !skip_large(out.key_bytes, left) || !skip_large(out.value_bytes, left) ||
            !take_large(out.header_count, left) || out.header_count < 0) {
            return false;
        }
        for (std::int32_t i = 0; i < out.header_count; ++i) {
            std::int32_t size = 0;
            if (!skip_large(size, left) || size < 0 || !skip_large(size, left)) return false;
        }
        return left == 0;
    }

    Decompressor& decompressor_;
    Bytes& window_;
    std::size_t budget_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    std::optional<Error> error_;
};

}  // namespace

Result<void> check_compressed(const BatchView& batch, Codec codec, std::int64_t record_bytes_max,
                              RecordChecks& checks, ValidationScratch& scratch) {
    const auto payload = batch.payload();
    scratch.decompressor.start(codec, payload);
    StreamWalk walk(scratch.decompressor, scratch.window, decompressed_bytes_max(payload.size()));
    const auto refuse = [&](std::string what) -> Result<void> {
        if (walk.error()) return std::unexpected(*walk.error());
        return fail(Errc::invalid_record, std::move(what));
    };
    RecordParts parts;
    for (std::int32_t i = 0; i < batch.count(); ++i) {
        if (!walk.next(parts, record_bytes_max)) {
            return refuse(
                fmt::format("record {} of {} does not parse or is too large", i, batch.count()));
        }
        checks.check(i, parts);
    }
    if (walk.at_end()) return {};
    return refuse(fmt::format("the stream goes on after {} records", batch.count()));
}

}  // namespace kcore::record
