#include "produce/template.h"

#include <gtest/gtest.h>

#include <regex>

namespace kcore::produce {
namespace {

std::string made(std::string_view text, std::uint64_t number, std::uint64_t seed = 1) {
    const auto form = Template::compile(text);
    if (!form) return "!" + form.error();
    io::SeededRandom random(seed);
    std::string out;
    form->append(out, number, random, 1000);
    return out;
}

TEST(TemplateTest, NumbersAndTime) {
    EXPECT_EQ(made("a-{{seq}} {{ seq % 10 }} {{seq + 5}} {{now}}", 42), "a-42 2 47 1000");
    EXPECT_EQ(made("{{rand 7 7}}", 1), "7");
    EXPECT_EQ(made(R"({"id":{{seq}}})", 3), R"({"id":3})");
}

TEST(TemplateTest, ChanceIsTheSeeds) {
    EXPECT_EQ(made("{{uuid}} {{rand 1 1000000}}", 1, 5), made("{{uuid}} {{rand 1 1000000}}", 2, 5));
    EXPECT_NE(made("{{uuid}}", 1, 5), made("{{uuid}}", 1, 6));
    const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    EXPECT_TRUE(std::regex_match(made("{{uuid}}", 1), uuid)) << made("{{uuid}}", 1);
    const auto chosen = made("{{choice a b}}", 1);
    EXPECT_TRUE(chosen == "a" || chosen == "b");
}

TEST(TemplateTest, WhatIsUnknownIsRefused) {
    for (const auto* text :
         {"{{", "{{what}}", "{{seq % 0}}", "{{rand 2 1}}", "{{choice}}", "{{}}"}) {
        EXPECT_FALSE(Template::compile(text)) << text;
    }
}

}  // namespace
}  // namespace kcore::produce
