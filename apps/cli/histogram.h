#pragma once
// Counts of values in buckets that grow with them: at most 1 part in 64 of error at any size, from
// 1 to 2^62, in fixed memory.

#include <array>
#include <cstdint>

namespace kcore::cli {

class Histogram {
public:
    void add(std::int64_t value);  // Below 0 counts as 0.
    void clear() { *this = Histogram(); }

    std::uint64_t count() const { return count_; }
    std::int64_t max() const { return max_; }
    double mean() const;

    // The value that `percent` of all do not exceed; 0 when there is none.
    std::int64_t percentile(double percent) const;

private:
    static constexpr int kSubBits = 6;
    static constexpr std::size_t kBuckets = (63 - kSubBits + 1) << kSubBits;
    static std::size_t bucket_of(std::int64_t value);
    static std::int64_t top_of(std::size_t bucket);

    std::array<std::uint64_t, kBuckets> buckets_{};
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace kcore::cli
