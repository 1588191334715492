#pragma once
// One record of a batch, as a view into the batch's (uncompressed) bytes, and the reader that walks
// them. Nothing is copied or allocated; views live as long as the bytes they were read from.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace kcore::record {

inline constexpr std::int64_t kNoTimestamp = -1;

// Offsets and timestamps on the wire may be hostile: sums wrap, as they do in Java.
constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
constexpr std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// A record header, of a record read or to be written.
struct HeaderView {
    std::string_view key;
    std::optional<BytesView> value = std::nullopt;  // Nothing is null, which differs from empty.
};

// The headers of one record, decoded on iteration. Only a RecordReader makes one that is not
// empty, after it checked the framing.
class HeadersView {
public:
    class Iterator {
    public:
        using value_type = HeaderView;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        Iterator() = default;
        Iterator(BytesView left, std::int32_t count) : left_(left), count_(count) { decode(); }
        const HeaderView& operator*() const { return current_; }
        const HeaderView* operator->() const { return &current_; }
        Iterator& operator++() {
            --count_;
            decode();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(const Iterator& other) const { return count_ == other.count_; }

    private:
        void decode();

        BytesView left_;
        std::int32_t count_ = 0;
        HeaderView current_;
    };

    HeadersView() = default;
    HeadersView(BytesView bytes, std::int32_t count) : bytes_(bytes), count_(count) {}

    std::size_t size() const { return static_cast<std::size_t>(count_); }
    bool empty() const { return count_ == 0; }
    Iterator begin() const { return {bytes_, count_}; }
    Iterator end() const { return {}; }

    // The headers as they stand on the wire, without their count.
    BytesView bytes() const { return bytes_; }

private:
    BytesView bytes_;
    std::int32_t count_ = 0;
};

struct RecordView {
    std::int64_t offset = 0;
    std::int64_t timestamp = kNoTimestamp;        // ms; the batch's own with LogAppendTime
    std::int64_t timestamp_delta = 0;             // as stored
    std::int32_t offset_delta = 0;                // as stored
    std::int32_t size_bytes = 0;                  // with its length prefix
    std::optional<BytesView> key = std::nullopt;  // Nothing is null, which differs from empty.
    std::optional<BytesView> value = std::nullopt;
    HeadersView headers;
};

// What the records of one batch are counted from; BatchView::base() gives it.
struct RecordBase {
    std::int64_t offset = 0;
    std::int64_t timestamp = 0;
    std::int64_t append_time = kNoTimestamp;
    bool is_append_time = false;  // Every record's timestamp is `append_time`.
    std::int32_t count = 0;
};

// Walks exactly the declared number of records. Usage: while (reader.next(r)) ...; then
// reader.finish(), which says whether the end was reached in good order.
class RecordReader {
public:
    // `records` are the bytes after the batch header, decompressed.
    RecordReader(BytesView records, const RecordBase& base)
        : at_(records.data()), end_(records.data() + records.size()), base_(base) {}

    // False at the end and at the first record that does not parse.
    bool next(RecordView& out);

    // invalid_record: a record did not parse or is missing, or bytes are left over. No error when
    // the caller stopped before the end.
    Result<void> finish() const;

private:
    const std::byte* at_;
    const std::byte* end_;
    RecordBase base_;
    std::int32_t read_ = 0;
    bool is_bad_ = false;
};

}  // namespace kcore::record
