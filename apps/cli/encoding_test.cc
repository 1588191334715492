#include "cli/encoding.h"

#include <gtest/gtest.h>

#include "cli/text.h"

namespace kcore::cli {
namespace {

std::string bytes(std::string_view hex) { return *decode_hex(hex); }

TEST(EncodingTest, EveryKindReadsAndWrites) {
    struct Case {
        const char* kind;
        const char* hex;
        const char* text;
    };
    for (const auto& one : {Case{"string", "6869", "hi"},
                            {"hex", "00ff", "00ff"},
                            {"base64", "00ff", "AP8="},
                            {"json", "7b2261223a317d", "{\"a\":1}"},
                            {"i8", "ff", "-1"},
                            {"u8", "ff", "255"},
                            {"i16", "fffe", "-2"},
                            {"u32", "00000100", "256"},
                            {"i64", "8000000000000000", "-9223372036854775808"},
                            {"u64", "ffffffffffffffff", "18446744073709551615"},
                            {"f32", "3fc00000", "1.5"},
                            {"f64", "bff8000000000000", "-1.5"},
                            {"msgpack", "81a16101", "{\"a\":1}"},
                            {"cbor", "a1616101", "{\"a\":1}"}}) {
        const auto kind = Encoding::named(one.kind);
        ASSERT_TRUE(kind) << one.kind;
        const auto raw = bytes(one.hex);
        EXPECT_EQ(kind->decode(as_bytes(raw)), one.text) << one.kind;
        EXPECT_EQ(kind->encode(one.text), raw) << one.kind;
    }
}

TEST(EncodingTest, WhatDoesNotFitIsRefused) {
    EXPECT_FALSE(Encoding::named("i32")->decode(as_bytes("abc")));
    EXPECT_FALSE(Encoding::named("json")->decode(as_bytes("{")));
    EXPECT_FALSE(Encoding::named("i8")->encode("128"));
    EXPECT_FALSE(Encoding::named("u8")->encode("256"));
    EXPECT_FALSE(Encoding::named("f64")->encode("x"));
    EXPECT_FALSE(Encoding::named("hex")->encode("0"));
}

TEST(EncodingTest, UnpackStringsOnlyRead) {
    const auto kind = Encoding::named("<h>H$");
    ASSERT_TRUE(kind);
    EXPECT_EQ(kind->decode(as_bytes(bytes("01000002"))), "1 2");
    EXPECT_FALSE(kind->encode("1 2"));
}

TEST(EncodingTest, SchemasSayThatTheyAreNotHere) {
    EXPECT_EQ(Encoding::named("avro").error(), "-s avro is not in this version: it needs a schema");
    EXPECT_FALSE(Encoding::named("what"));
    EXPECT_FALSE(Encoding::named(""));
}

TEST(EncodingTest, KeyAndValueMayDiffer) {
    Encodings both;
    ASSERT_TRUE(set_encoding(both, "hex"));
    ASSERT_TRUE(set_encoding(both, "key=i32"));
    EXPECT_EQ(both.key.decode(as_bytes(bytes("00000007"))), "7");
    EXPECT_EQ(both.value.decode(as_bytes("a")), "61");
}

}  // namespace
}  // namespace kcore::cli
