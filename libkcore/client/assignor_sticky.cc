// The sticky assignors: everybody keeps what it has as far as that is balanced.
#include <algorithm>
#include <set>
#include <utility>

#include "client/assignor.h"

namespace kcore::client {

namespace {

// Who says to own a partition: those of the highest generation.
struct Claim {
    std::int32_t generation = -1;
    std::vector<std::size_t> members;
};

class Sticky {
public:
    Sticky(const std::vector<Subscriber>& members, const PartitionCounts& counts)
        : members_(members), counts_(counts), loads_(members.size(), 0) {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            for (const auto& topic : members_[i].topics) takers_[topic].push_back(i);
        }
    }

    // Once.
    void run() {
        collect_claims();
        for (const auto& [topic, count] : counts_) {
            if (!takers_.contains(topic)) continue;
            for (std::int32_t number = 0; number < count; ++number) keep({topic, number});
        }
        for (const auto& partition : homeless_) give(partition, lightest(partition.topic));
        while (level()) continue;
    }

    // Without what another member has to give up first.
    void withhold_moves() {
        std::erase_if(owners_, [this](const auto& one) {
            const auto claim = claims_.find(one.first);
            const auto is_other = [&](std::size_t member) { return member != one.second; };
            return claim != claims_.end() && std::ranges::any_of(claim->second.members, is_other);
        });
    }

    Shares shares() const {
        Shares out;
        for (const auto& member : members_) out[member.member_id];
        for (const auto& [partition, owner] : owners_) {
            out[members_[owner].member_id].push_back(partition);
        }
        return out;
    }

private:
    void collect_claims() {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            for (const auto& partition : members_[i].owned) {
                auto& claim = claims_[partition];
                if (claim.generation > members_[i].generation) continue;
                if (claim.generation < members_[i].generation) claim.members.clear();
                claim.generation = members_[i].generation;
                claim.members.push_back(i);
            }
        }
    }

    // With its owner when there is one, and only one.
    void keep(const TopicPartition& partition) {
        const auto claim = claims_.find(partition);
        const bool is_owned = claim != claims_.end() && claim->second.members.size() == 1 &&
                              takes(claim->second.members[0], partition.topic);
        if (is_owned) {
            give(partition, claim->second.members[0]);
        } else {
            homeless_.push_back(partition);
        }
    }

    bool takes(std::size_t member, const std::string& topic) const {
        return std::ranges::find(members_[member].topics, topic) != members_[member].topics.end();
    }
    void give(const TopicPartition& partition, std::size_t member) {
        owners_[partition] = member;
        ++loads_[member];
    }
    std::size_t lightest(const std::string& topic) const {
        return *std::ranges::min_element(takers_.at(topic), {},
                                         [this](std::size_t i) { return loads_[i]; });
    }

    // Moves from members who have at least two more than another who could take it. Each move makes
    // the sum of squares of the loads smaller, so this ends.
    bool level() {
        bool has_moved = false;
        for (auto& [partition, owner] : owners_) {
            const auto to = lightest(partition.topic);
            if (loads_[owner] < loads_[to] + 2) continue;
            --loads_[owner];
            ++loads_[to];
            owner = to;
            has_moved = true;
        }
        return has_moved;
    }

    const std::vector<Subscriber>& members_;
    const PartitionCounts& counts_;
    std::map<std::string, std::vector<std::size_t>> takers_;
    std::vector<std::size_t> loads_;
    std::map<TopicPartition, Claim> claims_;
    std::map<TopicPartition, std::size_t> owners_;
    std::vector<TopicPartition> homeless_;
};

}  // namespace

Shares assign_sticky(std::vector<Subscriber> members, const PartitionCounts& counts) {
    sort_members(members);
    Sticky sticky(members, counts);
    sticky.run();
    return sticky.shares();
}

Shares assign_cooperative_sticky(std::vector<Subscriber> members, const PartitionCounts& counts) {
    sort_members(members);
    Sticky sticky(members, counts);
    sticky.run();
    sticky.withhold_moves();
    return sticky.shares();
}

}  // namespace kcore::client
