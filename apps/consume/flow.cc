#include "consume/flow.h"

#include <algorithm>
#include <utility>

namespace kcore::consume {

using client::ConsumedRecord;

Flow::Flow(const Options& options, Selection selection, Printer printer)
    : options_(options), selection_(std::move(selection)), printer_(std::move(printer)) {
    const auto& start = options.range.start;
    const bool is_time = start && start->kind == cli::Position::Kind::time;
    if (is_time) least_timestamp_ = start->value;
}

bool Flow::is_full() const {
    return options_.count >= 0 && static_cast<std::int64_t>(seen_) >= options_.count;
}

bool Flow::is_wanted_by_place(const ConsumedRecord& record) {
    if (!begins_.empty()) {
        const auto begin = begins_.find({std::string(record.topic), record.partition});
        if (begin != begins_.end() && record.offset < begin->second) return false;
    }
    if (record.timestamp_ms < least_timestamp_) return false;
    if (options_.key && (!record.key || as_text(*record.key) != *options_.key)) return false;
    return true;
}

bool Flow::take(const ConsumedRecord& record) {
    if (!is_wanted_by_place(record)) return true;
    ++scanned_;
    if (!selection_.matches(record)) {
        if (still_after_ > 0) {
            --still_after_;
            deliver(record);
        } else if (options_.before > 0) {
            remember(record);
        } else {
            has_gap_ = true;
        }
        return true;
    }
    if (options_.count_per_partition >= 0) {
        auto& taken = taken_[{std::string(record.topic), record.partition}];
        if (taken >= options_.count_per_partition) return true;
        ++taken;
    }
    const bool has_context = options_.before > 0 || options_.after > 0;
    if (has_context && std::exchange(has_gap_, false) && seen_ > 0) printer_.separate();
    for (const auto& one : std::exchange(before_, {})) deliver(one.record());
    ++seen_;
    if (options_.stats) count(record);
    deliver(record);
    still_after_ = options_.after;
    return !is_full();
}

void Flow::remember(const ConsumedRecord& record) {
    before_.emplace_back(record);
    if (static_cast<std::int64_t>(before_.size()) <= options_.before) return;
    before_.pop_front();
    has_gap_ = true;
}

void Flow::deliver(const ConsumedRecord& record) {
    if (keeps_) {
        kept_.emplace_back(record);
    } else {
        printer_.print(record);
    }
}

void Flow::print_kept(Order order, std::size_t count) {
    keeps_ = false;
    sort_records(kept_, order);
    const auto skipped = kept_.size() - std::min(kept_.size(), count);
    for (auto i = skipped; i < kept_.size(); ++i) printer_.print(kept_[i].record());
    kept_.clear();
}

void Flow::count(const ConsumedRecord& record) {
    auto& one = stats_[{std::string(record.topic), record.partition}];
    if (one.records++ == 0) one.first_offset = record.offset;
    one.topic = record.topic;
    one.partition = record.partition;
    one.last_offset = record.offset;
    if (!record.value) ++one.nulls;
    one.bytes += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
    one.first_ms = std::min(one.first_ms, record.timestamp_ms);
    one.last_ms = std::max(one.last_ms, record.timestamp_ms);
}

std::vector<PartitionStats> Flow::stats() const {
    std::vector<PartitionStats> out;
    for (const auto& [name, one] : stats_) out.push_back(one);
    return out;
}

}  // namespace kcore::consume
