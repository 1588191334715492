#include "produce/scripts/line_message.h"

#include <gmock/gmock.h>

namespace kcore::produce {
namespace {

class LineMessageTest : public ::testing::Test {
protected:
    void set(std::initializer_list<const char*> properties) {
        for (const auto* one : properties) ASSERT_TRUE(format.set(one)) << one;
    }
    LineMessageFormat format;
};

TEST_F(LineMessageTest, ALineIsAValueUnlessItIsToldOtherwise) {
    const auto message = format.parse("a\tb", 1);
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->key);
    EXPECT_EQ(message->value, "a\tb");
}

TEST_F(LineMessageTest, HeadersAndKeyStandBeforeTheValue) {
    set({"parse.key=true", "parse.headers=true", "key.separator=|"});
    const auto message = format.parse("h1:a,h2:b:c\tk|v|w", 1);
    ASSERT_TRUE(message);
    ASSERT_EQ(message->headers.size(), 2U);
    EXPECT_EQ(message->headers[1].name, "h2");
    EXPECT_EQ(message->headers[1].value, "b:c");
    EXPECT_EQ(message->key, "k");
    EXPECT_EQ(message->value, "v|w");
}

TEST_F(LineMessageTest, TheMarkerStandsForNull) {
    set({"parse.key=true", "parse.headers=true", "null.marker=NULL"});
    const auto message = format.parse("h:NULL\tNULL\tNULL", 1);
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->headers.at(0).value);
    EXPECT_FALSE(message->key);
    EXPECT_FALSE(message->value);
    EXPECT_TRUE(format.parse("NULL\tk\tv", 1)->headers.empty());
    EXPECT_FALSE(format.parse("NULL:a\tk\tv", 1));
}

TEST_F(LineMessageTest, WhatLacksASeparatorIsRefusedOrTakenAsItIs) {
    set({"parse.key=true", "parse.headers=true"});
    EXPECT_EQ(format.parse("h\tk\tv", 4).error(),
              "No header key separator found in pair 'h' on line number 4");
    EXPECT_EQ(format.parse("h:a\tv", 5).error(), "No key separator found on line number 5: 'v'");
    set({"ignore.error=true"});
    const auto message = format.parse("h\tv", 6);
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->headers.at(0).value);
    EXPECT_FALSE(message->key);
    EXPECT_EQ(message->value, "v");
}

TEST_F(LineMessageTest, UnknownPropertiesAreRefused) {
    EXPECT_FALSE(format.set("parse.keys=true"));
    EXPECT_FALSE(format.set("key.separator="));
}

}  // namespace
}  // namespace kcore::produce
