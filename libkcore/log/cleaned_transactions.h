#pragma once
// What becomes of transactions while a compaction walks over their batches in order of offset.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "log/batch_header.h"
#include "log/log_types.h"

namespace kcore::log {

class CleanedTransactions {
public:
    // All that were aborted in the range, by first offset.
    explicit CleanedTransactions(std::vector<AbortedTransaction> aborted)
        : aborted_(std::move(aborted)) {}

    // A batch of data; whether its records were aborted.
    bool is_aborted(const BatchHeader& batch);

    struct Marker {
        bool is_alone = false;                         // No batch of its transaction was met.
        std::optional<AbortedTransaction> index = {};  // Readers still need this entry.
    };
    Marker end(const BatchHeader& marker, MarkerType type);

private:
    struct Open {
        AbortedTransaction transaction;
        bool has_batches = false;
    };
    void begin_up_to(std::int64_t offset);

    const std::vector<AbortedTransaction> aborted_;
    std::size_t next_ = 0;  // In aborted_.
    std::map<std::int64_t, Open> open_aborted_;
    std::set<std::int64_t> open_committed_;  // With batches, by producer.
};

}  // namespace kcore::log
