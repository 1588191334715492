#include "cli/color.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace kcore::cli {
namespace {

TEST(ColorTest, AutoIsForTerminalsThatDoNotRefuse) {
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
    EXPECT_TRUE(wants_color("auto", true));
    EXPECT_FALSE(wants_color("auto", false));
    ::setenv("TERM", "dumb", 1);
    EXPECT_FALSE(wants_color("auto", true));
    ::setenv("TERM", "xterm", 1);
    ::setenv("NO_COLOR", "1", 1);
    EXPECT_FALSE(wants_color("auto", true));
    EXPECT_TRUE(wants_color("always", false));
    EXPECT_FALSE(wants_color("never", true));
    ::unsetenv("NO_COLOR");
}

TEST(ColorTest, PaintEndsWithTheText) {
    EXPECT_EQ(painted("a", Paint::red), "\x1b[31ma\x1b[0m");
    EXPECT_EQ(painted("a", Paint::none), "a");
}

}  // namespace
}  // namespace kcore::cli
