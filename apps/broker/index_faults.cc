#include "broker/index_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kcore::server {

namespace {

struct BatchPlace {
    std::int64_t position = 0;
    std::int64_t last_offset = 0;
    std::int64_t timestamp = 0;  // The highest.
};

// Those before the first that is not whole.
std::vector<BatchPlace> batches_of(const LogFile& log) {
    std::vector<BatchPlace> out;
    record::BatchScanner scanner(log.bytes);
    while (scanner.next() == record::Scan::batch) {
        const auto& batch = scanner.batch();
        out.push_back({static_cast<std::int64_t>(scanner.position()), batch.last_offset(),
                       batch.max_timestamp()});
    }
    return out;
}

}  // namespace

cli::Parsed<IndexFaults> find_faults(const LogFile& index, const LogFile& log) {
    IndexFaults faults;
    const auto batches = batches_of(log);
    for (const auto& [offset, position] : index_entries(index)) {
        const auto at = std::ranges::lower_bound(batches, position, {}, &BatchPlace::position);
        if (at == batches.end() || at->position != position) {
            return cli::refuse(
                fmt::format("{} says that the batch of offset {} begins at {}, and {} "
                            "has none there",
                            index.path, offset, position, log.path));
        }
        if (at->last_offset != offset) faults.offsets.emplace_back(offset, at->last_offset);
    }
    return faults;
}

IndexFaults find_time_faults(const LogFile& index, const LogFile& log) {
    IndexFaults faults;
    const auto batches = batches_of(log);
    std::optional<std::int64_t> before;
    for (const auto& [offset, timestamp] : index_entries(index)) {
        const auto at = std::ranges::lower_bound(batches, offset, {}, &BatchPlace::last_offset);
        if (at == batches.end() || at->last_offset != offset) {
            faults.missing.emplace_back(offset, at == batches.end() ? -1 : at->last_offset);
        } else if (at->timestamp != timestamp) {
            faults.timestamps.emplace_back(timestamp, at->timestamp);
        }
        if (before && timestamp < *before) faults.unordered.emplace_back(timestamp, *before);
        before = timestamp;
    }
    return faults;
}

}  // namespace kcore::server
