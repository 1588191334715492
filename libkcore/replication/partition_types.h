#pragma once
// What goes into a replication/partition and comes out of it, as plain values.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "log/epoch_cache.h"
#include "log/log_types.h"
#include "log/reads.h"
#include "replication/followers.h"

namespace kcore::replication {

enum class Isolation : std::uint8_t { uncommitted, committed };

struct AppendRequest {
    std::int16_t acks = 1;  // -1: refuse while the ISR is below min.insync.replicas.
    log::Origin origin = log::Origin::client;
    std::int32_t leader_epoch = -1;  // -1: whichever is current.
    std::int64_t now_ms = 0;
};

struct Appended : log::Appended {
    std::int32_t leader_epoch = -1;
    bool flush_due = false;  // flush.messages says: answer after when_flushed().
};

struct ReadRequest {
    std::int64_t offset = 0;
    std::size_t bytes_max = 0;
    bool at_least_one_batch = true;  // The first, whole, even when it is larger than bytes_max.
    Isolation isolation = Isolation::uncommitted;
    std::int32_t current_leader_epoch = -1;  // What the reader believes in; -1: it does not say.
    std::int32_t last_fetched_epoch = -1;
    bool may_follow = false;                // A replica that does not lead answers too (KIP-392).
    std::optional<FollowerState> follower;  // A replica reads, to the log end.
    // Given: the read does not wait for the disk; what it lacks is added here, and it fails.
    std::vector<log::ColdRange>* cold = nullptr;
};

struct ReadAnswer {
    std::int64_t high_watermark = -1;
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
    std::int64_t log_end_offset = -1;
    bool may_join_isr = false;               // The follower that reads: propose_isr() would say so.
    std::optional<log::EpochEnd> diverging;  // The reader's history is not ours: nothing was read.
    log::LogRead read;
    std::vector<log::AbortedTransaction> aborted;  // With Isolation::committed.
};

// Where a log ends: its end offset, and the epoch of the record before it (-1: none).
struct LogEnd {
    std::int64_t offset = 0;
    std::int32_t epoch = -1;
    friend bool operator==(const LogEnd&, const LogEnd&) = default;
};

// What a leader's answer brings to a follower.
struct Fetched {
    BytesView records;
    std::int64_t high_watermark = -1;
    std::int64_t log_start = -1;
};

// What the brokers of a partition are to each other.
struct PeerRules {
    const LiveBrokers& live;
    std::int64_t lag_max_ms;  // replica.lag.time.max.ms
};

}  // namespace kcore::replication
