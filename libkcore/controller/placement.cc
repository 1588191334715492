#include "controller/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace kcore::controller {
namespace {

using Random = std::function<std::uint64_t()>;

void shuffle(std::vector<std::int32_t>& items, const Random& random) {
    for (auto i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random() % i]);
}

// Brokers that follow each other round and round.
class Ring {
public:
    explicit Ring(std::vector<std::int32_t> brokers) : brokers_(std::move(brokers)) {}

    std::size_t size() const { return brokers_.size(); }
    // The broker `step` places after the start of this round.
    std::int32_t at(std::size_t step) const { return brokers_[(start_ + step) % brokers_.size()]; }
    void turn(std::size_t by) {
        if (!brokers_.empty()) start_ = (start_ + by) % brokers_.size();
    }

private:
    std::vector<std::int32_t> brokers_;
    std::size_t start_ = 0;
};

struct Rack {
    Ring live;
    Ring fenced;
    std::size_t taken = 0;  // Of the partition being placed.

    std::size_t left() const { return live.size() + fenced.size() - taken; }
    bool has_live() const { return taken < live.size(); }
    std::int32_t take() {
        const auto step = taken++;
        return step < live.size() ? live.at(step) : fenced.at(step - live.size());
    }
    void end_partition() {
        live.turn(std::min<std::size_t>(taken, 1));
        fenced.turn(taken > live.size() ? 1 : 0);
        taken = 0;
    }
};

std::vector<Rack> racks_of(const std::vector<Candidate>& candidates, const Random& random) {
    std::map<std::string, std::pair<std::vector<std::int32_t>, std::vector<std::int32_t>>> by_rack;
    for (const auto& c : candidates) {
        auto& [live, fenced] = by_rack[c.rack.value_or("")];
        (c.fenced ? fenced : live).push_back(c.broker);
    }
    std::vector<Rack> racks;
    for (auto& [name, brokers] : by_rack) {
        shuffle(brokers.first, random);
        shuffle(brokers.second, random);
        racks.push_back({Ring(std::move(brokers.first)), Ring(std::move(brokers.second))});
    }
    for (auto i = racks.size(); i > 1; --i) std::swap(racks[i - 1], racks[random() % i]);
    return racks;
}

// One partition: a replica from every rack in turn, beginning with `first`.
std::vector<std::int32_t> place_one(std::vector<Rack>& racks, std::size_t first,
                                    std::size_t replicas) {
    std::vector<std::int32_t> placed;
    std::size_t at = first;
    while (!racks[at % racks.size()].has_live()) ++at;  // There is one: the caller looked.
    while (placed.size() < replicas) {
        auto& rack = racks[at++ % racks.size()];
        if (rack.left() > 0) placed.push_back(rack.take());
    }
    for (auto& rack : racks) rack.end_partition();
    return placed;
}

}  // namespace

Result<std::vector<std::vector<std::int32_t>>> place(const std::vector<Candidate>& candidates,
                                                     std::int32_t partitions, std::int16_t replicas,
                                                     const Random& random) {
    const auto refuse = [&](const std::string& why) {
        return fail(Errc::invalid_replication_factor,
                    fmt::format("Unable to replicate the partition {} time(s): {}", replicas, why));
    };
    if (replicas <= 0) return refuse("Invalid replication factor " + std::to_string(replicas));
    if (std::ranges::all_of(candidates, &Candidate::fenced)) {
        return refuse(
            "All brokers are currently fenced or have all their log directories cordoned.");
    }
    if (static_cast<std::size_t>(replicas) > candidates.size()) {
        return refuse(fmt::format(
            "The target replication factor of {} cannot be reached because only {} broker(s) are "
            "registered or some brokers have all their log directories cordoned.",
            replicas, candidates.size()));
    }
    auto racks = racks_of(candidates, random);
    std::vector<std::vector<std::int32_t>> all;
    for (std::int32_t p = 0; p < partitions; ++p) {
        all.push_back(
            place_one(racks, static_cast<std::size_t>(p), static_cast<std::size_t>(replicas)));
    }
    return all;
}

}  // namespace kcore::controller
