#include "cli/glob.h"

#include <gtest/gtest.h>

namespace kcore::cli {
namespace {

TEST(GlobTest, APatternWithoutStarsMatchesInside) {
    EXPECT_TRUE(glob_matches("rder", "orders"));
    EXPECT_FALSE(glob_matches("order", "Orders"));
}

TEST(GlobTest, StarsAndQuestionMarksMatchTheWholeName) {
    EXPECT_TRUE(glob_matches("o*s", "orders"));
    EXPECT_TRUE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("o??ers", "orders"));
    EXPECT_TRUE(glob_matches("*a*b*", "xxaxxabx"));
    EXPECT_FALSE(glob_matches("o*r", "orders"));
    EXPECT_FALSE(glob_matches("?", ""));
}

}  // namespace
}  // namespace kcore::cli
