#pragma once
// Where the newest batches of a segment stand, so that reads at the tail need no index.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "log/header_walk.h"

namespace kcore::log {

class RecentBatches {
public:
    void add(const BatchAt& batch) { batches_[count_++ % kKept] = batch; }

    // The first one that ends at or after `offset`; nothing when that may be an older one.
    std::optional<BatchAt> find(std::int64_t offset) const {
        std::optional<BatchAt> found;
        const auto kept = std::min(count_, kKept);
        for (std::size_t back = 1; back <= kept; ++back) {
            const auto& batch = batches_[(count_ - back) % kKept];
            if (batch.header.last_offset < offset) return found;
            found = batch;
        }
        // The oldest kept ends after it: one before may do so too, unless this one holds it.
        if (found && found->header.base_offset <= offset) return found;
        return std::nullopt;
    }

private:
    static constexpr std::size_t kKept = 16;
    std::array<BatchAt, kKept> batches_;
    std::size_t count_ = 0;  // Ever added.
};

}  // namespace kcore::log
