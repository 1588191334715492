#pragma once
// What the leader of a partition knows of its followers, and what follows from it: how far the high
// watermark may go, and who should be in the ISR. A plain object under its partition's mutex.
//
// Invariants:
//  1. The high watermark passes nothing that a member of the maximal ISR lacks: that is the ISR as
//     the controller has it, and whoever the leader has asked it to let in.
//  2. Only the controller changes the ISR. One proposal is open at a time, until the controller has
//     said what became of it or an image shows it.
//  3. Nobody is proposed before it has what is committed and what earlier leaders left.
//  4. While the ISR is smaller than min.insync.replicas nothing becomes committed (KIP-966).
//  5. A live replica that keeps up counts for the high watermark before it is in the ISR, or under
//     load it would never get there.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "replication/leadership.h"
#include "replication/live_brokers.h"
#include "rsm/progress.h"

namespace kcore::replication {

// A follower as its fetch shows it.
struct FollowerState {
    std::int32_t broker = -1;
    std::int64_t broker_epoch = LiveBrokers::kAnyEpoch;
    std::int64_t log_start = -1;
    std::int64_t now_ms = 0;  // Of a clock that only rises.
};

struct IsrMember {
    std::int32_t broker = -1;
    std::int64_t broker_epoch = LiveBrokers::kAnyEpoch;
    friend bool operator==(const IsrMember&, const IsrMember&) = default;
};

// What a leader asks of the controller.
struct IsrProposal {
    std::int32_t leader_epoch = -1;
    std::int32_t partition_epoch = -1;
    std::vector<IsrMember> isr;
    friend bool operator==(const IsrProposal&, const IsrProposal&) = default;
};

class Followers {
public:
    // `live` outlives it.
    Followers(std::int32_t self, const LiveBrokers& live, std::int64_t lag_max_ms)
        : self_(self), live_(live), lag_max_ms_(lag_max_ms) {}

    // This broker leads in a new epoch, which begins at `log_end`: members of the ISR get the whole
    // lag's time.
    void begin(const Leadership& leadership, std::int64_t log_end, std::int64_t now_ms);
    // The image or the controller has said who leads and who is in sync.
    void forget_proposal() { proposal_.reset(); }
    void at_time(std::int64_t now_ms) { now_ms_ = std::max(now_ms_, now_ms); }

    void fetched(const FollowerState& follower, std::int64_t offset, std::int64_t log_end);
    // The lowest start of a live replica's log, when the leader's own is `log_start`.
    std::int64_t low_watermark(const Leadership& leadership, std::int64_t log_start) const;
    bool is_readable(std::int32_t broker, std::int64_t offset) const;
    // How far the high watermark may go; nothing: not at all.
    std::optional<std::int64_t> committed(const Leadership& leadership, std::int64_t log_end,
                                          std::int32_t min_insync_replicas) const;

    // Opens a proposal when somebody is to join or to leave the ISR and none is open.
    std::optional<IsrProposal> propose(const Leadership& leadership, std::int64_t high_watermark,
                                       std::int64_t log_end);
    // Whether `broker` has just become fit for the ISR.
    bool may_join(const Leadership& leadership, std::int32_t broker,
                  std::int64_t high_watermark) const;
    const std::optional<IsrProposal>& proposal() const { return proposal_; }

private:
    struct Follower : rsm::Progress {
        std::int64_t log_start = -1;
        std::int64_t broker_epoch = LiveBrokers::kAnyEpoch;
    };

    const Follower& of(std::int32_t broker) const;
    bool is_in_maximal_isr(const Leadership& leadership, std::int32_t broker) const;
    bool keeps_up(std::int32_t broker, std::int64_t log_end) const;
    bool is_fit(std::int32_t broker, std::int64_t high_watermark) const;

    const std::int32_t self_;
    const LiveBrokers& live_;
    const std::int64_t lag_max_ms_;
    std::map<std::int32_t, Follower> followers_;
    std::optional<IsrProposal> proposal_;
    std::int64_t epoch_start_ = 0;
    std::int64_t now_ms_ = 0;  // The latest heard of.
};

}  // namespace kcore::replication
