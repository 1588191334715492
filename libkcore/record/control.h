#pragma once
// Control records: transaction markers, and what the metadata log says about itself. The values of
// the latter are messages of protocol/data; here are their keys and the markers' values.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/record.h"

namespace kcore::record {

enum class ControlType : std::int16_t {
    abort = 0,
    commit = 1,
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    kraft_voters = 6,
};

// The key of a control record: version 0 and the type.
Bytes control_key(ControlType type);

// Nothing for types this version does not know, which readers skip.
// invalid_record: no key, one too short, or a negative version.
Result<std::optional<ControlType>> control_type(const RecordView& record);

// An abort or commit marker's value: int16 version 0, int32 coordinator epoch.
struct TransactionMarker {
    bool is_commit = false;
    std::int32_t coordinator_epoch = 0;
};
Bytes marker_value(std::int32_t coordinator_epoch);
// invalid_record: not a marker, or its value does not parse.
Result<TransactionMarker> transaction_marker(const RecordView& record);

// A batch that holds one control record, with base offset 0 and no leader epoch.
Bytes control_batch(ControlType type, BytesView value, std::int64_t timestamp_ms);
// The same for a marker: transactional, with the transaction's producer, no sequence.
Bytes marker_batch(const TransactionMarker& marker, std::int64_t producer_id,
                   std::int16_t producer_epoch, std::int64_t timestamp_ms);

}  // namespace kcore::record
