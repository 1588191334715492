#pragma once
// What a broker fetches from one leader, for the partitions that it follows there: decides what to
// ask and what an answer means for each replica. Sockets and waiting belong to replication/
// fetch_loop; the logs are the partitions'. Single-threaded.
//
//   state      on                                             to
//   fetching   records                                        fetching, from the new log end
//   fetching   the leader names where the histories part      repairing
//   fetching   offset out of range                            repairing
//   fetching   any other error                                waiting
//   repairing  repaired                                       fetching, from the new log end
//   repairing  failed                                         waiting
//   waiting    the back-off is over                           fetching
// Invariants:
//  1. An answer counts only for what is still followed in the epoch, and from the offset, that was
//     asked for.
//  2. A replica is followed in one epoch; with the next it begins at its own log end.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/logger.h"
#include "protocol/api/fetch.h"
#include "replication/partition.h"
#include "rpc/fetch_session.h"

namespace kcore::replication {

struct FetcherOptions {
    std::int32_t broker_id = -1;
    std::int32_t wait_max_ms = 500;              // replica.fetch.wait.max.ms
    std::int32_t bytes_min = 1;                  // replica.fetch.min.bytes
    std::int32_t bytes_max = 10 << 20;           // replica.fetch.response.max.bytes
    std::int32_t partition_bytes_max = 1 << 20;  // replica.fetch.max.bytes
    std::int64_t backoff_ms = 1000;              // replica.fetch.backoff.ms
};

// A replica that cannot go on from where it is; what is to be done may block.
struct Repair {
    PartitionRef partition;
    std::int32_t leader_epoch = -1;
    std::optional<log::EpochEnd> diverging;  // Cut to there; nothing: ask where the log begins.
};

// Times are milliseconds of a clock that only rises, `wall_ms` is the other one.
class Fetcher {
public:
    Fetcher(const FetcherOptions& options, Logger logger)
        : options_(options), logger_(std::move(logger)) {}

    // True when that is news.
    bool follow(PartitionRef partition, std::int32_t leader_epoch);
    void leave(const TopicPartition& name);
    bool follows_any() const { return !followed_.empty(); }

    // What to ask now; nothing while all that is followed waits, until wake_at_ms().
    std::optional<protocol::FetchRequest> next(std::int64_t broker_epoch, std::int64_t now_ms);
    std::int64_t wake_at_ms() const;

    // Appends what came; gives what else there is to do.
    std::vector<Repair> answered(const protocol::FetchResponse& answer, std::int64_t now_ms,
                                 std::int64_t wall_ms);
    void not_answered() { session_.lost(); }
    void repaired(const Repair& repair, const Result<LogEnd>& outcome, std::int64_t now_ms);

private:
    using Answer = protocol::FetchResponse::PartitionData;

    struct Followed {
        PartitionRef partition;
        std::int32_t leader_epoch = -1;
        LogEnd end;
        std::int64_t not_before_ms = 0;
    };

    rpc::FetchPart part_of(const Followed& followed) const;
    std::optional<Repair> take(Followed& followed, const Answer& answer, std::int64_t now_ms,
                               std::int64_t wall_ms);
    void wait(Followed& followed, std::int64_t now_ms) const;
    void went(Followed& followed, const Result<LogEnd>& outcome, std::int64_t now_ms) const;

    const FetcherOptions options_;
    Logger logger_;
    std::map<TopicPartition, Followed> followed_;
    std::unordered_map<Uuid, std::string> names_;
    rpc::FetchSession session_;
    rpc::FetchParts asked_;  // By the request under way.
};

}  // namespace kcore::replication
