// Segment, second part: what changes its files as a whole.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "log/checkpoint.h"
#include "log/names.h"
#include "log/segment.h"

namespace kcore::log {

namespace {

constexpr std::size_t kTxnEntryBytes = 34;
constexpr std::size_t kTxnIndexBytesMax = 256 << 20;

}  // namespace

Result<void> Segment::add_aborted(const AbortedTransaction& aborted) {
    std::array<std::byte, kTxnEntryBytes> entry;
    store_be(entry.data(), std::int16_t{0});
    store_be(entry.data() + 2, aborted.producer_id);
    store_be(entry.data() + 10, aborted.first_offset);
    store_be(entry.data() + 18, aborted.last_offset);
    store_be(entry.data() + 26, aborted.last_stable_offset);
    const auto opened = storage_.disk().open(path(kTxnIndexSuffix), io::Open::write);
    if (!opened) return std::unexpected(opened.error());
    const auto size = (*opened)->size();
    if (!size) return std::unexpected(size.error());
    has_txn_index_ = true;
    may_have_aborted_ = true;
    return (*opened)->write(*size - *size % kTxnEntryBytes, BytesView(entry));
}

// The whole index; empty when there is none.
Result<Bytes> Segment::read_aborted() {
    if (!may_have_aborted_) return Bytes();
    const auto where = path(kTxnIndexSuffix);
    const auto there = storage_.disk().stat(where);
    if (!there) return std::unexpected(there.error());
    may_have_aborted_ = there->has_value() && (*there)->size_bytes > 0;
    if (!may_have_aborted_) return Bytes();
    if ((*there)->size_bytes > kTxnIndexBytesMax) {
        return fail(Errc::kafka_storage_error, where + ": too large");
    }
    auto opened = storage_.disk().open(where, io::Open::read);
    if (!opened) return std::unexpected(std::move(opened).error());
    const std::shared_ptr<io::File> file = std::move(*opened);
    Bytes bytes((*there)->size_bytes);
    const auto read = reads_.read(file, 0, bytes);
    if (!read) return std::unexpected(read.error());
    bytes.resize(*read);
    return bytes;
}

Result<std::vector<AbortedTransaction>> Segment::aborted() {
    std::vector<AbortedTransaction> found;
    const auto bytes = read_aborted();
    if (!bytes) return std::unexpected(bytes.error());
    const BytesView all(*bytes);
    for (std::size_t at = 0; at + kTxnEntryBytes <= all.size(); at += kTxnEntryBytes) {
        const auto* entry = all.data() + at;
        if (const auto version = load_be<std::int16_t>(entry); version != 0) {
            return fail(Errc::corrupt_message,
                        fmt::format("{}: version {}", path(kTxnIndexSuffix), version));
        }
        found.push_back({.producer_id = load_be<std::int64_t>(entry + 2),
                         .first_offset = load_be<std::int64_t>(entry + 10),
                         .last_offset = load_be<std::int64_t>(entry + 18),
                         .last_stable_offset = load_be<std::int64_t>(entry + 26)});
    }
    return found;
}

Result<void> Segment::reset(bool with_aborted) {
    offsets_.reset();
    times_.reset();
    recent_.reset();
    largest_ = {};
    is_largest_known_ = true;
    is_first_known_ = true;
    first_timestamp_ = -1;
    size_bytes_ = 0;
    next_offset_ = base_offset_;
    since_index_bytes_ = 0;
    needs_seal_ = true;
    return with_aborted ? storage_.disk().remove(path(kTxnIndexSuffix)) : Result<void>();
}

Result<void> Segment::truncate_to(std::int64_t offset) {
    const auto found = find(offset);
    if (!found) return std::unexpected(found.error());
    const auto end = *found ? (*found)->position : size_bytes_;
    const auto opened = file();
    if (!opened) return std::unexpected(opened.error());
    if (auto done = (*opened)->truncate(end); !done) return done;
    if (auto done = (*opened)->sync(); !done) return storage_.failed_for_good(done.error());
    needs_cut_ = false;
    reserved_bytes_ = 0;

    // Entries of batches that went; both indexes are in order of offset.
    const auto keep = [&](IndexFile& index, std::size_t at) -> Result<void> {
        auto count = index.count();
        if (!count) return std::unexpected(count.error());
        for (; *count > 0; --*count) {
            const auto last = index.entry(*count - 1);
            if (!last) return std::unexpected(last.error());
            if (base_offset_ + load_be<std::int32_t>(last->data() + at) < offset) break;
        }
        return index.truncate(*count);
    };
    if (auto done = keep(offsets_, 0); !done) return done;
    if (auto done = keep(times_, 8); !done) return done;
    auto aborted_here = aborted();
    if (!aborted_here) return std::unexpected(aborted_here.error());
    if (!aborted_here->empty()) {
        if (auto done = storage_.disk().remove(path(kTxnIndexSuffix)); !done) return done;
    }
    for (const auto& transaction : *aborted_here) {
        if (transaction.last_offset >= offset) continue;
        if (auto done = add_aborted(transaction); !done) return done;
    }

    // The offset itself where a gap ends there; else the batch that holds it goes as a whole.
    if (*found) next_offset_ = std::min(offset, (*found)->header.base_offset);
    size_bytes_ = end;
    recent_.reset();
    since_index_bytes_ = 0;
    is_largest_known_ = size_bytes_ == 0;
    largest_ = {};
    if (size_bytes_ == 0) first_timestamp_ = -1;
    needs_seal_ = true;
    return {};
}

Result<std::vector<Sealed>> Segment::seal() {
    if (!is_largest_known_) {
        if (auto known = largest_timestamp(); !known) return std::unexpected(known.error());
    }
    if (auto done = add_time_entry(0); !done) return std::unexpected(done.error());
    std::vector<Sealed> parts;
    auto by_offset = offsets_.seal();
    if (!by_offset) return std::unexpected(by_offset.error());
    auto by_time = times_.seal();
    if (!by_time) return std::unexpected(by_time.error());
    parts.push_back(std::move(*by_offset));
    parts.push_back(std::move(*by_time));
    if (reserved_bytes_ > size_bytes_) {
        auto opened = file();
        if (!opened) return std::unexpected(std::move(opened).error());
        parts.push_back({.file = *opened, .position = size_bytes_, .size_bytes = size_bytes_});
    }
    if (has_txn_index_) {
        auto opened = storage_.disk().open(path(kTxnIndexSuffix), io::Open::write);
        if (!opened) return std::unexpected(std::move(opened).error());
        const auto size = (*opened)->size();
        if (!size) return std::unexpected(size.error());
        parts.push_back({.file = std::move(*opened), .position = *size, .size_bytes = *size});
    }
    return parts;
}

void Segment::sealed() {
    offsets_.sealed();
    times_.sealed();
    reserved_bytes_ = 0;
    has_txn_index_ = false;
    needs_seal_ = false;
}

Result<void> Segment::release() {
    recent_.reset();
    if (auto done = offsets_.release(); !done) return done;
    if (auto done = times_.release(); !done) return done;
    slot_.forget();
    return {};
}

Result<void> Segment::rename_to(std::string_view ending) {
    const auto before = std::exchange(name_ending_, ending);
    if (before == ending) return {};
    for (const auto suffix : kSegmentSuffixes) {
        const auto to = path(suffix);
        const auto from =
            fmt::format("{}/{}{}", directory_, file_name(base_offset_, suffix), before);
        const auto there = storage_.disk().stat(from);
        if (!there) return std::unexpected(there.error());
        if (!*there) continue;
        if (auto done = storage_.disk().rename(from, to); !done) return done;
    }
    return {};
}

Result<void> Segment::remove(std::int64_t at_ms) {
    slot_.forget();
    offsets_.forget();
    times_.forget();
    for (const auto suffix : kSegmentSuffixes) {
        const auto from = path(suffix);
        const auto there = storage_.disk().stat(from);
        if (!there) return std::unexpected(there.error());
        if (!*there) continue;
        auto to = from + std::string(kDeletedSuffix);
        if (auto done = storage_.disk().rename(from, to); !done) return done;
        storage_.remove_later(std::move(to), at_ms);
    }
    return {};
}

}  // namespace kcore::log
