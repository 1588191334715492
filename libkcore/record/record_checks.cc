#include "record/record_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kcore::record {

namespace {

constexpr std::size_t kErrorsShown = 3;

}  // namespace

RecordChecks::RecordChecks(const BatchView& batch, const ProduceRules& rules,
                           const TopicPartition& partition, std::int64_t now_ms)
    : batch_(batch),
      rules_(rules),
      partition_(partition),
      now_ms_(now_ms),
      is_append_time_batch_(batch.timestamp_type() == TimestampType::log_append_time),
      base_timestamp_(batch.base_timestamp()),
      max_timestamp_of_header_(batch.max_timestamp()) {}

void RecordChecks::check_header_only() {
    const auto last = batch_.last_offset_delta();
    const auto check_one = [&](std::int32_t index, std::int64_t timestamp) {
        RecordParts record;
        record.offset_delta = index;
        if (is_bad_timestamp(timestamp)) add_bad_timestamp(index, record, timestamp);
    };
    if (!is_append_time_batch_ && last > 0) check_one(0, base_timestamp_);
    check_one(last, max_timestamp_of_header_);
    max_timestamp_ = max_timestamp_of_header_;
    max_timestamp_delta_ = last;
}

bool RecordChecks::count_error(Errc code) {
    if (error_count_ == 0) first_error_ = code;
    ++error_count_;
    return errors_.size() < kRecordErrorsMax;
}

void RecordChecks::add_no_key(std::int32_t index) {
    if (!count_error(Errc::invalid_record)) return;
    errors_.push_back(
        {index, fmt::format("Compacted topic cannot accept message without key in topic partition "
                            "{}",
                            partition_.to_string())});
}

void RecordChecks::add_bad_timestamp(std::int32_t index, const RecordParts& record,
                                     std::int64_t timestamp) {
    if (!count_error(Errc::invalid_timestamp)) return;
    const auto offset = wrapping_add(batch_.base_offset(), record.offset_delta);
    if (rules_.timestamp_type == TimestampType::create_time && timestamp != kNoTimestamp) {
        errors_.push_back(
            {index, fmt::format("Timestamp {} of message with offset {} is out of range. The "
                                "timestamp should be within [{}, {}]",
                                timestamp, offset, wrapping_subtract(now_ms_, rules_.before_max_ms),
                                wrapping_add(now_ms_, rules_.after_max_ms))});
        return;
    }
    errors_.push_back(
        {index, fmt::format("Invalid timestamp type in message DefaultRecord(offset={}, "
                            "timestamp={}, key={} bytes, value={} bytes). Producer should not set "
                            "timestamp type to LogAppendTime.",
                            offset, timestamp, std::max(record.key_bytes, 0),
                            std::max(record.value_bytes, 0))});
}

Rejection RecordChecks::rejection() {
    Rejection out;
    out.code = first_error_;
    if (first_error_ == Errc::invalid_timestamp) {
        out.message = "One or more records have been rejected due to invalid timestamp";
    } else {
        std::string shown;
        for (std::size_t i = 0; i < std::min(errors_.size(), kErrorsShown); ++i) {
            if (i != 0) shown += ", ";
            shown += fmt::format("RecordError(batchIndex={}, message='{}')", errors_[i].batch_index,
                                 errors_[i].message);
        }
        out.message = fmt::format(
            "One or more records have been rejected due to {} record errors in total, and only "
            "showing the first three errors at most: [{}]",
            error_count_, shown);
    }
    out.what = errors_.front().message;
    out.record_errors = std::move(errors_);
    return out;
}

Result<void> check_plain(BytesView records, std::int32_t count, std::int64_t record_bytes_max,
                         RecordChecks& checks) {
    const auto* at = records.data();
    const auto* end = at + records.size();
    RecordParts parts;
    for (std::int32_t i = 0; i < count; ++i) {
        const auto* next = parse_record(at, end, parts);
        if (next == nullptr || next - at > record_bytes_max) [[unlikely]] {
            return fail(Errc::invalid_record,
                        fmt::format("record {} of {} does not parse or is too large", i, count));
        }
        checks.check(i, parts);
        at = next;
    }
    if (at == end) return {};
    return fail(Errc::invalid_record,
                fmt::format("{} bytes are left after {} records", end - at, count));
}

}  // namespace kcore::record
