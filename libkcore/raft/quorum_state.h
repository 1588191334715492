#pragma once
// The quorum-state file: epoch, leader and vote, as JSON. Version 0 is that of static voters
// (kraft.version 0), version 1 of dynamic ones; both are read.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "raft/voters.h"

namespace kcore::raft {

inline constexpr std::string_view kQuorumState = "quorum-state";

struct Election {
    std::int32_t epoch = 0;
    std::int32_t leader = kNobody;
    std::int32_t voted = kNobody;
    Uuid voted_directory;
    friend bool operator==(const Election&, const Election&) = default;
};

std::string format_quorum_state(const Election& election, const VoterHistory& voters);
//   kafka_storage_error  not JSON, an unknown data_version, or a field that is missing
Result<Election> parse_quorum_state(std::string_view text);

}  // namespace kcore::raft
