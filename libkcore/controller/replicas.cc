#include "controller/replicas.h"

#include <algorithm>
#include <utility>

#include "controller/broker_ids.h"

namespace kcore::controller {
namespace {

using metadata::kNoLeader;
using metadata::Partition;
using metadata::Topic;

template <class F>
void for_each_partition(const metadata::Image& image, F&& each) {
    for (const auto& topic : image.topics_sorted()) {
        for (std::int32_t i = 0; i < topic->partition_count(); ++i) {
            each(*topic, i, *topic->partition(i));
        }
    }
}

void add(std::optional<metadata::Record> record, Records& out) {
    if (record) out.push_back(std::move(*record));
}

// Changes one partition so that `broker` neither leads it nor is in sync.
void drop_from(const State& state, const Topic& topic, std::int32_t number, const Partition& p,
               std::int32_t broker, bool lost, Records& out) {
    Target target;
    target.isr = without(p.isr, {broker});
    if (lost) target.lost = {broker};
    auto election = state.election(topic.name, p);
    election.can_lead = [others = std::move(election.can_lead), broker](std::int32_t id) {
        return id != broker && others(id);
    };
    add(change_partition(topic.id, number, p, target, election), out);
}

}  // namespace

void leave_isr(const State& state, std::int32_t broker, bool lost, Records& out) {
    for_each_partition(
        *state.image, [&](const Topic& topic, std::int32_t number, const Partition& p) {
            const bool concerned =
                p.leader == broker || has(p.isr, broker) || (lost && has(p.elr, broker));
            if (concerned) drop_from(state, topic, number, p, broker, lost, out);
        });
}

void lead_again(const State& state, std::int32_t broker, Records& out) {
    for_each_partition(
        *state.image, [&](const Topic& topic, std::int32_t number, const Partition& p) {
            if (p.leader != kNoLeader || !has(p.replicas, broker)) return;
            if (!state.has_replica(broker, p)) return;
            auto election = state.election(topic.name, p);
            election.can_lead = [others = std::move(election.can_lead), broker](std::int32_t id) {
                return id == broker || others(id);
            };
            add(change_partition(topic.id, number, p, Target(), election), out);
        });
}

void lose_directories(const State& state, std::int32_t broker, const std::set<Uuid>& directories,
                      Records& out) {
    for_each_partition(
        *state.image, [&](const Topic& topic, std::int32_t number, const Partition& p) {
            if (!has(p.replicas, broker) || !directories.contains(p.directory_of(broker))) return;
            if (p.leader == broker || has(p.isr, broker)) {
                drop_from(state, topic, number, p, broker, false, out);
            }
        });
}

bool has_leaderships(const metadata::Image& image, std::int32_t broker) {
    bool found = false;
    image.topics_by_id.for_each([&](const Uuid&, const metadata::TopicPtr& topic) {
        found = found || std::ranges::any_of(topic->partitions,
                                             [&](const auto& p) { return p->leader == broker; });
    });
    return found;
}

void rebalance_leaders(const State& state, std::size_t limit, Records& out) {
    for_each_partition(
        *state.image, [&](const Topic& topic, std::int32_t number, const Partition& p) {
            if (out.size() >= limit || p.replicas.empty() || p.leader == p.replicas[0]) return;
            if (!has(p.isr, p.replicas[0]) || !state.is_active(p.replicas[0])) return;
            const auto election = state.election(topic.name, p, ElectionKind::preferred);
            add(change_partition(topic.id, number, p, Target(), election), out);
        });
}

void elect_unclean(const State& state, std::size_t limit, Records& out) {
    for_each_partition(*state.image,
                       [&](const Topic& topic, std::int32_t number, const Partition& p) {
                           if (out.size() >= limit || p.leader != kNoLeader) return;
                           const auto election = state.election(topic.name, p);
                           if (election.kind != ElectionKind::unclean) return;
                           add(change_partition(topic.id, number, p, Target(), election), out);
                       });
}

}  // namespace kcore::controller
