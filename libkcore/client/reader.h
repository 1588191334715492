#pragma once
// From fetched bytes to records: where reading stands in each partition, what an aborted
// transaction hides, what is not wanted any more. Single-threaded, does no I/O. Not part of the
// public interface.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "client/consumer.h"
#include "client/fetcher.h"
#include "record/compression.h"
#include "record/scan.h"

namespace kcore::client {

class Reader {
public:
    struct Rules {
        bool checks_crcs = true;
        bool shows_control = false;
    };

    explicit Reader(Rules rules) : rules_(rules) {}
    void show_control_records(bool show) { rules_.shows_control = show; }

    // Where reading stands in one partition.
    struct Place {
        std::uint64_t number = 0;  // Of the change that assigned it.
        std::int64_t position = 0;
        std::int64_t end = kNoEnd;
        std::set<std::int64_t> aborting;  // Producers whose open transaction was aborted.
    };

    // A place that was assigned before stays as it is.
    void assign(const std::vector<Assigned>& assignments);
    const std::map<TopicPartition, Place>& places() const { return places_; }
    // Null when it is not assigned.
    Place* find(const TopicPartition& partition);
    bool is_finished() const;  // Every place reached its end.

    struct Walked {
        std::size_t visited = 0;
        bool is_stopped = false;  // By `visit`; what is left to walk stays in `fetched`.
    };
    // Visits what `fetched` holds from the position of its partition on, and moves it.
    //   corrupt_message, invalid_record  a batch is damaged; the position stays before it
    Result<Walked> walk(Fetched& fetched, const Visit& visit);

private:
    Result<bool> walk_batch(const record::AnyBatch& batch, Place& place, ConsumedRecord& record,
                            const Visit& visit);
    bool is_hidden(const record::AnyBatch& batch, Place& place,
                   std::vector<AbortedTransaction>& aborted);

    Rules rules_;
    std::map<TopicPartition, Place> places_;
    record::Decompressor decompressor_;
    std::vector<Header> headers_;
    std::size_t visited_ = 0;
};

}  // namespace kcore::client
