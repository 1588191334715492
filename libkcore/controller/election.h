#pragma once
// Who leads a partition and who is in sync, when something about its replicas changes: the one
// place where a PartitionChangeRecord is made. KIP-966 (eligible leader replicas) where it is on.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "metadata/features.h"
#include "metadata/image.h"
#include "metadata/record.h"

namespace kcore::controller {

// What a partition's leader_recovery_state is, outside and inside of an unclean election.
inline constexpr std::int8_t kRecovered = 0;
inline constexpr std::int8_t kRecovering = 1;

enum class ElectionKind : std::uint8_t {
    online,     // Keep the leader while it can lead.
    preferred,  // The first replica if it can lead.
    unclean,    // Any live replica rather than none.
};

// What holds while a partition is looked at.
struct ElectionRules {
    std::function<bool(std::int32_t)> can_lead;  // Live, its directory too.
    ElectionKind kind = ElectionKind::online;
    std::function<Uuid(std::int32_t)> directory_for;  // Of a replica that is new.
    metadata::MetadataVersion level;
    bool elr = false;
    std::int32_t min_insync_replicas = 1;
};

// What is to become of a partition; absent: stays.
struct Target {
    std::optional<std::vector<std::int32_t>> isr;
    std::optional<std::vector<std::int32_t>> replicas;  // With those that a reassignment removes.
    std::optional<std::vector<std::int32_t>> adding;
    std::optional<std::vector<std::int32_t>> removing;
    std::optional<std::vector<Uuid>> directories;
    std::optional<std::int8_t> recovery_state;
    std::set<std::int32_t> lost;  // Restarted uncleanly: what they had may be gone.
};

// Rules:
//  1. A leader is live and in the ISR; with none there, in the ELR; failing that, and with both
//     empty, the last known leader; failing that, with an unclean election, any live replica.
//     Those of the last two kinds start alone in the ISR and recovering.
//  2. Without ELR the ISR never becomes empty: its last member stays, also when it cannot lead.
//  3. With ELR, while the ISR is smaller than min.insync.replicas, whoever leaves it becomes
//     eligible, unless it lost its data; as soon as the ISR is large enough nobody else is.
//  4. The leader epoch grows with a change of the leader, and below metadata.version 3.6-IV0 also
//     when the ISR shrinks. It grows too when a replica is taken away.
//  5. A reassignment ends with the change that brings all of its new replicas into the ISR: those
//  to
//     be removed go with it.
// Nothing when nothing changes.
std::optional<metadata::Record> change_partition(const Uuid& topic, std::int32_t number,
                                                 const metadata::Partition& old,
                                                 const Target& target, const ElectionRules& rules);

}  // namespace kcore::controller
