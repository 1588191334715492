#pragma once
// Input buffers of one loop, lent to connections while bytes of theirs are being read and parsed.
// An idle connection holds none. Lives on its loop.

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "io/loop.h"

namespace kcore::broker {

class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t size)
        : bytes_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {}
    Buffer(Buffer&& from) noexcept
        : bytes_(std::move(from.bytes_)), size_(std::exchange(from.size_, 0)) {}
    Buffer& operator=(Buffer&& from) noexcept {
        bytes_ = std::move(from.bytes_);
        size_ = std::exchange(from.size_, 0);
        return *this;
    }

    std::byte* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }

private:
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
};

class BufferPool {
public:
    // Of the buffers that are kept; larger ones are made to measure.
    static constexpr std::array<std::size_t, 4> kSizes = {16U << 10, 64U << 10, 256U << 10,
                                                          (1U << 20) + (64U << 10)};

    explicit BufferPool(io::Loop& loop) : loop_(loop) {}
    ~BufferPool() { loop_.cancel(timer_); }
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    // How many bytes take(size) gives.
    static constexpr std::size_t size_for(std::size_t size) {
        for (const auto kept : kSizes) {
            if (kept >= size) return kept;
        }
        return size;
    }
    // At least `size` bytes, uninitialised.
    Buffer take(std::size_t size);
    void give(Buffer buffer);

    std::size_t held_bytes() const { return held_bytes_; }

private:
    void trim();

    static constexpr std::size_t kHeldBytesMax = 8U << 20;
    static constexpr io::Milliseconds kTrimEvery{5000};

    io::Loop& loop_;
    std::array<std::vector<Buffer>, kSizes.size()> free_;
    std::size_t held_bytes_ = 0;
    bool used_since_trim_ = false;
    bool trimming_ = false;
    io::Loop::Timer timer_;
};

}  // namespace kcore::broker
