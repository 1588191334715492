#pragma once
// The decisions of a KRaft voter: epochs, votes, and how far the log of a leader is committed. No
// files, no messages; raft/node carries them out.

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "raft/quorum_state.h"

namespace kcore::raft {

enum class QuorumRole : std::uint8_t { unattached, candidate, leader };

// Invariants:
//  1. The epoch never falls, and epoch and vote are on disk before anything is done that follows
//     from them: whoever changes this object persists election() before going on.
//  2. One vote in an epoch: an election always takes the next epoch.
//  3. A candidate becomes leader with the votes of more than half of the voters, its own included.
//  4. The high watermark never falls, and reaches only offsets that more than half of the voters,
//     this one included, have on disk.
//  5. It does not move before something of the leader's own epoch is among them: entries of earlier
//     epochs are committed by what follows them.
//
//   unattached --start_election--> candidate --majority--> leader
class Quorum {
public:
    // `voters` holds `node`. A past leader does not lead on: its epoch is over.
    Quorum(std::int32_t node, std::set<std::int32_t> voters, Election last);

    QuorumRole role() const { return role_; }
    std::int32_t epoch() const { return election_.epoch; }
    const Election& election() const { return election_; }
    std::int64_t high_watermark() const { return high_watermark_; }
    const std::set<std::int32_t>& voters() const { return voters_; }
    const std::set<std::int32_t>& granted() const { return granted_; }

    // Stands for the next epoch. `log_epoch` is the newest epoch in the log, which may be ahead of
    // a quorum-state file that was lost.
    void start_election(std::int32_t log_epoch);
    // A voter's answer. Only a candidate listens; others and strangers are ignored.
    void on_vote(std::int32_t voter, bool granted);

    // The leader has written its LeaderChange record at this offset.
    void on_epoch_start(std::int64_t offset);
    // `voter` has everything below `end_offset` on disk. True when the high watermark moved.
    bool on_stored(std::int32_t voter, std::int64_t end_offset);

private:
    bool is_majority(std::size_t count) const { return 2 * count > voters_.size(); }

    std::int32_t node_;
    std::set<std::int32_t> voters_;
    Election election_;
    QuorumRole role_ = QuorumRole::unattached;
    std::set<std::int32_t> granted_;
    std::map<std::int32_t, std::int64_t> stored_;  // End offset by voter.
    std::int64_t epoch_start_ = 0;
    std::int64_t high_watermark_ = 0;
};

}  // namespace kcore::raft
