#include "log/cleaned_transactions.h"

namespace kcore::log {

void CleanedTransactions::begin_up_to(std::int64_t offset) {
    for (; next_ < aborted_.size() && aborted_[next_].first_offset <= offset; ++next_) {
        open_aborted_.try_emplace(aborted_[next_].producer_id, Open{aborted_[next_]});
    }
}

bool CleanedTransactions::is_aborted(const BatchHeader& batch) {
    begin_up_to(batch.last_offset);
    if (!batch.is_transactional()) return false;
    const auto found = open_aborted_.find(batch.producer_id);
    if (found == open_aborted_.end()) {
        open_committed_.insert(batch.producer_id);
        return false;
    }
    found->second.has_batches = true;
    return true;
}

CleanedTransactions::Marker CleanedTransactions::end(const BatchHeader& marker, MarkerType type) {
    begin_up_to(marker.last_offset);
    if (type == MarkerType::commit) {
        return {.is_alone = open_committed_.erase(marker.producer_id) == 0};
    }
    if (type != MarkerType::abort) return {.is_alone = marker.record_count == 0};
    const auto found = open_aborted_.find(marker.producer_id);
    if (found == open_aborted_.end()) return {.is_alone = true};
    const auto open = found->second;
    open_aborted_.erase(found);
    if (!open.has_batches) return {.is_alone = true};
    return {.index = open.transaction};
}

}  // namespace kcore::log
