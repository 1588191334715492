#include "controller/election.h"

#include <algorithm>
#include <utility>

#include "controller/broker_ids.h"

namespace kcore::controller {
namespace {

using metadata::kNoLeader;
using metadata::Partition;

struct NextState {
    BrokerIds replicas;
    BrokerIds adding;
    BrokerIds removing;
    BrokerIds isr;
    BrokerIds elr;
    BrokerIds last_known_elr;
    std::int32_t leader = kNoLeader;
    bool unclean = false;
};

class Election {
public:
    Election(const Partition& old, const Target& target, const ElectionRules& rules)
        : old_(old), target_(target), rules_(rules) {
        next_.isr = target.isr.value_or(old.isr);
        if (next_.isr.empty() && !rules.elr) next_.isr = old.isr;
        next_.last_known_elr = old.last_known_elr;
        next_.replicas = target.replicas.value_or(old.replicas);
        next_.adding = target.adding.value_or(old.adding_replicas);
        next_.removing = target.removing.value_or(old.removing_replicas);
    }

    NextState run() {
        end_reassignment();
        next_.elr = eligible();
        elect();
        next_.elr = eligible();
        update_last_known();
        return std::move(next_);
    }

private:
    void end_reassignment() {
        if (next_.adding.empty() && next_.removing.empty()) return;
        const auto isr = without(next_.isr, next_.removing);
        const bool is_whole =
            std::ranges::all_of(next_.adding, [&](std::int32_t id) { return has(isr, id); });
        if (isr.empty() || !is_whole) return;
        next_.isr = isr;
        next_.replicas = without(next_.replicas, next_.removing);
        next_.adding.clear();
        next_.removing.clear();
    }

    std::int32_t min_insync() const {
        return std::min(rules_.min_insync_replicas,
                        static_cast<std::int32_t>(next_.replicas.size()));
    }

    BrokerIds eligible() const {
        if (!rules_.elr) return old_.elr;
        if (static_cast<std::int32_t>(next_.isr.size()) >= min_insync()) return {};
        BrokerIds to;
        for (const auto* from : {&old_.elr, &old_.isr}) {
            for (const auto id : *from) {
                const bool is_out = !has(next_.isr, id) && has(next_.replicas, id);
                if (is_out && !has(to, id) && !target_.lost.contains(id)) to.push_back(id);
            }
        }
        return to;
    }

    bool leads_cleanly(std::int32_t id) const { return has(next_.isr, id) && rules_.can_lead(id); }

    void elect() {
        const auto& replicas = next_.replicas;
        if (rules_.kind == ElectionKind::preferred && !replicas.empty() &&
            leads_cleanly(replicas[0])) {
            next_.leader = replicas[0];
            return;
        }
        if (leads_cleanly(old_.leader)) {
            next_.leader = old_.leader;
            return;
        }
        const auto in_sync =
            std::ranges::find_if(replicas, [&](auto id) { return leads_cleanly(id); });
        if (in_sync != replicas.end()) {
            next_.leader = *in_sync;
            return;
        }
        elect_from_outside();
    }

    // No live member of the ISR is left.
    void elect_from_outside() {
        const auto& replicas = next_.replicas;
        const auto from_elr = std::ranges::find_if(
            replicas, [&](auto id) { return has(next_.elr, id) && rules_.can_lead(id); });
        if (from_elr != replicas.end() && next_.isr.empty()) {
            start_with(*from_elr, false);
            return;
        }
        const auto& last = old_.last_known_elr;
        if (rules_.elr && next_.isr.empty() && next_.elr.empty() && last.size() == 1 &&
            rules_.can_lead(last[0])) {
            start_with(last[0], true);
            return;
        }
        if (rules_.kind != ElectionKind::unclean) return;
        const auto any = std::ranges::find_if(replicas, rules_.can_lead);
        if (any != replicas.end()) start_with(*any, true);
    }

    void start_with(std::int32_t leader, bool unclean) {
        next_.leader = leader;
        next_.isr = {leader};
        next_.unclean = unclean;
    }

    void update_last_known() {
        if (!rules_.elr) return;
        if (next_.leader != kNoLeader) {
            next_.last_known_elr.clear();
        } else if (next_.isr.empty() && old_.leader != kNoLeader) {
            next_.last_known_elr = {old_.leader};
        }
    }

    const Partition& old_;
    const Target& target_;
    const ElectionRules& rules_;
    NextState next_;
};

bool has_changes(const protocol::PartitionChangeRecord& r) {
    return r.isr || r.leader != -2 || r.replicas || r.removing_replicas || r.adding_replicas ||
           r.leader_recovery_state >= 0 || r.directories || r.eligible_leader_replicas ||
           r.last_known_elr;
}

bool shrank(const BrokerIds& from, const BrokerIds& to) {
    return std::ranges::any_of(from, [&](auto id) { return !has(to, id); });
}

// Replicas that stay keep theirs.
std::vector<Uuid> directories_for(const Partition& old, const BrokerIds& replicas,
                                  const ElectionRules& rules) {
    std::vector<Uuid> directories;
    for (const auto id : replicas) {
        directories.push_back(has(old.replicas, id) ? old.directory_of(id)
                                                    : rules.directory_for(id));
    }
    return directories;
}

}  // namespace

std::optional<metadata::Record> change_partition(const Uuid& topic, std::int32_t number,
                                                 const Partition& old, const Target& target,
                                                 const ElectionRules& rules) {
    const auto next = Election(old, target, rules).run();
    const auto version = rules.level.partition_record();
    protocol::PartitionChangeRecord r;
    r.partition_id = number;
    r.topic_id = topic;
    if (next.isr != old.isr) r.isr = next.isr;
    if (next.replicas != old.replicas) r.replicas = next.replicas;
    if (next.adding != old.adding_replicas) r.adding_replicas = next.adding;
    if (next.removing != old.removing_replicas) r.removing_replicas = next.removing;
    const bool bump = shrank(old.replicas, next.replicas) ||
                      (!rules.level.keeps_leader_epoch_on_shrink() && shrank(old.isr, next.isr));
    if (next.leader != old.leader || bump) r.leader = next.leader;
    auto recovery = target.recovery_state.value_or(old.leader_recovery_state);
    if (next.unclean) recovery = kRecovering;
    if (recovery != old.leader_recovery_state) r.leader_recovery_state = recovery;
    if (version >= 1 && (r.replicas || target.directories)) {
        auto directories =
            target.directories ? *target.directories : directories_for(old, next.replicas, rules);
        if (directories != old.directories) r.directories = std::move(directories);
    }
    if (version >= 2 && next.elr != old.elr) r.eligible_leader_replicas = next.elr;
    if (version >= 2 && next.last_known_elr != old.last_known_elr) {
        r.last_known_elr = next.last_known_elr;
    }
    if (!has_changes(r)) return std::nullopt;
    return metadata::Record{std::move(r), version};
}

}  // namespace kcore::controller
