#pragma once
// The bytes of a connection on their way to requests: read into a lent buffer, split into frames in
// place. Holds a buffer only while bytes wait in it. Lives on its loop.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/buffer_pool.h"

namespace kcore::broker {

class Input {
public:
    Input(BufferPool& pool, std::int32_t frame_bytes_max)
        : pool_(pool), frame_bytes_max_(frame_bytes_max) {}
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    // What every connection may hold while bytes of it wait.
    static constexpr std::size_t kFirst = 64U << 10;

    // Where the next bytes go; never empty. The buffer grows with the bytes received, not with what
    // a frame announces.
    std::span<std::byte> room();
    // How large the buffer is that the next room() lies in.
    std::size_t next_bytes() const;
    // That it is no larger than kFirst; where none is held.
    void begin_small() { usual_bytes_ = kFirst; }
    void received(std::size_t bytes) { end_ += bytes; }

    // The next whole frame without its size, or nothing when more bytes are needed. Valid until
    // drop_frame().
    //   invalid_request  the size is negative or above the limit: close the connection
    Result<std::optional<BytesView>> frame() const;
    void drop_frame();

    // Gives the buffer back when no byte waits in it.
    void rest();

    bool empty() const { return begin_ == end_; }
    std::size_t held_bytes() const { return buffer_.size(); }

private:
    std::size_t wanted() const;  // Bytes of the frame that begins at begin_, with its size field.

    static constexpr std::size_t kRoomMin = 4U << 10;

    BufferPool& pool_;
    const std::int32_t frame_bytes_max_;
    Buffer buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t usual_bytes_ = kFirst;  // What the frames of this connection have needed lately.
};

}  // namespace kcore::broker
