#pragma once
// Spreads background work over time: whoever moved some bytes rests until they are within a limit
// per second.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "io/clock.h"

namespace kcore::io {

// Of one loop.
class Rate {
public:
    explicit Rate(Clock& clock) : clock_(clock) {}

    // When `bytes` more, after all the others, will be within the limit; no later than in an hour.
    Instant end_of_rest(std::uint64_t bytes, double bytes_per_second) {
        constexpr double kSecondsMax = 3'600;
        const auto seconds =
            std::min(static_cast<double>(bytes) / std::max(bytes_per_second, 1.0), kSecondsMax);
        const std::chrono::duration<double> rest(seconds);
        free_at_ =
            std::max(free_at_, clock_.now()) + std::chrono::duration_cast<Instant::duration>(rest);
        return free_at_;
    }

private:
    Clock& clock_;
    Instant free_at_{};
};

}  // namespace kcore::io
