#pragma once
// The small text files that say whose a directory is: meta.properties, partition.metadata and the
// clean-shutdown marker.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "io/disk.h"

namespace kcore::log {

struct MetaProperties {
    std::int32_t version = 1;  // 0: of the ZooKeeper era; node_id was broker.id.
    std::string cluster_id;    // May be empty in version 0.
    std::int32_t node_id = -1;
    std::optional<Uuid> directory_id;  // To be added when absent.
    friend bool operator==(const MetaProperties&, const MetaProperties&) = default;
};

inline constexpr std::string_view kMetaProperties = "meta.properties";

std::string format_meta_properties(const MetaProperties& meta);
//   kafka_storage_error  a mandatory key is missing or a value does not parse
Result<MetaProperties> parse_meta_properties(std::string_view text);

// Of a log directory, which need not be open or locked; nothing when it was never formatted.
Result<std::optional<MetaProperties>> read_meta_properties(io::Disk& disk,
                                                           const std::string& directory);
Result<void> write_meta_properties(io::Disk& disk, const std::string& directory,
                                   const MetaProperties& meta);

std::string format_partition_metadata(const Uuid& topic_id);
Result<Uuid> parse_partition_metadata(std::string_view text);

std::string format_clean_marker(std::int64_t broker_epoch);
// -1 when the marker names none, as older ones do, or cannot be read.
std::int64_t parse_clean_marker(std::string_view text);

}  // namespace kcore::log
