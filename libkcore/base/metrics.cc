#include "base/metrics.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace kcore {

namespace {

constexpr unsigned kStepBits = 3;  // Eight buckets for each doubling.
constexpr std::uint64_t kSteps = 1U << kStepBits;

}  // namespace

std::size_t Counter::thread_cell() {
    static std::atomic<std::size_t> next = 0;
    thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kCells;
    return mine;
}

std::uint64_t Counter::value() const {
    std::uint64_t sum = 0;
    for (const auto& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
    return sum;
}

// Values below kSteps have a bucket each; above, the top bit chooses the octave and the kStepBits
// below it the bucket.
std::size_t Histogram::bucket_of(std::uint64_t value) {
    if (value < kSteps) return value;
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - kStepBits;
    return octave * kSteps + ((value >> (octave - 1)) & (kSteps - 1));
}

std::uint64_t Histogram::bucket_end(std::size_t bucket) {
    if (bucket < kSteps) return bucket;
    const auto octave = bucket / kSteps;
    const auto step = kSteps + bucket % kSteps;
    return ((step + 1) << (octave - 1)) - 1;
}

void Histogram::record(std::uint64_t value) {
    buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
    auto seen = max_.load(std::memory_order_relaxed);
    while (value > seen && !max_.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
}

std::uint64_t Histogram::count() const {
    std::uint64_t sum = 0;
    for (const auto& bucket : buckets_) sum += bucket.load(std::memory_order_relaxed);
    return sum;
}

std::uint64_t Histogram::quantile(double share) const {
    const auto total = count();
    if (total == 0) return 0;
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        seen += buckets_[i].load(std::memory_order_relaxed);
        if (seen >= wanted) return std::min(bucket_end(i), max());
    }
    return max();
}

Metrics::Reading* Metrics::find(std::string_view name, const MetricLabels& labels) {
    const auto at = std::ranges::find_if(
        made_, [&](const Reading& made) { return made.name == name && made.labels == labels; });
    return at == made_.end() ? nullptr : &*at;
}

Counter& Metrics::counter(std::string_view name, MetricLabels labels) {
    const std::lock_guard lock(mutex_);
    if (const auto* made = find(name, labels)) {
        assert(made->counter != nullptr);
        return const_cast<Counter&>(*made->counter);
    }
    auto& metric = counters_.emplace_back();
    made_.push_back({std::string(name), std::move(labels), &metric, nullptr, nullptr});
    return metric;
}

Gauge& Metrics::gauge(std::string_view name, MetricLabels labels) {
    const std::lock_guard lock(mutex_);
    if (const auto* made = find(name, labels)) {
        assert(made->gauge != nullptr);
        return const_cast<Gauge&>(*made->gauge);
    }
    auto& metric = gauges_.emplace_back();
    made_.push_back({std::string(name), std::move(labels), nullptr, &metric, nullptr});
    return metric;
}

Histogram& Metrics::histogram(std::string_view name, MetricLabels labels) {
    const std::lock_guard lock(mutex_);
    if (const auto* made = find(name, labels)) {
        assert(made->histogram != nullptr);
        return const_cast<Histogram&>(*made->histogram);
    }
    auto& metric = histograms_.emplace_back();
    made_.push_back({std::string(name), std::move(labels), nullptr, nullptr, &metric});
    return metric;
}

std::vector<Metrics::Reading> Metrics::readings() const {
    const std::lock_guard lock(mutex_);
    return {made_.begin(), made_.end()};
}

}  // namespace kcore
