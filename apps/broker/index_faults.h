#pragma once
// Where an index of a segment does not fit its log, as kafka-dump-log judges it.

#include <cstdint>
#include <utility>
#include <vector>

#include "broker/log_file.h"

namespace kcore::server {

// What the index has, and what the log (or the entry before it) has in its place.
using IndexFault = std::pair<std::int64_t, std::int64_t>;

struct IndexFaults {
    std::vector<IndexFault> offsets;     // The last offset of the batch at the entry's position.
    std::vector<IndexFault> timestamps;  // The highest of the batch that ends with its offset.
    std::vector<IndexFault> unordered;   // An earlier timestamp than that of the entry before.
    std::vector<IndexFault> missing;     // No batch ends with it; the end of the next, or -1.
};

//   refused: an entry whose position holds no batch
cli::Parsed<IndexFaults> find_faults(const LogFile& index, const LogFile& log);
IndexFaults find_time_faults(const LogFile& index, const LogFile& log);

}  // namespace kcore::server
