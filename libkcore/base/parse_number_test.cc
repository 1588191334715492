#include "base/parse_number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace kcore {
namespace {

TEST(ParseNumberTest, OnlyAWholeTextIsANumber) {
    EXPECT_EQ(parse_number<std::int32_t>("-12"), -12);
    EXPECT_EQ(parse_number<std::int64_t>("9223372036854775807"), INT64_MAX);
    for (const auto* text : {"", "-", "+1", " 1", "1 ", "1x", "0x1", "1.0"}) {
        EXPECT_FALSE(parse_number<std::int64_t>(text)) << text;
    }
}

TEST(ParseNumberTest, WhatTheTypeDoesNotHoldIsNone) {
    EXPECT_FALSE(parse_number<std::int32_t>("2147483648"));
    EXPECT_FALSE(parse_number<std::uint16_t>("-1"));
    EXPECT_FALSE(parse_number<std::uint16_t>("65536"));
}

TEST(ParseNumberTest, WhatIsNoNumberChangesNothing) {
    std::int64_t out = 7;
    EXPECT_FALSE(parse_number("x", out));
    EXPECT_EQ(out, 7);
    EXPECT_TRUE(parse_number("8", out));
    EXPECT_EQ(out, 8);
}

}  // namespace
}  // namespace kcore
