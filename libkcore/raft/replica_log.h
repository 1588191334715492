#pragma once
// The log under a replica, as the replica sees it: writes reach the page cache, what makes them
// durable runs beside it and is reported with Replica::on_synced() and on_snapshot_stored().

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "log/checkpoint.h"
#include "raft/messages.h"
#include "raft/snapshot.h"

namespace kcore::raft {

// An error of a change means that the log cannot be used any more.
class ReplicaLog {
public:
    virtual ~ReplicaLog() = default;

    virtual std::int64_t start_offset() const = 0;
    virtual std::int64_t end_offset() const = 0;
    // By epoch; those of records that are there.
    virtual const std::vector<log::EpochEntry>& epochs() const = 0;

    // One batch of the leader's own, stamped with offset and epoch; gives its base offset.
    virtual Result<std::int64_t> append(std::span<std::byte> batch, std::int32_t epoch) = 0;
    // Batches as the leader has them; a partial one at the end is left out.
    //   corrupt_message, offset_out_of_range  nothing was appended, and the log is as good as ever
    virtual Result<void> append_fetched(BytesView batches) = 0;
    virtual Result<void> truncate_to(std::int64_t end_offset) = 0;
    // Whole batches; of at least one byte below the log end, cut off after `max_bytes`.
    virtual Result<Bytes> read(std::int64_t offset, std::size_t max_bytes) = 0;
    virtual void set_high_watermark(std::int64_t offset) = 0;
    // What records made now are stamped with.
    virtual std::int64_t timestamp_ms() = 0;

    // Snapshots that are whole and on the disk.
    virtual std::optional<SnapshotId> earliest_snapshot() const = 0;
    virtual std::optional<SnapshotId> latest_snapshot() const = 0;
    struct Part {
        Bytes bytes;
        std::int64_t size = 0;  // Of the whole.
    };
    //   snapshot_not_found, position_out_of_range
    virtual Result<Part> read_snapshot(const SnapshotId& id, std::int64_t position,
                                       std::size_t max_bytes) = 0;
    // A part of a snapshot on its way here; position 0 begins it anew.
    virtual Result<void> receive_snapshot(const SnapshotId& id, std::int64_t position,
                                          BytesView bytes) = 0;
    // It is complete, or has been before: on_snapshot_stored() tells when it is checked and on the
    // disk.
    virtual void store_snapshot(const SnapshotId& id) = 0;
    // Drops the log: it goes on, empty, where the stored snapshot ends.
    virtual Result<void> start_at(const SnapshotId& id) = 0;
};

// The epoch of the last record, or of the snapshot that the empty log stands on.
OffsetEpoch end_of(const ReplicaLog& log);
// The largest epoch up to `epoch` that the log has, and where it ends.
log::EpochEnd end_of_epoch(const ReplicaLog& log, std::int32_t epoch);
// A log that ends at `end` is behind the snapshot, or beside it: only the snapshot helps.
bool is_behind(const OffsetEpoch& end, const SnapshotId& snapshot);

}  // namespace kcore::raft
