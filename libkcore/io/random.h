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

// The same numbers for the same seed: tests and the simulator.
class SeededRandom : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() override {  // splitmix64
        auto z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

private:
    std::uint64_t state_;
};

}  // namespace kcore::io
