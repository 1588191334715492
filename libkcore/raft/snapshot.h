#pragma once
// Snapshot files of the metadata log: "<end offset>-<epoch>.checkpoint", batches between a header
// and a footer control record. What the records mean is the state machine's business.

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "raft/voters.h"

namespace kcore::raft {

struct SnapshotId {
    std::int64_t end_offset = 0;  // Exclusive: the log goes on here.
    std::int32_t epoch = 0;       // Of the last record in it.
    friend auto operator<=>(const SnapshotId&, const SnapshotId&) = default;
};

// "00000000000000000042-0000000007.checkpoint"
std::string snapshot_name(const SnapshotId& id);
std::optional<SnapshotId> parse_snapshot_name(std::string_view name);

// The bytes of a snapshot of these record values; with the voters from kraft.version 1 on.
Bytes build_snapshot(const SnapshotId& id, std::span<const Bytes> values,
                     std::int64_t last_contained_ms, std::int64_t now_ms,
                     const VoterHistory::Entry& voters = {});

// Writes it under a name with ".part", syncs, renames, syncs the directory: afterwards it is there
// whole or not at all. Blocks.
Result<void> write_snapshot(io::Disk& disk, const std::string& directory, const SnapshotId& id,
                            BytesView bytes);

// The last part of it, for one that arrived under the name with ".part".
Result<void> keep_snapshot(io::Disk& disk, const std::string& directory, const SnapshotId& id);

struct Snapshot {
    Bytes bytes;
    std::vector<BytesView> values;  // Into `bytes`.
    std::int64_t last_contained_ms = -1;
    VoterHistory::Entry voters;  // kraft.version 0 and no voters: it does not say.
};

//   corrupt_message  a checksum is wrong, or header or footer is missing
Result<Snapshot> parse_snapshot(Bytes bytes);
//   corrupt_message, kafka_storage_error
Result<Snapshot> read_snapshot(io::Disk& disk, const std::string& path);

}  // namespace kcore::raft
