#pragma once
// What a broker counts of its traffic: requests by API, records' bytes in and out. Thread-safe;
// read by the metrics page.

#include <array>
#include <cstdint>

#include "base/metrics.h"

namespace kcore::broker {

struct Traffic {
    static constexpr std::size_t kApis = 96;

    std::array<Counter, kApis> requests;  // By API key.
    Counter messages_in;                  // Records appended for clients.
    Counter bytes_in;                     // Of record batches appended for clients.
    Counter bytes_out;                    // Of record batches sent to consumers.
    Counter produce_failures;             // Partitions of produce requests that were refused.

    void count_request(std::int16_t key) {
        if (key >= 0 && static_cast<std::size_t>(key) < kApis) {
            requests[static_cast<std::size_t>(key)].add();
        }
    }
};

}  // namespace kcore::broker
