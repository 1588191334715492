#include "broker/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace kcore::broker {

namespace {
constexpr std::size_t kSizeField = 4;
}

Input::~Input() {
    if (buffer_.size() > 0) pool_.give(std::move(buffer_));
}

std::size_t Input::wanted() const {
    if (end_ - begin_ < kSizeField) return kSizeField;
    const auto size = load_be<std::int32_t>(buffer_.data() + begin_);
    return size < 0 ? kSizeField : kSizeField + static_cast<std::size_t>(size);
}

std::size_t Input::next_bytes() const {
    if (buffer_.size() == 0) return BufferPool::size_for(usual_bytes_);
    const auto held = end_ - begin_;
    if (held < buffer_.size()) return buffer_.size();
    // Four times at once keeps the copying under a third of the frame.
    const auto more = std::max(std::min(wanted(), buffer_.size() * 4), held + kRoomMin);
    return BufferPool::size_for(more);
}

std::span<std::byte> Input::room() {
    if (buffer_.size() == 0) buffer_ = pool_.take(usual_bytes_);
    const auto held = end_ - begin_;
    const auto want = wanted();
    // What is wanted does not fit behind what is held: to the front with it, or to more room.
    if (begin_ > 0 && (buffer_.size() - end_ < kRoomMin || begin_ + want > buffer_.size())) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, held);
        begin_ = 0;
        end_ = held;
    }
    if (end_ == buffer_.size()) {
        auto larger = pool_.take(next_bytes());
        std::memcpy(larger.data(), buffer_.data() + begin_, held);
        pool_.give(std::exchange(buffer_, std::move(larger)));
        begin_ = 0;
        end_ = held;
    }
    return {buffer_.data() + end_, buffer_.size() - end_};
}

Result<std::optional<BytesView>> Input::frame() const {
    if (end_ - begin_ < kSizeField) return std::nullopt;
    const auto size = load_be<std::int32_t>(buffer_.data() + begin_);
    if (size < 0 || size > frame_bytes_max_) {
        return fail(Errc::invalid_request, fmt::format("a frame of {} bytes, at most {} are taken",
                                                       size, frame_bytes_max_));
    }
    if (end_ - begin_ - kSizeField < static_cast<std::size_t>(size)) return std::nullopt;
    return BytesView(buffer_.data() + begin_ + kSizeField, static_cast<std::size_t>(size));
}

void Input::drop_frame() {
    const auto size = wanted();
    assert(begin_ + size <= end_);
    // Half of the way down at a time: one small request between large ones changes little.
    usual_bytes_ = std::max({kFirst, size, (usual_bytes_ + size) / 2});
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
}

void Input::rest() {
    if (empty() && buffer_.size() > 0) pool_.give(std::exchange(buffer_, Buffer()));
}

}  // namespace kcore::broker
