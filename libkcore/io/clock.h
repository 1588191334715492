#pragma once
// Time. Every class that waits or stamps gets a Clock; nothing else may ask the system.

#include <chrono>
#include <cstdint>

namespace kcore::io {

// Monotonic. The simulator makes its own.
using Instant = std::chrono::steady_clock::time_point;
using Deadline = Instant;
using Milliseconds = std::chrono::milliseconds;

inline constexpr Deadline kNever = Deadline::max();

class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() = 0;
    // Since the epoch; may jump. For record timestamps and logs, never for waiting.
    virtual std::int64_t wall_ms() = 0;

    // `ms` from now; kNever where that lies beyond what an Instant holds.
    Deadline in_ms(std::int64_t ms) {
        constexpr std::int64_t kFar = std::int64_t{1} << 42;
        return ms >= kFar ? kNever : now() + Milliseconds(ms < 0 ? 0 : ms);
    }
};

}  // namespace kcore::io
