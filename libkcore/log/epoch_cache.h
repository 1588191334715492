#pragma once
// Which leader epoch begins at which offset of a log. In memory; the checkpoint file is Log's.

#include <cstdint>
#include <optional>
#include <vector>

#include "log/checkpoint.h"

namespace kcore::log {

struct EpochEnd {
    std::int32_t epoch = -1;
    std::int64_t end_offset = -1;
    friend bool operator==(const EpochEnd&, const EpochEnd&) = default;
};

// Invariant: epochs and start offsets both rise strictly, but for a last epoch without data.
class EpochCache {
public:
    EpochCache() = default;
    explicit EpochCache(std::vector<EpochEntry> entries) : entries_(std::move(entries)) {}

    const std::vector<EpochEntry>& entries() const { return entries_; }
    std::optional<std::int32_t> latest() const;
    // The epoch of the record at `offset`; nothing below the first entry.
    std::optional<std::int32_t> epoch_at(std::int64_t offset) const;

    // The log goes on under `epoch` from `start_offset`. False when nothing changed. Entries that
    // contradict it (a later epoch, or one that starts at or after) go.
    bool assign(std::int32_t epoch, std::int64_t start_offset);

    // The largest known epoch up to `epoch`, and where the next one starts (`log_end` for the
    // latest); -1, -1 when `epoch` is above all that are known (KIP-101, KIP-279).
    EpochEnd end_of(std::int32_t epoch, std::int64_t log_end) const;

    // Both give whether anything changed.
    bool truncate_from_end(std::int64_t offset);    // Drops entries that start at or after it.
    bool truncate_from_start(std::int64_t offset);  // The one that holds it now starts there.

private:
    std::vector<EpochEntry> entries_;
};

}  // namespace kcore::log
