#include "cli/format_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace kcore::cli {
namespace {

// "topic/partition/key=value@ts{name=value}" of each record, or why not.
std::string read(std::string_view format, std::string_view input) {
    auto reader = FormatReader::compile(format);
    if (!reader) return "!" + reader.error();
    int ends[2] = {};
    EXPECT_EQ(::pipe(ends), 0);
    EXPECT_EQ(::write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    ::close(ends[1]);
    ByteSource source(ends[0]);
    std::string out;
    for (;;) {
        auto record = reader->next(source);
        if (!record) out += "!" + record.error();
        if (!record || !*record) break;
        const auto& one = **record;
        if (one.topic) out += *one.topic + "/";
        if (one.partition) out += std::to_string(*one.partition) + "/";
        out += one.key.value_or("-") + "=" + one.value.value_or("-");
        if (one.timestamp_ms >= 0) out += "@" + std::to_string(one.timestamp_ms);
        for (const auto& header : one.headers) out += "{" + header.name + "=" + *header.value + "}";
        out += " ";
    }
    ::close(ends[0]);
    return out;
}

TEST(FormatReaderTest, TextsRunToTheNextLiteral) {
    EXPECT_EQ(read("%k:%v\\n", "a:1\nb:2\n"), "a=1 b=2 ");
    EXPECT_EQ(read("%k:%v\\n", "a:1\nb:2"), "a=1 b=2 ");
    EXPECT_EQ(read("%v", "all\nof it"), "-=all\nof it ");
    EXPECT_EQ(read("%t %p %d{s}|%v\\n", "t 3 7|x\n"), "t/3/-=x@7000 ");
}

TEST(FormatReaderTest, LengthsMeasureWhatFollows) {
    EXPECT_EQ(read("%V{big16}%v", std::string_view("\0\2ab\0\1c", 7)), "-=ab -=c ");
    EXPECT_EQ(read("%K{little8}%k%V %v\\n", "\2kk3 a\nb\n"), "kk=a\nb ");
    EXPECT_EQ(read("%H %h{%K{hex8}%k=%v,}%v\\n", "2 01a=1,01b=2,x\n"), "-=x{a=1}{b=2} ");
}

TEST(FormatReaderTest, TextsDecode) {
    EXPECT_EQ(read("%k{hex} %v{base64}\\n", "6b YQ==\n"), "k=a ");
    EXPECT_EQ(read("%v{json}\\n", "\"a\\u0041\"\n"), "-=aA ");
}

TEST(FormatReaderTest, WhatDoesNotFitSaysWhy) {
    EXPECT_EQ(read("%p %v\\n", "x y\n"), "!%p: '' is not a number");
    EXPECT_EQ(read("%V{big32}%v", std::string_view("\0\0\0\5ab", 6)),
              "!the input ends inside a record");
    EXPECT_EQ(read("a%vb", "xb"), "!'a' is missing");
    EXPECT_EQ(read("%k{hex} %v\\n", "zz a\n"), "!'zz' does not decode");
}

TEST(FormatReaderTest, FormatsThatCannotBeReadAreRefused) {
    for (const auto* format : {"", "%k%v", "%h{%k}", "%a{control}%v", "%d{rfc3339} %v\\n"}) {
        EXPECT_FALSE(FormatReader::compile(format)) << format;
    }
}

}  // namespace
}  // namespace kcore::cli
