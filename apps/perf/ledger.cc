#include "perf/ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcore::perf {

namespace {

constexpr std::size_t kFindingsMax = 20;

}  // namespace

void Ledger::say(std::string finding) {
    if (findings_.size() < kFindingsMax) findings_.push_back(std::move(finding));
}

std::uint64_t Ledger::send() {
    entries_.emplace_back();
    return counts_.sent++;
}

Ledger::Entry* Ledger::find(std::uint64_t number) {
    return number < entries_.size() ? &entries_[number] : nullptr;
}

void Ledger::acked(std::uint64_t number, std::int32_t partition, std::int64_t offset) {
    auto* entry = find(number);
    if (entry == nullptr || entry->is_acked) return;
    entry->is_acked = true;
    entry->acked_in = partition;
    entry->acked_at = offset;
    ++acked_;
    if (entry->read_in < 0) return;
    ++acked_and_read_;
    judge_place(number, *entry);
}

void Ledger::failed(std::uint64_t) { ++counts_.failed; }

// Whichever comes second, the acknowledgement or the record, is compared with the other.
void Ledger::judge_place(std::uint64_t number, const Entry& entry) {
    const bool is_told = entry.acked_at >= 0;
    if (!is_told || (entry.acked_in == entry.read_in && entry.acked_at == entry.read_at)) return;
    ++counts_.conflicts;
    say(fmt::format("record {}: acknowledged at {}@{}, read at {}@{}", number, entry.acked_in,
                    entry.acked_at, entry.read_in, entry.read_at));
}

void Ledger::read(std::uint64_t number, std::int32_t partition, std::int64_t offset) {
    auto* entry = find(number);
    if (entry == nullptr) return corrupt(partition, offset);
    if (entry->read_in >= 0) {
        const bool is_same = entry->read_in == partition && entry->read_at == offset;
        if (is_same) return;  // Read again.
        ++counts_.doubled;
        return say(fmt::format("record {}: at {}@{} and at {}@{}", number, entry->read_in,
                               entry->read_at, partition, offset));
    }
    entry->read_in = partition;
    entry->read_at = offset;
    ++counts_.read;
    auto& latest = latest_[partition];
    if (number + 1 < latest) {
        ++counts_.reordered;
        say(fmt::format("record {}: at {}@{}, behind record {}", number, partition, offset,
                        latest - 1));
    }
    latest = std::max(latest, number + 1);
    if (!entry->is_acked) return;
    ++acked_and_read_;
    judge_place(number, *entry);
}

void Ledger::corrupt(std::int32_t partition, std::int64_t offset) {
    ++counts_.corrupt;
    say(fmt::format("{}@{}: not as it was written", partition, offset));
}

Verdict Ledger::verdict(const std::map<std::int32_t, std::int64_t>& passed) const {
    auto out = counts_;
    out.acked = acked_;
    for (const auto& entry : entries_) {
        if (!entry.is_acked && entry.read_in >= 0) ++out.unacked_read;
        if (!entry.is_acked || entry.read_in >= 0) continue;
        const auto at = passed.find(entry.acked_in);
        const bool was_passed = at != passed.end() && at->second > entry.acked_at;
        ++(was_passed ? out.lost : out.unseen);
    }
    return out;
}

}  // namespace kcore::perf
