#include "cli/histogram.h"

#include <gtest/gtest.h>

namespace kcore::cli {
namespace {

TEST(HistogramTest, SmallValuesAreExact) {
    Histogram histogram;
    for (int i = 1; i <= 100; ++i) histogram.add(i % 50);
    EXPECT_EQ(histogram.count(), 100U);
    EXPECT_EQ(histogram.percentile(50), 24);
    EXPECT_EQ(histogram.percentile(100), 49);
    EXPECT_EQ(histogram.max(), 49);
    EXPECT_DOUBLE_EQ(histogram.mean(), 24.5);
}

TEST(HistogramTest, LargeValuesAreWithinOnePartIn64) {
    for (std::int64_t value = 1; value < (std::int64_t{1} << 61); value = value * 3 + 1) {
        Histogram histogram;
        histogram.add(value);
        histogram.add(std::int64_t{1} << 62);
        const auto read = histogram.percentile(50);
        EXPECT_GE(read, value);
        EXPECT_LE(read - value, value / 64 + 1) << value;
    }
}

TEST(HistogramTest, NothingAndNegativesAreZero) {
    Histogram histogram;
    EXPECT_EQ(histogram.percentile(99), 0);
    EXPECT_EQ(histogram.mean(), 0);
    histogram.add(-5);
    EXPECT_EQ(histogram.percentile(99), 0);
    EXPECT_EQ(histogram.count(), 1U);
}

}  // namespace
}  // namespace kcore::cli
