#include "rpc/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace kcore::rpc {

namespace {
constexpr std::size_t kSizeField = 4;
constexpr std::size_t kAheadBytes = 16U << 10;

std::unexpected<Error> closed_by(const io::Stream& stream) {
    return fail(Errc::network_exception,
                fmt::format("{} closed the connection", stream.peer().to_string()));
}
}  // namespace

// At least `wanted` bytes ahead.
io::Async<void> FrameReader::fill(std::size_t wanted) {
    if (ahead_.empty()) ahead_.resize(kAheadBytes);
    if (begin_ > 0) {
        std::memmove(ahead_.data(), ahead_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    while (end_ < wanted) {
        const auto room = std::span(ahead_).subspan(end_);
        auto got = co_await stream_.read(room);
        if (!got) co_return std::unexpected(std::move(got).error());
        if (*got == 0) co_return closed_by(stream_);
        end_ += *got;
    }
    co_return Result<void>();
}

io::Async<Frame> FrameReader::next() {
    if (end_ - begin_ < kSizeField) {
        auto filled = co_await fill(kSizeField);
        if (!filled) co_return std::unexpected(std::move(filled).error());
    }
    const auto announced = load_be<std::int32_t>(ahead_.data() + begin_);
    if (announced < 0 || static_cast<std::size_t>(announced) > frame_bytes_max_) {
        co_return fail(Errc::corrupt_message,
                       fmt::format("{} announces a frame of {} bytes, at most {} are taken",
                                   stream_.peer().to_string(), announced, frame_bytes_max_));
    }
    begin_ += kSizeField;
    const auto size = static_cast<std::size_t>(announced);
    Frame frame(size);
    auto done = std::min(size, end_ - begin_);
    std::memcpy(frame.room().data(), ahead_.data() + begin_, done);
    begin_ += done;
    while (done < size) {
        const auto room = frame.room().subspan(done);
        auto got = co_await stream_.read(room);
        if (!got) co_return std::unexpected(std::move(got).error());
        if (*got == 0) co_return closed_by(stream_);
        done += *got;
    }
    co_return frame;
}

}  // namespace kcore::rpc
