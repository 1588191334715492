#pragma once
// What the leader of an epoch knows of the others: how far their logs reach, and when they were
// heard of. From it follow the high watermark and whether the leader still has a majority.
//
// Invariants:
//  1. The high watermark never falls, and reaches only offsets that more than half of the voters
//     have on their disks. The leader's own disk counts like any other, and not at all when it is
//     no voter.
//  2. It does not move before something of the leader's own epoch is below it: entries of earlier
//     epochs are committed by what follows them.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "raft/messages.h"
#include "raft/voters.h"
#include "rsm/progress.h"

namespace kcore::raft {

class Leadership {
public:
    struct Progress : rsm::Progress {  // Of what is on its disk.
        ReplicaKey key;                // Of a voter: as the voters have it.
        std::int64_t contact_ms = -1;  // When it was heard of; at first the epoch's begin.
    };

    Leadership(ReplicaKey self, std::int64_t epoch_start, const VoterSet& voters,
               std::int64_t now_ms);

    std::int64_t epoch_start() const { return epoch_start_; }
    void set_voters(const VoterSet& voters, std::int64_t now_ms);

    // A replica asks from `offset`: it has everything below it. `log_end` is the leader's.
    void on_fetch(const ReplicaKey& key, std::int64_t offset, std::int64_t log_end,
                  std::int64_t now_ms);
    // It lives, but says nothing of its log.
    void on_contact(const ReplicaKey& key, std::int64_t now_ms);
    void on_own_sync(std::int64_t end_offset);

    // What more than half of the voters have; nothing before the own epoch is among it.
    std::optional<std::int64_t> committed() const;
    // Since when more than half of the voters have been heard of: the oldest of the contacts that
    // make a majority.
    std::int64_t majority_contact_ms(std::int64_t now_ms) const;

    const std::map<std::int32_t, Progress>& voters() const { return voters_; }
    const std::map<ReplicaKey, Progress>& observers() const { return observers_; }
    const Progress* find(const ReplicaKey& key) const;
    // Voters by their end offsets, the furthest first, without the leader.
    std::vector<ReplicaKey> successors() const;
    void forget_observers(std::int64_t silent_since_ms);

private:
    Progress& of(const ReplicaKey& key);

    ReplicaKey self_;
    std::int64_t epoch_start_;
    std::int64_t own_end_ = -1;
    VoterSet set_;
    std::map<std::int32_t, Progress> voters_;
    std::map<ReplicaKey, Progress> observers_;
};

}  // namespace kcore::raft
