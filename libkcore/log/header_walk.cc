#include "log/header_walk.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcore::log {

Result<BytesView> HeaderWalk::bytes_at(std::uint64_t position, std::size_t wanted) {
    if (position < buffer_at_ || position + wanted > buffer_at_ + buffer_size_) {
        const auto size = std::min<std::uint64_t>(buffer_.size(), end_ - position);
        const auto out = std::span(buffer_).first(size);
        const auto read =
            reads_ != nullptr ? reads_->read(held_, position, out) : file_.read(position, out);
        if (!read) return std::unexpected(read.error());
        buffer_at_ = position;
        buffer_size_ = *read;
    }
    return BytesView(buffer_).first(buffer_size_).subspan(position - buffer_at_);
}

Result<std::optional<BatchAt>> HeaderWalk::next() {
    if (at_ >= end_) return std::nullopt;
    const auto wanted = std::min<std::uint64_t>(kBatchHeaderBytes, end_ - at_);
    const auto bytes = bytes_at(at_, wanted);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() < kMagicEndBytes) return std::nullopt;
    const auto header = read_batch_header(*bytes);
    if (!header) {
        // An old entry may be shorter than this; a new one's header is cut off by the end.
        if (wanted < kBatchHeaderBytes) return std::nullopt;
        return fail(header.error().code,
                    fmt::format("at position {}: {}", at_, header.error().what));
    }
    if (header->size_bytes > end_ - at_) return std::nullopt;
    const auto position = at_;
    at_ += header->size_bytes;
    return BatchAt{.position = position, .header = *header};
}

}  // namespace kcore::log
