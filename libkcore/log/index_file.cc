#include "log/index_file.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "log/segment.h"

namespace kcore::log {

namespace {

constexpr std::size_t kGroupEntries = 512;
constexpr std::size_t kTailEntriesMax = 2 * kGroupEntries;
// A search reads so much of the file at a time: a page costs little more than an entry.
constexpr std::size_t kBlockBytes = 4096;

bool is_zero(BytesView bytes) {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

std::uint32_t IndexFile::total() const {
    return first_in_tail_ + static_cast<std::uint32_t>(tail_.size() / entry_bytes_);
}

void IndexFile::reset() {
    tail_.clear();
    first_in_tail_ = 0;
    written_ = 0;
    is_loaded_ = true;
    is_stale_ = true;
    is_reserved_ = false;
}

Result<std::shared_ptr<io::File>> IndexFile::file() {
    if (!slot_) slot_ = std::make_unique<FileCache::Slot>(storage_.files());
    auto file = slot_->get_if_open();
    if (!file) {
        auto opened = slot_->get(segment_.path(suffix_));
        if (!opened) return opened;
        file = std::move(*opened);
    }
    if (!is_stale_) return file;
    if (auto done = file->truncate(0); !done) return std::unexpected(std::move(done).error());
    is_stale_ = false;
    return file;
}

Result<void> IndexFile::load() {
    if (is_loaded_) return {};
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    const auto size = (*opened)->size();
    if (!size) return std::unexpected(size.error());
    const auto count = count_used(*opened, *size);
    if (!count) return std::unexpected(count.error());
    first_in_tail_ = *count;
    written_ = *count;
    is_reserved_ = *size > std::uint64_t{*count} * entry_bytes_;
    is_loaded_ = true;
    return {};
}

// Preallocated space is a run of zero entries at the end, found by halving.
Result<std::uint32_t> IndexFile::count_used(const std::shared_ptr<io::File>& file,
                                            std::uint64_t size) {
    std::uint32_t low = 0;  // Entries known to be used.
    auto high = static_cast<std::uint32_t>(size / entry_bytes_);
    auto probe = high;
    while (low < high) {
        const auto at = probe == high ? high - 1 : probe;
        const auto out = std::span(scratch_).first(entry_bytes_);
        const auto read = reads_.read(file, std::uint64_t{at} * entry_bytes_, out);
        if (!read) return std::unexpected(read.error());
        if (*read == entry_bytes_ && !is_zero(out)) {
            low = at + 1;
        } else {
            high = at;
        }
        probe = low + (high - low) / 2;
    }
    return low;
}

Result<std::uint32_t> IndexFile::count() {
    if (auto done = load(); !done) return std::unexpected(std::move(done).error());
    return total();
}

Result<BytesView> IndexFile::entry(std::uint32_t i) {
    assert(i < total());
    if (i >= first_in_tail_) {
        return BytesView(tail_).subspan(std::size_t{i - first_in_tail_} * entry_bytes_,
                                        entry_bytes_);
    }
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    const auto out = std::span(scratch_).first(entry_bytes_);
    const auto read = reads_.read(*opened, std::uint64_t{i} * entry_bytes_, out);
    if (!read) return std::unexpected(read.error());
    if (*read < out.size()) std::ranges::fill(out.subspan(*read), std::byte{0});
    return BytesView(out);
}

Result<std::optional<BytesView>> IndexFile::find_last(const Test& holds) {
    if (auto done = load(); !done) return std::unexpected(std::move(done).error());
    const BytesView tail(tail_);
    if (!tail.empty() && holds(tail.first(entry_bytes_))) return last_of(tail, holds);
    return find_last_on_disk(holds);
}

// Of `entries`, the first of which holds.
BytesView IndexFile::last_of(BytesView entries, const Test& holds) const {
    std::size_t low = 1;
    for (auto high = entries.size() / entry_bytes_; low < high;) {
        const auto middle = low + (high - low) / 2;
        if (holds(entries.subspan(middle * entry_bytes_, entry_bytes_))) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return entries.subspan((low - 1) * entry_bytes_, entry_bytes_);
}

// By blocks. Who reads a log in order finds most of its entries in the block of the last search.
Result<std::optional<BytesView>> IndexFile::find_last_on_disk(const Test& holds) {
    if (first_in_tail_ == 0) return std::nullopt;
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    std::array<std::byte, kBlockBytes> block;
    const auto per_block = static_cast<std::uint32_t>(kBlockBytes / entry_bytes_);
    bool is_found = false;
    std::uint32_t low = 0;
    auto high = (first_in_tail_ + per_block - 1) / per_block;
    for (auto at = std::min(last_block_, high - 1); low < high; at = low + (high - low) / 2) {
        const auto first = at * per_block;
        const auto entries = std::min(per_block, first_in_tail_ - first);
        const auto out = std::span(block).first(std::size_t{entries} * entry_bytes_);
        const auto read = reads_.read(*opened, std::uint64_t{first} * entry_bytes_, out);
        if (!read) return std::unexpected(read.error());
        std::ranges::fill(out.subspan(*read), std::byte{0});
        if (!holds(BytesView(out).first(entry_bytes_))) {
            high = at;
            continue;
        }
        const auto last = last_of(out, holds);
        std::ranges::copy(last, scratch_.begin());
        is_found = true;
        last_block_ = at;
        if (last.data() + entry_bytes_ != out.data() + out.size()) break;
        low = at + 1;  // The next block may hold, too.
    }
    if (!is_found) return std::nullopt;
    return BytesView(scratch_).first(entry_bytes_);
}

Result<void> IndexFile::add(BytesView entry, std::uint64_t reserve_bytes) {
    assert(entry.size() == entry_bytes_);
    if (auto done = load(); !done) return done;
    append(tail_, entry);
    if (total() - written_ < kGroupEntries) return {};
    if (auto done = write_pending(reserve_bytes); !done) return done;
    if (tail_.size() < kTailEntriesMax * entry_bytes_) return {};
    const auto dropped = kGroupEntries * entry_bytes_;
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(dropped));
    first_in_tail_ += kGroupEntries;
    return {};
}

Result<void> IndexFile::write_pending(std::uint64_t reserve_bytes) {
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    auto& out = **opened;
    if (!is_reserved_ && reserve_bytes > std::uint64_t{total()} * entry_bytes_) {
        if (auto done = out.truncate(reserve_bytes); !done) return done;
        is_reserved_ = true;
    }
    const auto pending =
        BytesView(tail_).subspan(std::size_t{written_ - first_in_tail_} * entry_bytes_);
    if (pending.empty()) return {};
    if (auto done = out.write(std::uint64_t{written_} * entry_bytes_, pending); !done) return done;
    written_ = total();
    return {};
}

Result<void> IndexFile::truncate(std::uint32_t count) {
    if (auto done = load(); !done) return done;
    if (count >= total()) return {};
    tail_.resize(count > first_in_tail_ ? std::size_t{count - first_in_tail_} * entry_bytes_ : 0);
    first_in_tail_ = std::min(first_in_tail_, count);
    if (written_ <= count) return {};
    written_ = count;
    is_reserved_ = false;
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    return (*opened)->truncate(std::uint64_t{count} * entry_bytes_);
}

Result<Sealed> IndexFile::seal() {
    if (auto done = load(); !done) return std::unexpected(std::move(done).error());
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    const auto pending =
        BytesView(tail_).subspan(std::size_t{written_ - first_in_tail_} * entry_bytes_);
    return Sealed{.file = *opened,
                  .position = std::uint64_t{written_} * entry_bytes_,
                  .bytes = to_bytes(pending),
                  .size_bytes = std::uint64_t{total()} * entry_bytes_};
}

void IndexFile::sealed() {
    written_ = total();
    is_reserved_ = false;
}

Result<void> IndexFile::release() {
    if (is_loaded_ && written_ < total()) {
        if (auto done = write_pending(0); !done) return done;
    }
    first_in_tail_ = total();
    tail_ = Bytes();
    if (!is_stale_) slot_.reset();
    return {};
}

}  // namespace kcore::log
