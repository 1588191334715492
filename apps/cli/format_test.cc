#include "cli/format.h"

#include <gtest/gtest.h>

#include <array>

namespace kcore::cli {
namespace {

using client::ConsumedRecord;
using client::Header;

class FormatTest : public testing::Test {
protected:
    FormatTest() {
        record_.topic = "orders";
        record_.partition = 3;
        record_.offset = 41;
        record_.timestamp_ms = 1735689600123;
        record_.key = as_bytes("k1");
        record_.value = as_bytes("hello");
        record_.headers = headers_;
        record_.codec = 4;
        record_.high_watermark = 99;
    }
    std::string write(std::string_view format, bool kcat = false) const {
        std::string out;
        Format::compile(format, kcat).value().append(out, record_, 7);
        return out;
    }
    std::array<Header, 2> headers_{Header{"a", as_bytes("1")}, Header{"b", std::nullopt}};
    ConsumedRecord record_;
};

TEST_F(FormatTest, VerbsStandForTheFields) {
    EXPECT_EQ(write("%t[%p]@%o %k=%v\\n"), "orders[3]@41 k1=hello\n");
    EXPECT_EQ(write("%T %K %V %H %i %] %s %S"), "6 2 5 2 7 99 hello 5");
    EXPECT_EQ(write("%%%{%}"), "%{}");
}

TEST_F(FormatTest, TextHasModifiers) {
    EXPECT_EQ(write("%k{hex} %k{base64} %k{base64raw} %k{json}"), "6b31 azE= azE \"k1\"");
    record_.value = as_bytes(std::string_view("\x00\x00\x00\x05\x01\x02rest", 10));
    EXPECT_EQ(write("%v{unpack[>ihs$]}"), "5 258 rest");
    EXPECT_EQ(write("%v{unpack[<i$]}"), "83886080<6 left>");
    EXPECT_EQ(write("%k{unpack[q]}"), "<short>");
}

TEST_F(FormatTest, NumbersHaveModifiers) {
    EXPECT_EQ(write("%p{big32}"), std::string("\0\0\0\3", 4));
    EXPECT_EQ(write("%p{little16}"), std::string("\3\0", 2));
    EXPECT_EQ(write("%o{hex16} %o{bool}"), "0029 true");
}

TEST_F(FormatTest, TimesAndAttributesHaveNames) {
    EXPECT_EQ(write("%d %d{s} %d{rfc3339}"), "1735689600123 1735689600 2025-01-01T00:00:00.123Z");
    EXPECT_EQ(write("%a{compression} %a{timestamp-type} %a{control}"), "zstd CreateTime false");
}

TEST_F(FormatTest, HeadersHaveAnInnerFormat) { EXPECT_EQ(write("%h{%k=%v;}"), "a=1;b=;"); }

TEST_F(FormatTest, NullIsEmptyTextAndJsonNull) {
    record_.value.reset();
    EXPECT_EQ(write("<%v> %V %v{json}"), "<> 0 null");
}

TEST_F(FormatTest, KcatsLettersMeanWhatKcatMeans) {
    EXPECT_EQ(write("%s %S %T %h", true), "hello 5 1735689600123 a=1,b=");
    EXPECT_EQ(write("%R", true), std::string("\0\0\0\5", 4));
    record_.value.reset();
    EXPECT_EQ(write("%S", true), "-1");
}

TEST_F(FormatTest, WhatItDoesNotKnowIsRefused) {
    for (const auto* text : {"%", "%z", "%v{rot13}", "%p{big7}", "%h", "%h{%p}", "\\q", "%a{x}"}) {
        EXPECT_FALSE(Format::compile(text)) << text;
    }
}

}  // namespace
}  // namespace kcore::cli
