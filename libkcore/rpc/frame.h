#pragma once
// Frames of the protocol: an int32 size, then so many bytes. Reading them from a stream into memory
// of their own, so that what is decoded may point into them.

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "io/net.h"

namespace kcore::rpc {

class Frame {
public:
    Frame() = default;
    explicit Frame(std::size_t size)
        : bytes_(std::make_shared_for_overwrite<std::byte[]>(size)), size_(size) {}

    BytesView view() const { return {bytes_.get(), size_}; }
    std::span<std::byte> room() { return {bytes_.get(), size_}; }
    std::shared_ptr<const void> keep() const { return bytes_; }

private:
    std::shared_ptr<std::byte[]> bytes_;  // Shared by whoever still looks at it.
    std::size_t size_ = 0;
};

// Lives on the loop of its stream, which outlives it.
class FrameReader {
public:
    FrameReader(io::Stream& stream, std::size_t frame_bytes_max)
        : stream_(stream), frame_bytes_max_(frame_bytes_max) {}

    // The next frame without its size.
    //   network_exception  the stream ended or was closed
    //   corrupt_message    a size that is negative or above the limit
    io::Async<Frame> next();

private:
    io::Async<void> fill(std::size_t wanted);

    io::Stream& stream_;
    const std::size_t frame_bytes_max_;
    Bytes ahead_;  // Read but not yet given away: [begin_, end_).
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace kcore::rpc
