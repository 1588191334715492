#include "base/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kcore {
namespace {

using testing::HasSubstr;

TEST(PatternTest, AllOfATextMatchesOrAnyPartIsFound) {
    const auto pattern = Pattern::parse("b+|c");
    ASSERT_TRUE(pattern);
    EXPECT_TRUE(pattern->matches("bb"));
    EXPECT_FALSE(pattern->matches("abb"));
    EXPECT_TRUE(pattern->is_found_in("abba"));
    EXPECT_FALSE(pattern->is_found_in("a"));
}

TEST(PatternTest, WhatIsNoExpressionIsToldWithItsFault) {
    for (const auto* text : {"(", "[a", "*", "a{2,1}", "(?=a)", "\\1"}) {
        const auto pattern = Pattern::parse(text);
        ASSERT_FALSE(pattern) << text;
        EXPECT_EQ(pattern.error().code, Errc::invalid_regular_expression);
        EXPECT_THAT(pattern.error().what, HasSubstr(text));
    }
}

TEST(PatternTest, ALongTextTakesNoStackAndNoTimeToSpeakOf) {
    std::string text(4 << 20, 'a');
    EXPECT_TRUE(Pattern::parse("(a|b)*")->matches(text));
    EXPECT_FALSE(Pattern::parse("(a*)*c")->matches(text));
    text += 'b';
    EXPECT_TRUE(Pattern::parse("a.*b")->is_found_in(text));
}

}  // namespace
}  // namespace kcore
