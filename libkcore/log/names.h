#pragma once
// Names of partition directories and of the files in them. FORMAT.md lists what each holds.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/topic_partition.h"
#include "base/uuid.h"

namespace kcore::log {

inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTxnIndexSuffix = ".txnindex";
inline constexpr auto kSegmentSuffixes = {kLogSuffix, kIndexSuffix, kTimeIndexSuffix,
                                          kTxnIndexSuffix};
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
inline constexpr std::string_view kDeletedSuffix = ".deleted";
inline constexpr std::string_view kCleanedSuffix = ".cleaned";
inline constexpr std::string_view kSwapSuffix = ".swap";
inline constexpr std::string_view kTmpSuffix = ".tmp";
inline constexpr std::string_view kEpochCheckpoint = "leader-epoch-checkpoint";
inline constexpr std::string_view kPartitionMetadata = "partition.metadata";

enum class DirKind : std::uint8_t {
    current,
    deleted,  // -delete: its files wait for their unlink.
    stray,    // -stray: not assigned to this broker.
    future,   // -future: being filled by a move between log directories.
};

struct PartitionDirName {
    TopicPartition partition;  // For -delete and -stray the topic may have been cut.
    DirKind kind = DirKind::current;
};

// Nothing for a name that no partition directory has.
std::optional<PartitionDirName> parse_dir_name(std::string_view name);

// "<topic>-<p>.<32 hex>-delete" and so on; -delete and -stray cut to 255 characters.
std::string dir_name(const TopicPartition& partition, DirKind kind, const Uuid& random);

// "00000000000000000042.log"
std::string file_name(std::int64_t offset, std::string_view suffix);
// The offset in front of exactly this suffix.
std::optional<std::int64_t> parse_file_name(std::string_view name, std::string_view suffix);

}  // namespace kcore::log
