#pragma once
// Randomness: the system's in production, a seed's in tests and the simulator.

#include <cstdint>

#include "base/uuid.h"

namespace kcore::io {

class Random {
public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;  // 64 unbiased bits, fit for ids and secrets.

    // In [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

    Uuid uuid() {
        for (;;) {
            if (const auto id = Uuid::from_random(next(), next())) return *id;
        }
    }
};

}  // namespace kcore::io
