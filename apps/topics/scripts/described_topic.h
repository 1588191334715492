#pragma once
// Topics as kafka-topics --describe prints them.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/session.h"

namespace kcore::topics {

// With one of the first four only the partitions that are so, without their topics.
struct DescribeFlags {
    bool under_replicated = false;
    bool unavailable = false;
    bool under_min_isr = false;
    bool at_min_isr = false;
    bool only_overrides = false;
    std::int64_t page = 2'000;  // Partitions of an answer.

    std::array<std::pair<std::string_view, bool>, 4> of_partitions() const {
        return {{{"under-replicated-partitions", under_replicated},
                 {"unavailable-partitions", unavailable},
                 {"under-min-isr-partitions", under_min_isr},
                 {"at-min-isr-partitions", at_min_isr}}};
    }
};

Result<std::string> describe(cli::Session& session, const std::vector<std::string>& names,
                             const DescribeFlags& flags);

}  // namespace kcore::topics
