#include "base/properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcore {
namespace {

using testing::HasSubstr;

std::string parse(std::string_view text) {
    const auto found = parse_properties(as_bytes(text));
    if (!found) return "error: " + found.error().what;
    std::string out;
    for (const auto& property : *found) {
        out += std::to_string(property.line) + "[" + property.key + "][" + property.value + "]";
    }
    return out;
}

struct Sample {
    const char* text;
    const char* read;
};

class PropertiesTest : public testing::TestWithParam<Sample> {};

TEST_P(PropertiesTest, AreReadAsJavaReadsThem) {
    EXPECT_EQ(parse(GetParam().text), GetParam().read);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, PropertiesTest,
    testing::Values(Sample{"", ""}, Sample{"a=1", "1[a][1]"}, Sample{"a:1\nb 2", "1[a][1]2[b][2]"},
                    Sample{"  a \t= \f 1  \n", "1[a][1  ]"}, Sample{"a==1", "1[a][=1]"},
                    Sample{"a = : 1", "1[a][: 1]"}, Sample{"a", "1[a][]"}, Sample{"=1", "1[][1]"},
                    Sample{"# c\n ! d\n\n \t\na=1", "5[a][1]"},
                    Sample{"# no continuation \\\na=1", "2[a][1]"},
                    Sample{"a=1,\\\n   2,\\\r\n\t3\nb=4", "1[a][1,2,3]4[b][4]"},
                    Sample{"a=x\\\\\nb=4", "1[a][x\\]2[b][4]"},
                    Sample{"a=1\\\n# kept", "1[a][1# kept]"}, Sample{"a=1\\", "1[a][1]"},
                    Sample{"a=1\rb=2\r\nc=3", "1[a][1]2[b][2]3[c][3]"},
                    Sample{"a\\ b\\=c\\:=1", "1[a b=c:][1]"},
                    Sample{"a=\\t\\n\\r\\f\\q\\\\", "1[a][\t\n\r\fq\\]"},
                    Sample{"a=\\u0041\\u00e9\\u20AC", "1[a][A\xc3\xa9\xe2\x82\xac]"},
                    Sample{"a=\\ud83d\\ude00", "1[a][\xf0\x9f\x98\x80]"},
                    Sample{"a=\\ud83dx", "1[a][\xef\xbf\xbdx]"}, Sample{"a=\xe9", "1[a][\xc3\xa9]"},
                    Sample{"a=1\nb=2\na=3", "3[a][3]2[b][2]"},
                    Sample{"a=1\n\nb=\\u12", "error: line 3: \\u needs four hexadecimal digits"},
                    Sample{"a=\\uzzzz", "error: line 1: \\u needs four hexadecimal digits"}));

TEST(PropertiesTest, WrittenTextReadsBackTheSame) {
    const std::vector<std::pair<std::string, std::string>> properties = {
        {"plain", "value"},        {"with space", "  leading"},  {"a=b:c#d!e", "=:#!"},
        {"tab\tline\n", "\r\f\\"}, {"\xc3\xa9", "\xe2\x82\xac"}, {"smile", "\xf0\x9f\x98\x80"}};
    const auto text = format_properties(properties, "first\nsecond");
    EXPECT_THAT(text, HasSubstr("#first\n#second\nplain=value\n"));
    const auto read = parse_properties(as_bytes(text));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), properties.size());
    for (std::size_t i = 0; i < properties.size(); ++i) {
        EXPECT_EQ((*read)[i].key, properties[i].first);
        EXPECT_EQ((*read)[i].value, properties[i].second);
    }
}

TEST(PropertiesTest, AnyBytesAreReadWithoutHarm) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += static_cast<char>((i * 7919) >> 3);
    EXPECT_NO_THROW(parse(text));
}

}  // namespace
}  // namespace kcore
