#include "client/assignor.h"

#include <algorithm>
#include <tuple>

namespace kcore::client {

namespace {

bool subscribes(const Subscriber& member, const std::string& topic) {
    return std::ranges::find(member.topics, topic) != member.topics.end();
}

Shares empty_shares(const std::vector<Subscriber>& members) {
    Shares out;
    for (const auto& member : members) out[member.member_id];
    return out;
}

}  // namespace

void sort_members(std::vector<Subscriber>& members) {
    std::ranges::sort(members, {}, [](const Subscriber& m) {
        return std::tuple(m.instance_id.empty(), m.instance_id, m.member_id);
    });
}

Shares assign_range(std::vector<Subscriber> members, const PartitionCounts& counts) {
    sort_members(members);
    auto out = empty_shares(members);
    for (const auto& [topic, count] : counts) {
        std::vector<const Subscriber*> takers;
        for (const auto& member : members) {
            if (subscribes(member, topic)) takers.push_back(&member);
        }
        if (takers.empty()) continue;
        const auto each = count / static_cast<std::int32_t>(takers.size());
        const auto extra = count % static_cast<std::int32_t>(takers.size());
        std::int32_t next = 0;
        for (std::size_t i = 0; i < takers.size(); ++i) {
            const auto size = each + (static_cast<std::int32_t>(i) < extra ? 1 : 0);
            for (const auto end = next + size; next < end; ++next) {
                out[takers[i]->member_id].push_back({topic, next});
            }
        }
    }
    return out;
}

Shares assign_round_robin(std::vector<Subscriber> members, const PartitionCounts& counts) {
    sort_members(members);
    auto out = empty_shares(members);
    if (members.empty()) return out;
    std::size_t turn = 0;
    for (const auto& [topic, count] : counts) {
        const auto wants = [&](const Subscriber& m) { return subscribes(m, topic); };
        if (std::ranges::none_of(members, wants)) continue;
        for (std::int32_t partition = 0; partition < count; ++partition) {
            while (!wants(members[turn % members.size()])) ++turn;
            out[members[turn++ % members.size()].member_id].push_back({topic, partition});
        }
    }
    return out;
}

Assign assignor_by_name(std::string_view name) {
    if (name == "range") return assign_range;
    if (name == "roundrobin") return assign_round_robin;
    if (name == "sticky") return assign_sticky;
    if (name == "cooperative-sticky") return assign_cooperative_sticky;
    return nullptr;
}

}  // namespace kcore::client
