#include "controller/topic_names.h"

#include <gtest/gtest.h>

namespace kcore::controller {
namespace {

TEST(TopicNamesTest, LegalNamesPass) {
    for (const auto* name : {"a", "orders", "A.b_c-9", "__consumer_offsets", "..."}) {
        EXPECT_TRUE(check_topic_name(name)) << name;
    }
    EXPECT_TRUE(check_topic_name(std::string(249, 'a')));
}

TEST(TopicNamesTest, IllegalNamesSayWhatIsWrong) {
    const auto what = [](std::string_view name) { return check_topic_name(name).error().what; };
    EXPECT_EQ(what(""), "Topic name is invalid: the empty string is not allowed");
    EXPECT_EQ(what("."), "Topic name is invalid: '.' is not allowed");
    EXPECT_EQ(what("a b"),
              "Topic name is invalid: 'a b' contains one or more characters other than ASCII "
              "alphanumerics, '.', '_' and '-'");
    EXPECT_FALSE(check_topic_name(std::string(250, 'a')));
    EXPECT_FALSE(check_topic_name("\xc3\xa9"));
    EXPECT_FALSE(check_topic_name(std::string_view("a\0", 2)));
    EXPECT_EQ(check_topic_name("a/b").error().code, Errc::invalid_topic_exception);
}

TEST(TopicNamesTest, DotsAndUnderscoresCollide) {
    EXPECT_EQ(unify_name("a.b_c"), unify_name("a_b.c"));
    EXPECT_FALSE(may_collide("a-b"));
    EXPECT_TRUE(may_collide("a.b"));
}

}  // namespace
}  // namespace kcore::controller
