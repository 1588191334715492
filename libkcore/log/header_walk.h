#pragma once
// Reads the headers of the batches in a file one after the other, and nothing of their records.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "io/disk.h"
#include "log/batch_header.h"
#include "log/reads.h"

namespace kcore::log {

// Where a batch stands in its file.
struct BatchAt {
    std::uint64_t position = 0;
    BatchHeader header;
};

class HeaderWalk {
public:
    // Over [from, end) of `file`, which must outlive it; `from` is where a batch begins.
    HeaderWalk(io::File& file, std::uint64_t from, std::uint64_t end)
        : file_(file), at_(from), end_(end) {}
    // The same through `reads`, which must outlive it, too.
    HeaderWalk(std::shared_ptr<io::File> file, Reads& reads, std::uint64_t from, std::uint64_t end)
        : file_(*file), held_(std::move(file)), reads_(&reads), at_(from), end_(end) {}

    // The next batch; nothing at the end, or where the rest is the beginning of one only.
    //   corrupt_message  no batch begins here
    Result<std::optional<BatchAt>> next();

    // Where the next one would begin.
    std::uint64_t position() const { return at_; }

private:
    Result<BytesView> bytes_at(std::uint64_t position, std::size_t wanted);

    io::File& file_;
    std::shared_ptr<io::File> held_;
    Reads* reads_ = nullptr;
    std::uint64_t at_;
    const std::uint64_t end_;
    std::array<std::byte, 4096> buffer_;
    std::uint64_t buffer_at_ = 0;
    std::size_t buffer_size_ = 0;
};

}  // namespace kcore::log
