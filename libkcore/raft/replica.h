#pragma once
// One replica of the metadata log in KRaft: elections, replication, snapshots, voters. It decides;
// sockets, timers and files belong to raft/node. Inputs are messages, the time and what the disk
// has done; outputs are messages, an election to store and calls to ReplicaLog. Lives on one loop.
//
// Invariants:
//  1. The epoch never falls. In one epoch a replica votes once and follows one leader.
//  2. Nothing leaves while epoch, vote and leader are not on the disk: outputs() holds it back.
//  3. What a Fetch says a replica has is on its disk: nothing is fetched while part of the log is
//     not. So the log is never truncated with a sync under way.
//  4. A leader has the votes of more than half of the voters and never truncates its own log; its
//     epoch begins with a LeaderChange record.
//  5. The high watermark never falls (Leadership says how it rises), and nothing below it is
//     truncated: a leader that asks for it is not obeyed, the replica fails.
//  6. The log holds a prefix of what a leader of its last epoch had, after the end of a snapshot.
//  7. Voters change one at a time, the next after the last is committed and something of the
//     leader's own epoch as well (KIP-853). A leader that is voted out resigns when that is.
// Role has the table of transitions.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/random.h"
#include "raft/leadership.h"
#include "raft/messages.h"
#include "raft/quorum_state.h"
#include "raft/replica_log.h"
#include "raft/replica_types.h"
#include "raft/voters.h"

namespace kcore::raft {

// Times are milliseconds of one clock that never goes back.
class Replica {
public:
    Replica(ReplicaOptions options, ReplicaLog& log, io::Random& random);  // These outlive it.

    // --- Inputs
    // `voters`: as configured, with what the log says of them; `synced_end`: the log below is safe.
    void start(const Election& last, VoterHistory voters, std::int64_t synced_end,
               std::int64_t now_ms);
    void on_request(RequestId id, const Request& request, std::int64_t now_ms);
    void on_response(RequestId id, Response response, std::int64_t now_ms);
    void on_no_response(RequestId id, std::int64_t now_ms);
    void on_stored(const Election& election, std::int64_t now_ms);
    void on_synced(std::int64_t end_offset, std::int64_t now_ms);
    void on_snapshot_stored(const SnapshotId& id, Result<VoterHistory::Entry> voters_in_it,
                            std::int64_t now_ms);
    void on_disk_failure(const Error& error);
    void on_time(std::int64_t now_ms);
    // Leads no more, and does not stand again.
    void shut_down(std::int64_t now_ms);

    // One batch of the state machine's; gives its base offset.
    //   not_leader_or_follower  does not lead in `epoch`
    Result<std::int64_t> append(std::span<std::byte> batch, std::int32_t epoch,
                                std::int64_t now_ms);

    // --- Outputs
    std::vector<Output> outputs();
    // Set: is to be stored, and then on_stored() told.
    std::optional<Election> to_store() const;
    std::int64_t next_deadline() const;
    const std::optional<Error>& failure() const { return failure_; }

    // --- What it knows
    Role role() const { return role_; }
    const Election& election() const { return election_; }
    std::int32_t epoch() const { return election_.epoch; }
    std::int64_t high_watermark() const { return high_watermark_; }
    bool has_caught_up() const { return has_caught_up_; }  // Before, that may be far behind.
    const VoterHistory& voters() const { return voters_; }
    const ReplicaKey& self() const { return options_.self; }
    bool is_leader() const { return role_ == Role::leader; }
    bool is_voter() const { return voters_.voters().is_voter(options_.self); }
    bool is_lone_voter() const { return is_voter() && voters_.voters().size() == 1; }
    const std::optional<Leadership>& leadership() const { return leadership_; }
    LeaderInfo leader() const;
    std::optional<io::Address> address_of(std::int32_t id) const;
    // All voters know that it resigned.
    bool has_taken_leave() const { return role_ != Role::resigned || due_.empty(); }

private:
    // replica.cc
    void settle(std::int64_t now);
    void commit(std::int64_t now);
    void raise_high_watermark(std::int64_t to);
    RequestId send(std::int32_t to, const io::Address& address, Request request);
    bool send_to(std::int32_t to, Request request);
    void reply(RequestId id, Response response);
    bool heard(const LeaderInfo& info, std::int64_t now);
    void fail(const Error& error);
    Errc check_leader(std::int32_t epoch) const;
    bool means_me(const ReplicaKey& key) const;
    void role_timeout(std::int64_t now);
    std::int64_t role_deadline() const;

