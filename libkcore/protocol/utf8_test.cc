#include "protocol/utf8.h"

#include <gtest/gtest.h>

namespace kcore::protocol {
namespace {

using std::string_view_literals::operator""sv;

TEST(Utf8Test, WellFormedTextStaysAsItIs) {
    for (const auto text :
         {""sv, "orders"sv, "a\0b"sv, "\xc3\xbc"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x90\x88"sv,
          "\xed\x9f\xbf"sv, "\xf4\x8f\xbf\xbf"sv, "12345678\xc3\xbc"sv}) {
        EXPECT_TRUE(is_utf8(text)) << text;
        EXPECT_EQ(replace_invalid_utf8(text), text);
    }
}

TEST(Utf8Test, EachBrokenRunBecomesOneReplacement) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"\xff"sv, "\ufffd"sv},
        {"a\x80z"sv, "a\ufffdz"sv},
        {"\xc3"sv, "\ufffd"sv},      // cut
        {"\xe2\x82"sv, "\ufffd"sv},  // cut after two of three
        {"\xe2\x82z"sv, "\ufffdz"sv},
        {"\xc0\xaf"sv, "\ufffd\ufffd"sv},                      // overlong
        {"\xe0\x80\xaf"sv, "\ufffd\ufffd\ufffd"sv},            // overlong
        {"\xed\xa0\x80"sv, "\ufffd\ufffd\ufffd"sv},            // surrogate
        {"\xf4\x90\x80\x80"sv, "\ufffd\ufffd\ufffd\ufffd"sv},  // above U+10FFFF
        {"\xf0\x9f\x90"sv, "\ufffd"sv},
        {"12345678\xff"sv, "12345678\ufffd"sv},
    };
    for (const auto& [broken, expected] : cases) {
        EXPECT_FALSE(is_utf8(broken));
        EXPECT_EQ(replace_invalid_utf8(broken), expected);
    }
}

}  // namespace
}  // namespace kcore::protocol
