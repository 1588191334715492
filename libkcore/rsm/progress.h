#pragma once
// How far a replica has followed its leader, as the leader learns it from what is fetched.

#include <algorithm>
#include <cstdint>

namespace kcore::rsm {

struct Progress {
    std::int64_t end_offset = -1;    // It has everything below; -1: never said.
    std::int64_t fetch_ms = -1;      // When it asked last.
    std::int64_t caught_up_ms = -1;  // When it last had all that the leader had.
    std::int64_t leader_end = -1;    // The leader's end when it asked last.

    // It asks from `offset` while the leader's log ends at `log_end`. Who has what the leader had
    // at the last question was caught up then: under load nobody ever has it all.
    void fetched(std::int64_t offset, std::int64_t log_end, std::int64_t now_ms) {
        if (offset >= log_end) {
            caught_up_ms = now_ms;
        } else if (fetch_ms >= 0 && offset >= leader_end) {
            caught_up_ms = std::max(caught_up_ms, fetch_ms);
        }
        end_offset = offset;
        leader_end = log_end;
        fetch_ms = now_ms;
    }
};

}  // namespace kcore::rsm
