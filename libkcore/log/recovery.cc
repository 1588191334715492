#include "log/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/crc32c.h"
#include "record/batch.h"

namespace kcore::log {

namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::uint64_t kSectorBytes = 512;

// A window that slides over a file and grows to the largest batch.
class Window {
public:
    Window(io::File& file, std::uint64_t size) : file_(file), size_(size) {}

    std::uint64_t size() const { return size_; }

    // At least `wanted` bytes from `position` on, if the file has them; maybe more.
    Result<BytesView> at(std::uint64_t position, std::size_t wanted) {
        const auto needed = std::min<std::uint64_t>(wanted, size_ - position);
        if (position < at_ || position + needed > at_ + bytes_.size()) {
            const auto take = std::max<std::uint64_t>(needed, kChunkBytes);
            bytes_.resize(std::min<std::uint64_t>(take, size_ - position));
            const auto read = file_.read(position, bytes_);
            if (!read) return std::unexpected(read.error());
            bytes_.resize(*read);
            at_ = position;
        }
        return BytesView(bytes_).subspan(position - at_);
    }

private:
    io::File& file_;
    const std::uint64_t size_;
    std::uint64_t at_ = 0;
    Bytes bytes_;
};

struct Found {
    BatchHeader header;
    BytesView bytes;
};

// The valid batch at `position`, whatever its offset, or what is wrong there.
Result<std::expected<Found, std::string>> valid_batch(Window& window, std::uint64_t position) {
    using Answer = std::expected<Found, std::string>;
    auto bytes = window.at(position, kBatchHeaderBytes);
    if (!bytes) return std::unexpected(bytes.error());
    const auto header = read_batch_header(*bytes);
    if (!header) return Answer(std::unexpect, header.error().what);
    if (header->size_bytes > window.size() - position) {
        return Answer(std::unexpect, fmt::format("the file ends {} bytes into a batch of {}",
                                                 window.size() - position, header->size_bytes));
    }
    bytes = window.at(position, header->size_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    const auto entry = bytes->first(std::min<std::size_t>(bytes->size(), header->size_bytes));
    if (!is_checksum_right(*header, entry)) {
        return Answer(std::unexpect, "the checksum of a batch is wrong");
    }
    return Answer(Found{*header, entry});
}

// A batch whose only fault is its length field is damaged, not cut off.
bool is_whole_but_for_length(BytesView rest) {
    if (rest.size() < kBatchHeaderBytes) return false;
    return crc32c(rest.subspan(record::kAttributesAt)) == record::BatchView(rest).crc();
}

// Whether some sector that begins before `to` was never written: from `from` to its end it is all
// zeros. That end may lie behind `to`: the valid batch there may begin with zeros of its own.
Result<bool> has_lost_sector(Window& window, std::uint64_t from, std::uint64_t to) {
    while (from < to) {
        const auto end = std::min(window.size(), (from / kSectorBytes + 1) * kSectorBytes);
        const auto bytes = window.at(from, end - from);
        if (!bytes) return std::unexpected(bytes.error());
        const auto part = bytes->first(std::min<std::size_t>(bytes->size(), end - from));
        if (std::ranges::all_of(part, [](auto b) { return b == std::byte{0}; })) return true;
        from = end;
    }
    return false;
}

Result<void> judge_rest(Window& window, io::File& file, ScanEnd& end) {
    auto valid_at = find_valid_batch(file, end.position + 1, end.next_offset);
    if (!valid_at) return std::unexpected(std::move(valid_at).error());
    end.valid_at = *valid_at;
    const auto rest_end = end.valid_at.value_or(window.size());
    const auto lost = has_lost_sector(window, end.position, rest_end);
    if (!lost) return std::unexpected(lost.error());
    end.looks_torn = *lost;
    if (end.looks_torn || end.valid_at) return {};

    const auto rest = window.at(end.position, window.size() - end.position);
    if (!rest) return std::unexpected(rest.error());
    const auto header = read_batch_header(*rest);
    const bool is_cut_off =
        rest->size() < kBatchHeaderBytes || (header && header->size_bytes > rest->size());
    end.looks_torn = is_cut_off && !is_whole_but_for_length(*rest);
    return {};
}

Result<void> scan(Window& window, ScanAt& at, std::uint64_t until, const VisitBatch& visit) {
    while (at.position < until && at.what.empty()) {
        const auto found = valid_batch(window, at.position);
        if (!found) return std::unexpected(found.error());
        if (!*found) {
            at.what = fmt::format("at position {}: {}", at.position, found->error());
            return {};
        }
        const auto& [header, bytes] = **found;
        if (header.base_offset < at.next_offset) {
            at.what = fmt::format("at position {}: a batch at offset {} where {} or more is due",
                                  at.position, header.base_offset, at.next_offset);
            at.is_misplaced = true;
            return {};
        }
        if (auto done = visit(header, bytes); !done) return done;
        at.position += header.size_bytes;
        at.next_offset = header.last_offset + 1;
    }
    return {};
}

}  // namespace

Result<void> scan_on(io::File& file, ScanAt& at, std::uint64_t until, const VisitBatch& visit) {
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    Window window(file, *size);
    return scan(window, at, std::min(until, *size), visit);
}

Result<ScanEnd> scan_batches(io::File& file, std::int64_t base_offset, const VisitBatch& visit) {
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    Window window(file, *size);
    ScanAt at;
    at.next_offset = base_offset;
    if (auto done = scan(window, at, *size, visit); !done) {
        return std::unexpected(std::move(done).error());
    }
    ScanEnd end{.position = at.position, .next_offset = at.next_offset, .what = {}, .valid_at = {}};
    end.is_whole = at.what.empty();
    if (end.is_whole) return end;
    end.what = std::move(at.what);
    if (at.is_misplaced) {
        end.valid_at = end.position;
        return end;
    }
    if (auto done = judge_rest(window, file, end); !done) {
        return std::unexpected(std::move(done).error());
    }
    return end;
}

Result<std::optional<std::uint64_t>> find_valid_batch(io::File& file, std::uint64_t from,
                                                      std::int64_t from_offset) {
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    constexpr auto kReach = std::numeric_limits<std::int32_t>::max();
    Window window(file, *size);
    for (; from + kBatchHeaderBytes <= *size; ++from) {
        const auto bytes = window.at(from, kBatchHeaderBytes);
        if (!bytes) return std::unexpected(bytes.error());
        // Most positions fall here: the magic, and an offset that could follow.
        if (load_be<std::int8_t>(bytes->data() + record::kMagicAt) != 2) continue;
        const auto offset = load_be<std::int64_t>(bytes->data());
        if (offset < from_offset || offset - from_offset > kReach) continue;
        const auto found = valid_batch(window, from);
        if (!found) return std::unexpected(found.error());
        if (*found) return from;
    }
    return std::nullopt;
}

}  // namespace kcore::log
