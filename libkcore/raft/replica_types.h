#pragma once
// The plain values that a raft/replica is made of and gives out.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "raft/messages.h"
#include "raft/voters.h"

namespace kcore::raft {

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::max();

//   from         on                                                     to
//   any          a higher epoch, its leader not known                   unattached
//   any          a leader of this epoch (when none is known) or higher  follower
//   unattached   a vote is asked for, our log is not further: voted     unattached
//   unattached   election timeout, a voter                              prospective
//   prospective  more than half would vote for us                       candidate, epoch + 1
//   prospective  lost, or election timeout                              follower, unattached
//   prospective  votes for another                                      unattached
//   candidate    more than half have voted for us                       leader
//   candidate    lost and waited, or election timeout                   prospective
//   follower     fetch timeout, or its leader resigned; a voter         prospective
//   leader       a majority has not fetched for 1.5 fetch timeouts      resigned
//   leader       shutdown, or voted out                                 resigned
//   resigned     election timeout                                       prospective, unattached
// A replica that is no voter is an observer: unattached or follower, without election timeout.
enum class Role : std::uint8_t {
    unattached,
    prospective,
    candidate,
    leader,
    follower,
    resigned,
};

struct ReplicaOptions {
    ReplicaKey self;
    std::string listener;                // Whose addresses of voters count; empty: their first.
    std::vector<Endpoint> endpoints;     // Of this node as a voter.
    std::vector<io::Address> bootstrap;  // controller.quorum.bootstrap.servers
    bool joins = false;                  // controller.quorum.auto.join.enable
    std::int64_t election_timeout_ms = 1000;
    std::int64_t fetch_timeout_ms = 2000;
    std::int64_t election_backoff_max_ms = 1000;
    std::int64_t retry_backoff_ms = 20;
    std::int32_t fetch_bytes = 1 << 20;
    std::int32_t snapshot_bytes = 1 << 20;
    std::int32_t fetch_wait_ms = 500;
};

using RequestId = std::uint64_t;

struct Send {
    RequestId id = 0;
    std::int32_t to = kNobody;  // -1: whoever listens there.
    io::Address address;
    Request request;
};
struct Reply {
    RequestId id = 0;
    Response response;
};
using Output = std::variant<Send, Reply>;

// A request without answer so far.
struct Sent {
    std::int32_t to = kNobody;
    Request request;
};

// A Fetch that waits for something new.
struct Parked {
    RequestId id = 0;
    FetchRequest request;
    std::int64_t deadline = 0;
};

// A snapshot on its way here.
struct Download {
    SnapshotId id;
    std::int64_t position = 0;
};

// What an operator, or a new voter itself, wants of the set of voters.
struct VoterChange {
    std::optional<RequestId> asked_by;  // Not yet answered.
    AddVoterRequest add;                // While the new voter is probed.
    std::optional<RequestId> probe;
    std::int64_t offset = -1;  // Of the record, once it is written.
    std::int64_t deadline = kNoTime;
};

}  // namespace kcore::raft
