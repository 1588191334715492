#include "consume/selection.h"

#include <gtest/gtest.h>

#include <array>

namespace kcore::consume {
namespace {

class SelectionTest : public ::testing::Test {
protected:
    SelectionTest() {
        record.topic = "orders";
        record.partition = 3;
        record.offset = 41;
        record.timestamp_ms = 1000;
        record.key = as_bytes("k7");
        record.value = as_bytes(R"({"user":{"id":7,"tags":["a","b"]},"ok":false})");
        record.headers = headers;
    }
    bool filter(const char* text) const {
        const auto expression = Expression::parse(text);
        EXPECT_TRUE(expression) << (expression ? "" : expression.error());
        return expression && expression->matches(record);
    }
    bool grep(const char* text) const { return Grep::parse(text).matches(record); }
    bool header(const char* text) const { return HeaderGlob::parse(text)->matches(record); }

    const std::array<client::Header, 2> headers{
        {{"type", as_bytes("order.new")}, {"size", as_bytes("12")}}};
    client::ConsumedRecord record;
};

TEST_F(SelectionTest, FiltersLookIntoEveryPartOfARecord) {
    for (const auto* text :
         {".value.user.id == 7", ".value.user.id >= 7 && .value.user.id < 8", ".key == \"k7\"",
          ".headers.type =~ \"^order\"", ".partition == 3 && .offset > 40", ".ts <= 1000",
          ".topic != \"x\"", ".value.user.tags.1 == \"b\"", ".headers.size > 9",
          "!(.value.ok) && .value.user", ".value.nothing == null",
          "(.key == 1 || .key == \"k7\")"}) {
        EXPECT_TRUE(filter(text)) << text;
    }
    for (const auto* text : {".value.user.id == 8", ".value.ok", ".value.nothing", ".headers.no",
                             ".headers.no =~ \".\"", ".key > 5", ".value.user.tags.9"}) {
        EXPECT_FALSE(filter(text)) << text;
    }
}

TEST_F(SelectionTest, AnExpressionIsLookedForInAValueOfAnySize) {
    const auto value = '"' + std::string(4 << 20, 'a') + "b\"";
    record.value = as_bytes(value);
    EXPECT_TRUE(filter(".value =~ \"a.*b\""));
    EXPECT_FALSE(filter(".value =~ \"(a|c)*d\""));
}

TEST_F(SelectionTest, WhatIsNotAnExpressionIsRefusedWithItsPlace) {
    for (const auto* text : {"", "value.x", ".value ==", ".other == 1", "(.key", ".key == 1 2",
                             ".key =~ 7", ".key =~ \"(\"", ".key == \"open"}) {
        EXPECT_FALSE(Expression::parse(text)) << text;
    }
    EXPECT_EQ(Expression::parse(".key == 1 2").error(), "--filter: not understood at '2'");
}

TEST_F(SelectionTest, GrepLooksWhereItIsTold) {
    EXPECT_TRUE(grep("k7"));
    EXPECT_TRUE(grep("k:7"));
    EXPECT_FALSE(grep("v:k7"));
    EXPECT_TRUE(grep("v:!k7"));
    EXPECT_TRUE(grep("h:type=new"));
    EXPECT_FALSE(grep("h:other=new"));
    EXPECT_FALSE(grep("!k7"));
}

TEST_F(SelectionTest, HeadersMatchShellPatterns) {
    EXPECT_TRUE(header("type=order.*"));
    EXPECT_TRUE(header("size=12"));
    EXPECT_FALSE(header("size=1"));
    EXPECT_FALSE(HeaderGlob::parse("size"));
}

TEST_F(SelectionTest, AllRulesHaveToHold) {
    Selection all;
    EXPECT_TRUE(all.matches(record));
    all.greps.push_back(Grep::parse("k7"));
    all.filters.push_back(*Expression::parse(".partition == 3"));
    EXPECT_TRUE(all.matches(record));
    all.headers.push_back(*HeaderGlob::parse("type=x"));
    EXPECT_FALSE(all.matches(record));
}

}  // namespace
}  // namespace kcore::consume
