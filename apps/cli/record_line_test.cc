#include "cli/record_line.h"

#include <gtest/gtest.h>

#include <array>

namespace kcore::cli {
namespace {

using client::ConsumedRecord;
using client::Header;

std::string line_of(const ConsumedRecord& record, const RecordLineOptions& options = {}) {
    std::string out;
    append_record_line(out, record, options);
    return out;
}

ConsumedRecord record_of(std::string_view value) {
    ConsumedRecord record;
    record.topic = "orders";
    record.offset = 41;
    record.timestamp_ms = 1735689600000;
    record.key = as_bytes("k1");
    record.value = as_bytes(value);
    return record;
}

TEST(RecordLineTest, ALineHoldsTheFieldsInTheirOrder) {
    const std::array headers{Header{"trace", as_bytes("abc")}, Header{"empty", as_bytes("")},
                             Header{"none", std::nullopt}};
    auto record = record_of("hello");
    record.headers = headers;
    EXPECT_EQ(
        line_of(record),
        R"({"topic":"orders","partition":0,"offset":41,"ts":1735689600000,"ts_type":"create",)"
        R"("key":"k1","value":"hello","headers":[["trace","abc"],["empty",""],["none",null]]})");
}

TEST(RecordLineTest, NullAndEmptyAreDifferent) {
    auto record = record_of("");
    EXPECT_TRUE(line_of(record).contains(R"("value":"")"));
    record.value.reset();
    record.key.reset();
    EXPECT_TRUE(line_of(record).contains(R"("key":null,"value":null)"));
}

TEST(RecordLineTest, BytesThatAreNotTextTravelAsBase64) {
    const std::array headers{Header{"bin", as_bytes("\xff\xfe")}, Header{"\xff", as_bytes("v")}};
    auto record = record_of("\xff\x01");
    record.headers = headers;
    const auto line = line_of(record);
    EXPECT_TRUE(line.contains(R"("value":"/wE=","value_enc":"base64")")) << line;
    EXPECT_TRUE(line.contains(R"(["bin","//4=","base64"],["/w==","v",null,"base64"])")) << line;
}

TEST(RecordLineTest, WhatIsWrittenReadsBackTheSame) {
    std::string every;
    for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
    const std::array headers{Header{"a", as_bytes(every)}, Header{"a", std::nullopt},
                             Header{every, as_bytes("")}};
    auto record = record_of(every);
    record.key.reset();
    record.headers = headers;
    record.partition = 7;
    const auto read = parse_record_line(line_of(record, {true, true}));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->topic, "orders");
    EXPECT_EQ(read->partition, 7);
    EXPECT_EQ(read->key, std::nullopt);
    EXPECT_EQ(read->value, every);
    EXPECT_EQ(read->timestamp_ms, 1735689600000);
    ASSERT_EQ(read->headers.size(), 3U);
    EXPECT_EQ(read->headers[0].value, every);
    EXPECT_EQ(read->headers[1].value, std::nullopt);
    EXPECT_EQ(read->headers[2].name, every);
    EXPECT_EQ(read->unknown_field, "");
}

TEST(RecordLineTest, WhatIsNoRecordIsRefusedWithTheReason) {
    const std::array<std::pair<std::string_view, std::string_view>, 9> bad{{
        {"", "not valid JSON"},
        {"[1]", "not a JSON object"},
        {R"({"value":1})", "value is not a string"},
        {R"({"value":"?","value_enc":"base64"})", "value is not base64"},
        {R"({"value":"x","value_enc":"rot13"})", "value_enc is"},
        {R"({"partition":-1})", "partition is not a number"},
        {R"({"partition":3000000000})", "partition is not a number"},
        {R"({"headers":{"a":"b"}})", "headers is not a list"},
        {R"({"headers":[["a"]]})", "header [\"a\"] is not"},
    }};
    for (const auto& [line, why] : bad) {
        const auto read = parse_record_line(line);
        ASSERT_FALSE(read) << line;
        EXPECT_TRUE(read.error().starts_with(why)) << read.error();
    }
}

TEST(RecordLineTest, UnknownFieldsAreNamed) {
    EXPECT_EQ(parse_record_line(R"({"value":"x","colour":"red"})")->unknown_field, "colour");
}

}  // namespace
}  // namespace kcore::cli
