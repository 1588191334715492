#include "cli/quantity.h"

#include <gtest/gtest.h>

namespace kcore::cli {
namespace {

TEST(QuantityTest, DurationsAreSumsOfNumbersWithUnits) {
    EXPECT_EQ(parse_duration_ms("250ms"), 250);
    EXPECT_EQ(parse_duration_ms("10s"), 10'000);
    EXPECT_EQ(parse_duration_ms("1h30m"), 5'400'000);
    EXPECT_EQ(parse_duration_ms("3d"), 259'200'000);
    EXPECT_EQ(parse_duration_ms("0"), 0);
}

TEST(QuantityTest, DurationsWithoutUnitOrOutOfRangeAreRefused) {
    for (const auto* text : {"", "10", "s", "-1s", "1y", "1.5s", "10 s", "9223372036854775807d"}) {
        EXPECT_FALSE(parse_duration_ms(text)) << text;
    }
}

TEST(QuantityTest, SizesTellTenthPowersFromBinaryOnes) {
    EXPECT_EQ(parse_size_bytes("1024"), 1024);
    EXPECT_EQ(parse_size_bytes("64KiB"), 65536);
    EXPECT_EQ(parse_size_bytes("50MB"), 50'000'000);
    EXPECT_EQ(parse_size_bytes("2G"), 2LL << 30);
    for (const auto* text : {"", "KiB", "-1", "1XB", "9223372036854775807K"}) {
        EXPECT_FALSE(parse_size_bytes(text)) << text;
    }
}

TEST(QuantityTest, RatesArePerSecondOrPerMinute) {
    EXPECT_EQ(parse_rate("5000/s"), 5000.0);
    EXPECT_EQ(parse_rate("120/m"), 2.0);
    EXPECT_EQ(parse_rate("7"), 7.0);
    EXPECT_FALSE(parse_rate("0"));
    EXPECT_FALSE(parse_rate("5/h"));
}

TEST(QuantityTest, PeopleReadShortForms) {
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(1536), "1.5 KiB");
    EXPECT_EQ(human_size(212860928), "203 MiB");
    EXPECT_EQ(human_duration(5'400'250), "1h30m250ms");
}

}  // namespace
}  // namespace kcore::cli
