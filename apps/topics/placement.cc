#include "topics/placement.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace kcore::topics {

namespace {

using Brokers = std::map<std::int32_t, std::string>;
using Loads = std::map<std::int32_t, std::int64_t>;

std::int32_t best(const Replicas& taken, const Brokers& brokers, const Loads& loads) {
    std::set<std::string> racks;
    for (const auto id : taken) racks.insert(brokers.at(id));
    std::int32_t out = -1;
    std::tuple<bool, std::int64_t, std::int32_t> least;
    for (const auto& [id, rack] : brokers) {
        if (std::ranges::find(taken, id) != taken.end()) continue;
        const bool shares_rack = !rack.empty() && racks.contains(rack);
        const std::tuple cost{shares_rack, loads.at(id), id};
        if (out >= 0 && cost >= least) continue;
        out = id;
        least = cost;
    }
    return out;
}

}  // namespace

std::vector<Replicas> place(const std::vector<Replicas>& now, const Brokers& brokers,
                            std::size_t factor) {
    Loads loads;
    for (const auto& [id, rack] : brokers) loads[id] = 0;
    std::vector<Replicas> out;
    for (const auto& replicas : now) {
        auto& kept = out.emplace_back();
        for (const auto id : replicas) {
            if (kept.size() < factor && brokers.contains(id)) kept.push_back(id);
        }
        for (const auto id : kept) ++loads[id];
    }
    for (auto& replicas : out) {
        while (replicas.size() < factor) {
            const auto id = best(replicas, brokers, loads);
            replicas.push_back(id);
            ++loads[id];
        }
    }
    return out;
}

}  // namespace kcore::topics
