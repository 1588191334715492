#pragma once
// What a leader checks of each record of a produced batch, collecting verdicts and the facts that
// the batch header must agree with. Part of validate.h; not for callers outside this layer.

#include <cstdint>
#include <expected>
#include <vector>

#include "base/topic_partition.h"
#include "record/batch.h"
#include "record/parse.h"
#include "record/validate.h"

namespace kcore::record {

class RecordChecks {
public:
    // All arguments outlive the checks.
    RecordChecks(const BatchView& batch, const ProduceRules& rules, const TopicPartition& partition,
                 std::int64_t now_ms);

    // The record at `index`, which is parsed well.
    void check(std::int32_t index, const RecordParts& record) {
        is_consecutive_ &= record.offset_delta == index;
        if (rules_.is_compacted && record.key_bytes < 0) [[unlikely]]
            return add_no_key(index);
        const auto timestamp = is_append_time_batch_
                                   ? max_timestamp_of_header_
                                   : wrapping_add(base_timestamp_, record.timestamp_delta);
        if (is_bad_timestamp(timestamp)) [[unlikely]]
            return add_bad_timestamp(index, record, timestamp);
        if (timestamp > max_timestamp_) {
            max_timestamp_ = timestamp;
            max_timestamp_delta_ = record.offset_delta;
        }
    }

    // In place of the records, when the header is believed.
    void check_header_only();

    // A reason to refuse the batch, if a record gave one.
    bool has_errors() const { return error_count_ != 0; }
    Rejection rejection();

    bool is_consecutive() const { return is_consecutive_; }
    std::int64_t max_timestamp() const { return max_timestamp_; }
    std::int32_t max_timestamp_delta() const { return max_timestamp_delta_; }

private:
    bool is_bad_timestamp(std::int64_t timestamp) const {
        const auto is_judged_by_time =
            rules_.timestamp_type == TimestampType::create_time && timestamp != kNoTimestamp;
        if (!is_judged_by_time) return is_append_time_batch_;
        const auto age = wrapping_subtract(now_ms_, timestamp);
        return age > rules_.before_max_ms || wrapping_subtract(0, age) > rules_.after_max_ms;
    }

    void add_no_key(std::int32_t index);
    void add_bad_timestamp(std::int32_t index, const RecordParts& record, std::int64_t timestamp);
    // Counts an error. False when enough are kept: a batch may hold millions of bad records, and
    // the producer learns what it needs from the first ones.
    bool count_error(Errc code);

    const BatchView& batch_;
    const ProduceRules& rules_;
    const TopicPartition& partition_;
    std::int64_t now_ms_;
    bool is_append_time_batch_;
    std::int64_t base_timestamp_;
    std::int64_t max_timestamp_of_header_;

    bool is_consecutive_ = true;
    std::int64_t max_timestamp_ = kNoTimestamp;
    std::int32_t max_timestamp_delta_ = 0;
    Errc first_error_ = Errc::none;
    std::size_t error_count_ = 0;
    std::vector<RecordError> errors_;
};

// Walk the records of a batch through the checks. invalid_record: they do not parse, or are not as
// many as the header says. `record_bytes_max` bounds each record's size.
Result<void> check_plain(BytesView records, std::int32_t count, std::int64_t record_bytes_max,
                         RecordChecks& checks);
// The same over a compressed stream, which is never in memory as a whole. Also invalid_record: the
// stream is damaged, or grows beyond decompressed_bytes_max().
Result<void> check_compressed(const BatchView& batch, Codec codec, std::int64_t record_bytes_max,
                              RecordChecks& checks, ValidationScratch& scratch);

}  // namespace kcore::record
