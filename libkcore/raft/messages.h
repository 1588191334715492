#pragma once
// What replicas of the metadata log say to each other, as plain values. The bytes on the wire are
// raft/wire's business.

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/errc.h"
#include "log/epoch_cache.h"
#include "raft/snapshot.h"
#include "raft/voters.h"

namespace kcore::raft {

// Where a log ends, or is read from: an offset, and the epoch of the record before it.
struct OffsetEpoch {
    std::int64_t offset = 0;
    std::int32_t epoch = 0;
    // Which of two logs is further, as votes compare them.
    friend std::strong_ordering operator<=>(const OffsetEpoch& a, const OffsetEpoch& b) {
        return a.epoch != b.epoch ? a.epoch <=> b.epoch : a.offset <=> b.offset;
    }
    friend bool operator==(const OffsetEpoch&, const OffsetEpoch&) = default;
};

// What every answer says of the leadership.
struct LeaderInfo {
    std::int32_t leader = kNobody;
    std::int32_t epoch = 0;
    std::optional<io::Address> address;
    friend bool operator==(const LeaderInfo&, const LeaderInfo&) = default;
};

struct VoteRequest {
    ReplicaKey candidate;
    ReplicaKey voter;  // Whom the candidate means; id -1 in old versions.
    std::int32_t epoch = 0;
    OffsetEpoch last;
    bool is_pre_vote = false;  // KIP-996: would you vote for me? The epoch is not raised for it.
};
struct VoteResponse {
    Errc error = Errc::none;
    LeaderInfo leader;
    bool is_granted = false;
};

struct BeginEpochRequest {
    ReplicaKey voter;
    std::int32_t leader = kNobody;
    std::int32_t epoch = 0;
    std::vector<Endpoint> endpoints;  // The leader's.
};
struct EndEpochRequest {
    std::int32_t leader = kNobody;
    std::int32_t epoch = 0;
    std::vector<ReplicaKey> successors;  // Best first.
    std::vector<Endpoint> endpoints;
};
// To both.
struct EpochResponse {
    Errc error = Errc::none;
    LeaderInfo leader;
};

struct FetchRequest {
    ReplicaKey replica;
    std::int32_t epoch = 0;  // -1: not said.
    OffsetEpoch from;
    // KIP-1166: a leader that knows a higher one answers at once.
    std::int64_t high_watermark = std::numeric_limits<std::int64_t>::max();
    std::int32_t max_bytes = 0;
    std::int32_t max_wait_ms = 0;
};
struct FetchResponse {
    Errc error = Errc::none;
    LeaderInfo leader;
    std::int64_t high_watermark = -1;
    std::int64_t log_start = -1;
    std::optional<log::EpochEnd> diverging;  // Truncate to what we share up to there.
    std::optional<SnapshotId> snapshot;      // The log does not reach back that far: load this.
    Bytes records;
};

struct FetchSnapshotRequest {
    ReplicaKey replica;
    std::int32_t epoch = 0;
    SnapshotId id;
    std::int64_t position = 0;
    std::int32_t max_bytes = 0;
};
struct FetchSnapshotResponse {
    Errc error = Errc::none;
    LeaderInfo leader;
    SnapshotId id;
    std::int64_t size = 0;
    std::int64_t position = 0;
    Bytes bytes;
};

struct AddVoterRequest {
    Voter voter;
    bool ack_when_committed = true;
    std::int32_t timeout_ms = 0;
};
struct RemoveVoterRequest {
    ReplicaKey voter;
};
struct UpdateVoterRequest {
    std::int32_t epoch = 0;
    Voter voter;
};
// To all three.
struct VotersResponse {
    Errc error = Errc::none;
    std::string message;
    LeaderInfo leader;
};

// Which levels of kraft.version a replica knows.
struct ProbeRequest {};
struct ProbeResponse {
    std::int16_t version_min = 0;
    std::int16_t version_max = 0;
};

using Request = std::variant<VoteRequest, BeginEpochRequest, EndEpochRequest, FetchRequest,
                             FetchSnapshotRequest, AddVoterRequest, RemoveVoterRequest,
                             UpdateVoterRequest, ProbeRequest>;
using Response = std::variant<VoteResponse, EpochResponse, FetchResponse, FetchSnapshotResponse,
                              VotersResponse, ProbeResponse>;

}  // namespace kcore::raft
