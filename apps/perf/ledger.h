#pragma once
// What became of numbered records: written, acknowledged, read back. Judges, and knows no cluster.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kcore::perf {

struct Verdict {
    std::uint64_t sent = 0;
    std::uint64_t acked = 0;
    std::uint64_t failed = 0;        // Told to have failed; some may be there nevertheless.
    std::uint64_t read = 0;          // Different records.
    std::uint64_t unacked_read = 0;  // Of those that failed or were never answered.
    std::uint64_t lost = 0;          // Acknowledged, and not where reading has passed.
    std::uint64_t unseen = 0;        // Acknowledged, and reading has not come that far.
    std::uint64_t doubled = 0;       // At a second place.
    std::uint64_t reordered = 0;     // Behind a later one of the same partition.
    std::uint64_t corrupt = 0;
    std::uint64_t conflicts = 0;  // At another place than acknowledged, or two at one place.

    bool is_well() const { return lost + unseen + doubled + reordered + corrupt + conflicts == 0; }
};

// Numbers are given out from 0 on. From one thread at a time.
class Ledger {
public:
    std::uint64_t send();
    void acked(std::uint64_t number, std::int32_t partition, std::int64_t offset);  // -1: not told.
    void failed(std::uint64_t number);
    void read(std::uint64_t number, std::int32_t partition, std::int64_t offset);
    void corrupt(std::int32_t partition, std::int64_t offset);

    // Everything that was acknowledged was read.
    bool is_settled() const { return acked_and_read_ == acked_; }

    // `passed`: the offset up to which each partition was read.
    Verdict verdict(const std::map<std::int32_t, std::int64_t>& passed) const;

    // The first few that something was wrong with, in words.
    const std::vector<std::string>& findings() const { return findings_; }

private:
    struct Entry {
        std::int64_t acked_at = -1;
        std::int64_t read_at = -1;
        std::int32_t acked_in = -1;
        std::int32_t read_in = -1;
        bool is_acked = false;
    };

    Entry* find(std::uint64_t number);
    void judge_place(std::uint64_t number, const Entry& entry);
    void say(std::string finding);

    std::vector<Entry> entries_;
    std::map<std::int32_t, std::uint64_t> latest_;  // Number + 1, by partition.
    Verdict counts_;
    std::uint64_t acked_ = 0;
    std::uint64_t acked_and_read_ = 0;
    std::vector<std::string> findings_;
};

}  // namespace kcore::perf
