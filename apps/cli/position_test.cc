#include "cli/position.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace kcore::cli {
namespace {

using Kind = Position::Kind;
constexpr std::int64_t kNow = 1'735'689'600'000;  // 2025-01-01T00:00:00Z

class PositionTest : public testing::Test {
protected:
    void SetUp() override {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }
    static Range range(std::string_view text) { return parse_range(text, kNow).value(); }
};

TEST_F(PositionTest, WordsNumbersAndSignsAreStarts) {
    EXPECT_EQ(range("oldest"), (Range{Position{Kind::beginning, 0}, {}}));
    EXPECT_EQ(range("end"), (Range{Position{Kind::end, 0}, {}}));
    EXPECT_EQ(range("stored"), (Range{Position{Kind::committed, 0}, {}}));
    EXPECT_EQ(range("42"), (Range{Position{Kind::offset, 42}, {}}));
    EXPECT_EQ(range("+5"), (Range{Position{Kind::from_start, 5}, {}}));
    EXPECT_EQ(range("-5"), (Range{Position{Kind::from_end, 5}, {}}));
}

TEST_F(PositionTest, TimesComeInEveryForm) {
    const auto at = [&](std::string_view text) { return range(text).start->value - kNow; };
    EXPECT_EQ(at("@1735689600001"), 1);
    EXPECT_EQ(at("@1735689601"), 1000);
    EXPECT_EQ(at("@2025-01-01"), 0);
    EXPECT_EQ(at("@2025-01-01T01:00"), 3'600'000);
    EXPECT_EQ(at("@2025-01-01T00:00:01.250Z"), 1250);
    EXPECT_EQ(at("@2025-01-01T01:00+01:00"), 0);
    EXPECT_EQ(at("@-1h"), -3'600'000);
    EXPECT_EQ(at("@now"), 0);
}

TEST_F(PositionTest, AColonSplitsOnlyWhereBothHalvesParse) {
    EXPECT_EQ(range("10:20"), (Range{Position{Kind::offset, 10}, Position{Kind::offset, 20}}));
    EXPECT_EQ(range(":20"), (Range{{}, Position{Kind::offset, 20}}));
    EXPECT_EQ(range("10:"), (Range{Position{Kind::offset, 10}, {}}));
    EXPECT_EQ(range("@2025-01-01T00:00:01:end").end, (Position{Kind::end, 0}));
}

TEST_F(PositionTest, AfterATimeTheEndMayBeATimeWithoutItsSign) {
    EXPECT_EQ(range("@-3d:now").end, (Position{Kind::time, kNow}));
    EXPECT_EQ(range("@2025-01-01:+6h").end, (Position{Kind::time, kNow + 21'600'000}));
    EXPECT_EQ(range("@2025-01-01:100").end, (Position{Kind::offset, 100}));
}

TEST_F(PositionTest, KcatsTimesAreStartAndEnd) {
    EXPECT_EQ(range("s@1735689600000").start, (Position{Kind::time, kNow}));
    EXPECT_EQ(range("e@1735689600000").end, (Position{Kind::time, kNow}));
}

TEST_F(PositionTest, NonsenseIsRefused) {
    for (const auto* text : {"", ":", "@", "@12", "--5", "1.5", "first", "@2025-13-01",
                             "@2025-01-01T25:00", "99999999999999999999"}) {
        EXPECT_FALSE(parse_range(text, kNow)) << text;
    }
}

}  // namespace
}  // namespace kcore::cli
