#pragma once
// A rate with room for bursts: tokens come in at `rate` a second up to `capacity`; who takes more
// than there is has to wait until the debt is paid.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "io/clock.h"

namespace kcore::security {

class TokenBucket {
public:
    // Begins full. Both above 0.
    TokenBucket(double rate, double capacity, io::Instant now)
        : rate_(rate), capacity_(capacity), tokens_(capacity), seen_(now) {}

    void resize(double rate, double capacity, io::Instant now) {
        refill(now);
        rate_ = rate;
        capacity_ = capacity;
        tokens_ = std::min(tokens_, capacity);
    }

    void take(double amount, io::Instant now) {
        refill(now);
        tokens_ -= amount;
    }
    // Until taking `amount` would leave no debt; 0: it would not.
    std::int64_t wait_ms(double amount, io::Instant now) {
        refill(now);
        const auto missing = amount - tokens_;
        return missing <= 0 ? 0 : std::llround(missing / rate_ * 1000);
    }
    bool is_full(io::Instant now) {
        refill(now);
        return tokens_ >= capacity_;
    }

private:
    void refill(io::Instant now) {
        if (now <= seen_) return;
        const std::chrono::duration<double> passed = now - seen_;
        tokens_ = std::min(capacity_, tokens_ + rate_ * passed.count());
        seen_ = now;
    }

    double rate_;
    double capacity_;
    double tokens_;
    io::Instant seen_;
};

}  // namespace kcore::security
