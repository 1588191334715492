#include "base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace kcore {
namespace {

TEST(CounterTest, ThreadsLoseNothing) {
    Counter counter;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&counter] {
            for (int i = 0; i < 10'000; ++i) counter.add(2);
        });
    }
    threads.clear();
    EXPECT_EQ(counter.value(), 160'000U);
}

TEST(HistogramTest, BucketsCoverAllNumbersWithoutGapOrOverlap) {
    for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
        const auto end = Histogram::bucket_end(i);
        ASSERT_EQ(Histogram::bucket_of(end), i);
        ASSERT_EQ(Histogram::bucket_of(end + 1), i + 1);
    }
    EXPECT_EQ(Histogram::bucket_of(UINT64_MAX), Histogram::kBuckets - 1);
}

TEST(HistogramTest, QuantilesAreWithinAnEighth) {
    Histogram histogram;
    for (std::uint64_t i = 1; i <= 1000; ++i) histogram.record(i * 1000);
    EXPECT_EQ(histogram.count(), 1000U);
    EXPECT_EQ(histogram.sum(), 500'500'000U);
    EXPECT_NEAR(static_cast<double>(histogram.quantile(0.5)), 500'000, 62'500);
    EXPECT_NEAR(static_cast<double>(histogram.quantile(0.99)), 990'000, 123'750);
    EXPECT_EQ(histogram.quantile(1), 1'000'000U);
}

TEST(HistogramTest, EmptyHasNoQuantile) { EXPECT_EQ(Histogram().quantile(0.5), 0U); }

TEST(MetricsTest, SameNameAndLabelsGiveTheSameMetric) {
    Metrics metrics;
    auto& in = metrics.counter("bytes_total", {{"way", "in"}});
    auto& out = metrics.counter("bytes_total", {{"way", "out"}});
    in.add(5);
    EXPECT_EQ(&metrics.counter("bytes_total", {{"way", "in"}}), &in);
    EXPECT_NE(&in, &out);
    metrics.gauge("connections").set(-3);
    const auto readings = metrics.readings();
    ASSERT_EQ(readings.size(), 3U);
    EXPECT_EQ(readings[0].counter->value(), 5U);
    EXPECT_EQ(readings[2].gauge->value(), -3);
}

}  // namespace
}  // namespace kcore
