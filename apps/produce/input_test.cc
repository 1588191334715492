#include "produce/input.h"

#include <gtest/gtest.h>

namespace kcore::produce {
namespace {

std::string value_of(LineParser& parser, std::string_view line) {
    const auto parsed = parser.parse(line);
    if (!parsed) return "!" + parsed.error();
    const auto show = [](const std::optional<BytesView>& bytes) {
        return bytes ? std::string(as_text(*bytes)) : std::string("null");
    };
    return show(parsed->key) + "|" + show(parsed->value);
}

TEST(LineParserTest, KeysStandBeforeTheFirstSeparator) {
    LineParser parser({.key_separator = ":"});
    EXPECT_EQ(value_of(parser, "k:v:w"), "k|v:w");
    EXPECT_EQ(value_of(parser, ":v"), "|v");
    EXPECT_EQ(value_of(parser, "v"), "!no ':' between key and value");
}

TEST(LineParserTest, NullsAreEmptyValuesOrMarks) {
    LineParser tombstones({.fixed_key = "k", .is_tombstone = true});
    EXPECT_EQ(value_of(tombstones, ""), "k|null");
    LineParser marks({.key_separator = ":", .null_value = "NULL", .null_key = "-"});
    EXPECT_EQ(value_of(marks, "-:NULL"), "null|null");
    EXPECT_EQ(value_of(marks, "-:"), "null|");
}

TEST(LineParserTest, EncodedTextBecomesBytes) {
    LineParser parser(
        {.key_separator = ":",
         .encodings = {*cli::Encoding::named("hex"), *cli::Encoding::named("base64")}});
    EXPECT_EQ(value_of(parser, "6b31:aGk="), "k1|hi");
    EXPECT_EQ(value_of(parser, "zz:aGk="), "!key 'zz' is not hex");
    EXPECT_EQ(value_of(parser, "6b:*"), "!value '*' is not base64");
}

TEST(LineParserTest, HeadersAreSplitAtEqualOrColon) {
    EXPECT_EQ(parse_header("a=b:c").value, "b:c");
    EXPECT_EQ(parse_header("a:b").name, "a");
    EXPECT_EQ(parse_header("a=").value, "");
    EXPECT_EQ(parse_header("a").value, std::nullopt);
}

}  // namespace
}  // namespace kcore::produce
