#pragma once
// Counters, gauges and histograms. Counting is a few nanoseconds and never locks; making and
// reading metrics takes a mutex. Names are Prometheus names; labels are part of a metric's
// identity.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kcore {

// Only rises. Threads count in cells of their own, so loops do not disturb each other.
class Counter {
public:
    void add(std::uint64_t n = 1) {
        cells_[thread_cell()].value.fetch_add(n, std::memory_order_relaxed);
    }
    std::uint64_t value() const;

private:
    static constexpr std::size_t kCells = 4;
    struct alignas(64) Cell {
        std::atomic<std::uint64_t> value = 0;
    };
    static std::size_t thread_cell();

    std::array<Cell, kCells> cells_;
};

class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_ = 0;
};

// Distribution of whole numbers (microseconds, bytes) in buckets at most an eighth wide.
class Histogram {
public:
    static constexpr std::size_t kBuckets = 8 * 62;

    void record(std::uint64_t value);

    std::uint64_t count() const;
    std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
    std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }

    // The upper end of the bucket that holds the value at `share` (0..1) of the count, at most
    // max(); 0 when nothing was recorded.
    std::uint64_t quantile(double share) const;

    // Which bucket counts `value`, and the largest value that bucket counts.
    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t bucket_end(std::size_t bucket);

private:
    std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
    std::atomic<std::uint64_t> sum_ = 0;
    std::atomic<std::uint64_t> max_ = 0;
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Owns metrics; references stay good as long as it lives. Asking again gives the same metric;
// asking for the same name and labels as another kind is a programmer's mistake.
class Metrics {
public:
    Counter& counter(std::string_view name, MetricLabels labels = {});
    Gauge& gauge(std::string_view name, MetricLabels labels = {});
    Histogram& histogram(std::string_view name, MetricLabels labels = {});

    struct Reading {
        std::string name;
        MetricLabels labels;
        const Counter* counter = nullptr;  // One of the three.
        const Gauge* gauge = nullptr;
        const Histogram* histogram = nullptr;
    };
    // In order of making.
    std::vector<Reading> readings() const;

private:
    Reading* find(std::string_view name, const MetricLabels& labels);

    mutable std::mutex mutex_;
    std::deque<Counter> counters_;
    std::deque<Gauge> gauges_;
    std::deque<Histogram> histograms_;
    std::deque<Reading> made_;
};

}  // namespace kcore
