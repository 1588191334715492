#pragma once
// Checkpoint files: text, replaced atomically. Written so that either the old or the new content
// survives a crash at any moment.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "io/disk.h"

namespace kcore::log {

// Through <path>.tmp, synced, renamed, the directory synced.
Result<void> replace_file(io::Disk& disk, const std::string& path, BytesView bytes);
// The same up to the directory's sync, which is left to the caller.
Result<void> put_file(io::Disk& disk, const std::string& path, BytesView bytes);

// The whole file; nothing when there is none.
//   kafka_storage_error  I/O, or larger than `bytes_max`
Result<std::optional<Bytes>> read_file(io::Disk& disk, const std::string& path,
                                       std::size_t bytes_max = 256 << 20);

// recovery-point-offset-checkpoint and its kin: an offset for each partition.
using OffsetCheckpoint = std::map<TopicPartition, std::int64_t>;

std::string format_offsets(const OffsetCheckpoint& offsets);
//   kafka_storage_error  version, count or a number does not parse
Result<OffsetCheckpoint> parse_offsets(std::string_view text);

// leader-epoch-checkpoint.
struct EpochEntry {
    std::int32_t epoch = -1;
    std::int64_t start_offset = -1;
    friend bool operator==(const EpochEntry&, const EpochEntry&) = default;
};

std::string format_epochs(const std::vector<EpochEntry>& entries);
Result<std::vector<EpochEntry>> parse_epochs(std::string_view text);

}  // namespace kcore::log