    // replica_election.cc
    void leave_role();
    void become_unattached(std::int32_t epoch, std::int64_t now);
    void become_prospective(std::int64_t now);
    void become_candidate(std::int64_t now);
    void become_leader(std::int64_t now);
    void follow(std::int32_t epoch, std::int32_t leader, std::optional<io::Address> address,
                std::int64_t now);
    void resign(std::int64_t now);
    void raise_epoch(std::int32_t epoch);
    bool would_vote(const VoteRequest& ask) const;
    void count_votes(std::int64_t now);
    void lose(std::int64_t now);
    void tell_others(std::int64_t now);
    std::int64_t election_jitter();
    std::int64_t below(std::int64_t bound);
    void handle(RequestId id, const VoteRequest& ask, std::int64_t now);
    void handle(RequestId id, const BeginEpochRequest& ask, std::int64_t now);
    void handle(RequestId id, const EndEpochRequest& ask, std::int64_t now);
    void took(const Sent& sent, const VoteResponse& answer, std::int64_t now);
    void took(const Sent& sent, const EpochResponse& answer, std::int64_t now);

    // replica_leader.cc
    void handle(RequestId id, const FetchRequest& ask, std::int64_t now);
    void handle(RequestId id, const FetchSnapshotRequest& ask, std::int64_t now);
    FetchResponse answer_to(const FetchRequest& ask) const;
    void check_position(const OffsetEpoch& from, FetchResponse& answer) const;
    bool has_news(const FetchRequest& ask) const;
    std::int64_t known_high_watermark() const;
    void serve_parked(std::int64_t now);

    // replica_follower.cc
    void fetch(std::int64_t now);
    bool may_fetch() const;
    std::optional<std::pair<std::int32_t, io::Address>> fetch_from(std::int64_t now);
    void took(const Sent& sent, FetchResponse& answer, std::int64_t now);
    void took(const Sent& sent, const FetchSnapshotResponse& answer, std::int64_t now);
    void append_fetched(const FetchResponse& answer, std::int64_t now);
    void truncate(const log::EpochEnd& diverging, std::int64_t now);
    void retry_later(std::int64_t now);
    void store(const SnapshotId& id);
    void adopt(const SnapshotId& id, VoterHistory::Entry voters);

    // replica_voters.cc
    void handle(RequestId id, const AddVoterRequest& ask, std::int64_t now);
    void handle(RequestId id, const RemoveVoterRequest& ask, std::int64_t now);
    void handle(RequestId id, const UpdateVoterRequest& ask, std::int64_t now);
    void handle(RequestId id, const ProbeRequest& ask, std::int64_t now);
    void took(const Sent& sent, const VotersResponse& answer, std::int64_t now);
    void took(const Sent& sent, const ProbeResponse& answer, std::int64_t now);
    std::optional<VotersResponse> lack(const Voter& voter) const;
    std::optional<VotersResponse> refusal() const;
    bool write_voters(const VoterSet& voters, std::int64_t now);
    void answer_change(Errc error, const std::string& message);
    void finish_change(std::int64_t now);
    void ask_to_join(std::int64_t now);

    ReplicaOptions options_;
    ReplicaLog& log_;
    io::Random& random_;

    Role role_ = Role::unattached;
    Election election_;
    Election stored_;
    VoterHistory voters_;
    std::int64_t high_watermark_ = 0;
    bool has_caught_up_ = false;
    std::int64_t synced_end_ = 0;
    std::optional<Error> failure_;
    bool is_shut_down_ = false;

    std::int64_t deadline_ = kNoTime;           // Of the role.
    std::map<std::int32_t, std::int64_t> due_;  // When a voter is to be told, or asked, next.
    std::set<std::int32_t> granted_;
    std::set<std::int32_t> rejected_;
    int losses_ = 0;  // In a row.

    std::optional<io::Address> leader_address_;  // As told; the voters' may be older.
    std::optional<RequestId> fetch_;             // Under way.
    std::int64_t next_fetch_ = 0;
    std::int64_t next_join_ = 0;
    bool has_fetched_ = false;  // From this leader.
    std::optional<Download> download_;
    std::optional<SnapshotId> storing_;
    std::int32_t storing_epoch_ = 0;  // When it was asked for.

    std::optional<Leadership> leadership_;
    std::vector<ReplicaKey> successors_;
    std::vector<Parked> parked_;
    std::optional<VoterChange> change_;

    std::map<RequestId, Sent> sent_;
    RequestId last_id_ = 0;
    std::vector<Output> outputs_;
};

}  // namespace kcore::raft
