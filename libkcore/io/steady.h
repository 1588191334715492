#pragma once
// The monotonic clock as a plain number, for cores that know no clock.

#include <chrono>
#include <cstdint>

#include "io/clock.h"

namespace kcore::io {

inline std::int64_t steady_ms(Clock& clock) {
    return std::chrono::duration_cast<Milliseconds>(clock.now().time_since_epoch()).count();
}

}  // namespace kcore::io
