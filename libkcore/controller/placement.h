#pragma once
// Where new replicas go: spread over racks, then over brokers, live brokers before fenced ones.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace kcore::controller {

struct Candidate {
    std::int32_t broker = -1;
    std::optional<std::string> rack;
    bool fenced = false;
};

// Rules:
//  1. No broker twice in a partition; a rack twice only when every rack has a replica of it.
//  2. The first replica is on a live broker, and a fenced one is used only where its rack has no
//     live one left.
//  3. Leaders and followers of consecutive partitions move on by one, so that they spread evenly;
//     where the round begins is random.
//   invalid_replication_factor  0 or less, more than there are brokers, or no live broker at all
Result<std::vector<std::vector<std::int32_t>>> place(const std::vector<Candidate>& candidates,
                                                     std::int32_t partitions, std::int16_t replicas,
                                                     const std::function<std::uint64_t()>& random);

}  // namespace kcore::controller
