#include "log/reads.h"

#include <algorithm>
#include <array>

#include "log/storage.h"

namespace kcore::log {

namespace {

// What a lookup misses, its next step is likely to miss as well: this much is fetched at once.
constexpr std::uint64_t kReadBlockBytes = 256 * 1024;
// Pages come into memory in runs, so that a sample of them tells.
constexpr std::size_t kProbeEvery = 64 * 1024;

std::unexpected<Error> not_cached() {
    return fail(Errc::unknown_server_error, "not in the page cache");
}

}  // namespace

void warm(const std::vector<ColdRange>& ranges) {
    std::vector<std::byte> scratch(kReadBlockBytes);
    for (const auto& range : ranges) {
        for (std::size_t at = 0; at < range.size_bytes; at += scratch.size()) {
            const auto size = std::min(scratch.size(), range.size_bytes - at);
            const auto read = range.file->read(range.position + at, std::span(scratch).first(size));
            if (!read || *read < size) break;
        }
    }
}

void check_readable(const FileSlice& slice) {
    std::vector<std::byte> scratch(kReadBlockBytes);
    for (std::size_t at = 0; at < slice.size_bytes; at += scratch.size()) {
        const auto read = slice.file->read(slice.position + at, scratch);
        if (read && *read == scratch.size()) continue;
        if (!read && slice.storage != nullptr) (void)slice.storage->failed_read(read.error());
        return;
    }
}

Result<std::size_t> Reads::read(const std::shared_ptr<io::File>& file, std::uint64_t position,
                                std::span<std::byte> out) {
    if (cold_ == nullptr) return file->read(position, out);
    const auto read = file->read_cached(position, out);
    if (!read) return std::unexpected(read.error());
    if (*read) return **read;
    const auto from = position - position % kReadBlockBytes;
    const auto size = std::max<std::uint64_t>(position - from + out.size(), kReadBlockBytes);
    cold_->push_back({file, from, size});
    return not_cached();
}

Result<void> Reads::check_cached(const std::shared_ptr<io::File>& file, std::uint64_t position,
                                 std::size_t size_bytes) {
    if (cold_ == nullptr || size_bytes == 0) return {};
    std::array<std::byte, 1> probe;
    for (std::size_t at = 0;; at = std::min(at + kProbeEvery, size_bytes - 1)) {
        const auto read = file->read_cached(position + at, probe);
        if (!read) return std::unexpected(read.error());
        if (!*read) {
            cold_->push_back({file, position + at, size_bytes - at});
            return not_cached();
        }
        if (at == size_bytes - 1 || !file->may_be_cold()) return {};
    }
}

}  // namespace kcore::log
