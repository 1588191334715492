#include "cli/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kcore::cli {

// Values below 2^kSubBits have a bucket each; above, each power of two has 2^kSubBits of them.
std::size_t Histogram::bucket_of(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(value);
    const int width = std::bit_width(v);
    if (width <= kSubBits) return v;
    const int shift = width - kSubBits - 1;
    const auto sub = (v >> shift) & ((1U << kSubBits) - 1);
    const auto bucket = (static_cast<std::size_t>(shift + 1) << kSubBits) + sub;
    return std::min(bucket, kBuckets - 1);
}

std::int64_t Histogram::top_of(std::size_t bucket) {
    if (bucket < (1U << kSubBits)) return static_cast<std::int64_t>(bucket);
    const auto shift = (bucket >> kSubBits) - 1;
    const auto sub = bucket & ((1U << kSubBits) - 1);
    const auto low = ((1ULL << kSubBits) + sub) << shift;
    return static_cast<std::int64_t>(low + (1ULL << shift) - 1);
}

void Histogram::add(std::int64_t value) {
    value = std::max<std::int64_t>(value, 0);
    ++buckets_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
    sum_ += static_cast<double>(value);
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::int64_t Histogram::percentile(double percent) const {
    if (count_ == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(
        std::max(1.0, std::ceil(percent / 100 * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        seen += buckets_[i];
        if (seen >= rank) return std::min(top_of(i), max_);
    }
    return max_;
}

}  // namespace kcore::cli
