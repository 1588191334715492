#include "record/record.h"

#include <fmt/format.h>

#include "record/parse.h"

namespace kcore::record {

void HeadersView::Iterator::decode() {
    if (count_ == 0) return;
    const auto* at = left_.data();
    const auto* end = at + left_.size();
    const std::byte* key = nullptr;
    const std::byte* value = nullptr;
    std::int32_t key_bytes = 0;
    std::int32_t value_bytes = 0;
    at = take_field(at, end, end, key, key_bytes);
    if (at != nullptr) at = take_field(at, end, end, value, value_bytes);
    if (at == nullptr || key_bytes < 0) {
        count_ = 0;  // Bytes that no RecordReader has checked.
        return;
    }
    current_.key = as_text({key, static_cast<std::size_t>(key_bytes)});
    current_.value.reset();
    if (value_bytes >= 0) current_.value.emplace(value, static_cast<std::size_t>(value_bytes));
    left_ = {at, static_cast<std::size_t>(end - at)};
}

bool RecordReader::next(RecordView& out) {
    if (is_bad_ || read_ >= base_.count) return false;
    RecordParts parts;
    const auto* next = parse_record(at_, end_, parts);
    if (next == nullptr) {
        is_bad_ = true;
        return false;
    }
    out.offset_delta = parts.offset_delta;
    out.offset = wrapping_add(base_.offset, parts.offset_delta);
    out.timestamp_delta = parts.timestamp_delta;
    out.timestamp = base_.is_append_time ? base_.append_time
                                         : wrapping_add(base_.timestamp, parts.timestamp_delta);
    out.size_bytes = static_cast<std::int32_t>(next - at_);
    out.key.reset();
    if (parts.key_bytes >= 0) out.key.emplace(parts.key, static_cast<std::size_t>(parts.key_bytes));
    out.value.reset();
    if (parts.value_bytes >= 0) {
        out.value.emplace(parts.value, static_cast<std::size_t>(parts.value_bytes));
    }
    out.headers = {{parts.headers, static_cast<std::size_t>(next - parts.headers)},
                   parts.header_count};
    at_ = next;
    ++read_;
    return true;
}

Result<void> RecordReader::finish() const {
    if (is_bad_) {
        return fail(Errc::invalid_record,
                    fmt::format("record {} of {} of the batch at offset {} does not parse", read_,
                                base_.count, base_.offset));
    }
    if (read_ < base_.count) return {};  // The caller stopped early.
    if (at_ != end_) {
        return fail(Errc::invalid_record,
                    fmt::format("{} bytes after the {} records of the batch at offset {}",
                                end_ - at_, base_.count, base_.offset));
    }
    return {};
}

}  // namespace kcore::record
