#include "groups/target.h"

#include <gtest/gtest.h>

namespace kcore::groups {
namespace {

using Kind = Target::Kind;

TEST(TargetTest, EveryTargetIsRead) {
    struct Case {
        std::string text;
        Kind kind;
        std::int64_t value;
    };
    for (const auto& [text, kind, value] : std::initializer_list<Case>{
             {"earliest", Kind::earliest, 0},
             {"earliest+5", Kind::earliest, 5},
             {"latest", Kind::latest, 0},
             {"latest-5", Kind::latest, -5},
             {"current", Kind::current, 0},
             {"42", Kind::offset, 42},
             {"+10", Kind::shift, 10},
             {"-10", Kind::shift, -10},
             {"-1h", Kind::time, 1'000'000 - 3'600'000},
             {"@1700000000000", Kind::time, 1'700'000'000'000},
             {"group:other", Kind::group, 0},
             {"file:x.csv", Kind::file, 0},
         }) {
        const auto target = parse_target(text, 1'000'000);
        ASSERT_TRUE(target) << text << ": " << target.error();
        EXPECT_EQ(target->kind, kind) << text;
        EXPECT_EQ(target->value, value) << text;
    }
    for (const auto* text : {"", "soon", "earliest5", "--5", "latest+", "1h", "@soon"}) {
        EXPECT_FALSE(parse_target(text, 0)) << text;
    }
}

TEST(TargetTest, IsoDurationsAreRead) {
    EXPECT_EQ(parse_iso_duration_ms("PT1H30M"), 5'400'000);
    EXPECT_EQ(parse_iso_duration_ms("P1DT2S"), 86'402'000);
    for (const auto* text : {"", "P", "PT", "1h", "P1Y", "P1M", "PT1D", "PTX"}) {
        EXPECT_FALSE(parse_iso_duration_ms(text)) << text;
    }
}

TEST(TargetTest, OffsetsComeAsLinesOfTheGroup) {
    const auto offsets =
        parse_offsets("orders,0,5\n\"orders\",1,7\r\ng,bills,2,9\nh,x,0,1\n\n", "g");
    ASSERT_TRUE(offsets) << offsets.error();
    EXPECT_EQ(*offsets, (Offsets{{{"orders", 0}, 5}, {{"orders", 1}, 7}, {{"bills", 2}, 9}}));
    EXPECT_EQ(parse_offsets("orders,0\n", "g").error(),
              "line 1 is not topic,partition,offset: 'orders,0'");
    EXPECT_FALSE(parse_offsets("orders,-1,5\n", "g"));
}

TEST(TargetTest, OffsetsComeAsJsonOfPlans) {
    const auto plan =
        parse_offsets(R"({"offsets":[{"topic":"t","partition":1,"new_offset":4}]})", "g");
    ASSERT_TRUE(plan) << plan.error();
    EXPECT_EQ(*plan, (Offsets{{{"t", 1}, 4}}));
    EXPECT_EQ(*parse_offsets(R"([{"topic":"t","partition":1,"offset":3}])", "g"),
              (Offsets{{{"t", 1}, 3}}));
    EXPECT_FALSE(parse_offsets(R"([{"topic":"t"}])", "g"));
    EXPECT_FALSE(parse_offsets(R"([1])", "g"));
}

}  // namespace
}  // namespace kcore::groups
