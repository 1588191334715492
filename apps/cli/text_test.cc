#include "cli/text.h"

#include <gtest/gtest.h>

namespace kcore::cli {
namespace {

TEST(TextTest, OnlyWellFormedUtf8IsUtf8) {
    for (const auto* text :
         {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const auto* text : {"\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                             "\xe0\x80\x80", "long enough for words \xff"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

TEST(TextTest, Base64RoundTripsEveryLength) {
    std::string bytes;
    for (int i = 0; i < 100; ++i) {
        std::string padded;
        std::string bare;
        append_base64(padded, as_bytes(bytes));
        append_base64(bare, as_bytes(bytes), false);
        EXPECT_EQ(decode_base64(padded), bytes);
        EXPECT_EQ(decode_base64(bare), bytes);
        bytes += static_cast<char>(i * 37);
    }
    EXPECT_FALSE(decode_base64("a"));
    EXPECT_FALSE(decode_base64("a*=="));
}

TEST(TextTest, JsonStringsEscapeWhatTheyMust) {
    std::string out;
    append_json_string(out, std::string_view("a\"\\\n\t\x01\0z\xc3\xbc", 10));
    EXPECT_EQ(out, "\"a\\\"\\\\\\n\\t\\u0001\\u0000z\xc3\xbc\"");
}

TEST(TextTest, EscapesOfFlagsAreFew) {
    EXPECT_EQ(unescape("a\\tb\\n\\x41\\\\"), "a\tb\nA\\");
    EXPECT_EQ(unescape("\\0"), std::string(1, '\0'));
    EXPECT_FALSE(unescape("\\q"));
    EXPECT_FALSE(unescape("\\x4"));
    EXPECT_FALSE(unescape("end\\"));
}

}  // namespace
}  // namespace kcore::cli
