#pragma once
// What happens to a record between the consumer and the printer: it is chosen, counted, kept for
// sorting, or printed with its context.

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "consume/consume.h"
#include "consume/kept.h"
#include "consume/printer.h"
#include "consume/selection.h"

namespace kcore::consume {

// Of one partition, for --stats.
struct PartitionStats {
    std::string topic;
    std::int32_t partition = 0;
    std::uint64_t records = 0;
    std::uint64_t nulls = 0;
    std::uint64_t bytes = 0;  // Of keys and values.
    std::int64_t first_offset = 0;
    std::int64_t last_offset = 0;
    std::int64_t first_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_ms = std::numeric_limits<std::int64_t>::min();
};

class Flow {
public:
    Flow(const Options& options, Selection selection, Printer printer);

    // False: enough was read.
    bool take(const client::ConsumedRecord& record);
    bool is_full() const;
    // Records before that offset are passed over.
    void begin(const TopicPartition& partition, std::int64_t offset) {
        begins_[{partition.topic, partition.partition}] = offset;
    }
    void keep_all(bool keeps) { keeps_ = keeps; }
    // Prints what was kept, the last `count` of it, and keeps nothing from now on.
    void print_kept(Order order, std::size_t count);

    Printer& printer() { return printer_; }
    std::uint64_t seen() const { return seen_; }        // By the counts: what was wanted.
    std::uint64_t scanned() const { return scanned_; }  // By the filters.
    std::vector<PartitionStats> stats() const;

private:
    bool is_wanted_by_place(const client::ConsumedRecord& record);
    void deliver(const client::ConsumedRecord& record);
    void remember(const client::ConsumedRecord& record);
    void count(const client::ConsumedRecord& record);

    const Options& options_;
    const Selection selection_;
    Printer printer_;
    std::int64_t least_timestamp_ = std::numeric_limits<std::int64_t>::min();
    std::map<std::pair<std::string, std::int32_t>, std::int64_t> begins_;
    bool keeps_ = false;
    std::vector<Kept> kept_;
    std::deque<Kept> before_;       // Of --before: not printed yet.
    std::int64_t still_after_ = 0;  // Of --after.
    bool has_gap_ = false;
    std::map<std::pair<std::string, std::int32_t>, std::int64_t> taken_;
    std::map<std::pair<std::string, std::int32_t>, PartitionStats> stats_;
    std::uint64_t seen_ = 0;
    std::uint64_t scanned_ = 0;
};

}  // namespace kcore::consume
