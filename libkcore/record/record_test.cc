#include "record/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::from_hex;
using testing::RawRecord;

struct Walk {
    std::vector<RecordView> records;
    Result<void> end;
};

Walk walk(BytesView bytes, std::int32_t count, RecordBase base = {}) {
    base.count = count;
    RecordReader reader(bytes, base);
    Walk out;
    RecordView record;
    while (reader.next(record)) out.records.push_back(record);
    out.end = reader.finish();
    return out;
}

TEST(RecordReaderTest, FieldsAreViewsIntoTheBytes) {
    const auto bytes = from_hex(
        "1c00d40f02046b310276"
        "02"
        "02680278");
    const auto got = walk(bytes, 1, {.offset = 100, .timestamp = 1000});
    ASSERT_TRUE(got.end) << got.end.error().what;
    ASSERT_EQ(got.records.size(), 1U);
    const auto& record = got.records[0];
    EXPECT_EQ(record.offset, 101);
    EXPECT_EQ(record.timestamp, 2002);
    EXPECT_EQ(as_text(*record.key), "k1");
    EXPECT_EQ(as_text(*record.value), "v");
    EXPECT_EQ(record.size_bytes, 15);
    ASSERT_EQ(record.headers.size(), 1U);
    EXPECT_EQ(record.headers.begin()->key, "h");
    EXPECT_EQ(as_text(*record.headers.begin()->value), "x");
}

TEST(RecordReaderTest, NullAndEmptyDiffer) {
    RawRecord record;
    record.value = std::nullopt;
    record.key = "";
    record.headers = {{"a", std::nullopt}, {"", ""}, {"a", "2"}};
    const auto bytes = record.bytes();
    const auto got = walk(bytes, 1);
    ASSERT_TRUE(got.end);
    EXPECT_TRUE(got.records[0].key.has_value());
    EXPECT_FALSE(got.records[0].value.has_value());
    std::vector<std::string> headers;
    for (const auto& header : got.records[0].headers) {
        headers.push_back(std::string(header.key) + "=" +
                          (header.value ? std::string(as_text(*header.value)) : "null"));
    }
    EXPECT_EQ(headers, (std::vector<std::string>{"a=null", "=", "a=2"}));
}

TEST(RecordReaderTest, WithAppendTimeEveryRecordHasTheBatchsTimestamp) {
    RawRecord record;
    record.timestamp_delta = 5;
    const auto bytes = record.bytes();
    const auto got = walk(bytes, 1, {.timestamp = 1000, .append_time = 77, .is_append_time = true});
    EXPECT_EQ(got.records[0].timestamp, 77);
    EXPECT_EQ(got.records[0].timestamp_delta, 5);
}

struct BadRecord {
    const char* what;
    RawRecord record;
    const char* behind = "";
    int count = 1;
};

TEST(RecordReaderTest, WhatDoesNotParseIsAnInvalidRecord) {
    const BadRecord cases[] = {
        {"size too small", {.size = 3}},
        {"size too large", {.size = 100}},
        {"size negative", {.size = -5}},
        {"size zero", {.size = 0}},
        {"header count -1", {.header_count = -1}},
        {"header count 9 of 0", {.header_count = 9}},
        {"header count of two billion", {.header_count = INT32_MAX}},
        {"bytes left in the record", {.extra = "xyz"}},
        {"bytes left behind the records", {}, "zz"},
        {"fewer records than declared", {}, "", 2},
        {"far fewer records than declared", {}, "", INT32_MAX},
    };
    for (const auto& one : cases) {
        auto bytes = one.record.bytes();
        append(bytes, as_bytes(one.behind));
        const auto got = walk(bytes, one.count);
        ASSERT_FALSE(got.end) << one.what;
        EXPECT_EQ(got.end.error().code, Errc::invalid_record) << one.what;
    }
}

TEST(RecordReaderTest, ANegativeHeaderKeyLengthDoesNotParse) {
    EXPECT_FALSE(walk(from_hex("1000000001010201"
                               "00"),
                      1)
                     .end);
}

TEST(RecordReaderTest, ATruncationAtAnyByteIsAnError) {
    RawRecord record;
    record.key = "key";
    record.value = "value";
    record.headers = {{"name", "content"}, {"other", std::nullopt}};
    const auto whole = record.bytes();
    ASSERT_TRUE(walk(whole, 1).end);
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
        EXPECT_FALSE(walk(cut, 1).end) << n;
    }
}

TEST(RecordReaderTest, AVarintThatNeverEndsDoesNotParse) {
    EXPECT_FALSE(walk(from_hex("ffffffffffffffff"), 1).end);
}

TEST(RecordReaderTest, StoppingEarlyIsNoError) {
    const auto bytes = testing::record_bytes({{.offset_delta = 0}, {.offset_delta = 1}});
    RecordReader reader(bytes, {.count = 2});
    RecordView record;
    ASSERT_TRUE(reader.next(record));
    EXPECT_TRUE(reader.finish());
}

TEST(RecordReaderTest, SumsOfHostileDeltasWrap) {
    RawRecord record;
    record.timestamp_delta = INT64_MAX;
    record.offset_delta = INT32_MAX;
    const auto bytes = record.bytes();
    const auto got = walk(bytes, 1, {.offset = INT64_MAX, .timestamp = INT64_MAX});
    ASSERT_TRUE(got.end);
    EXPECT_EQ(got.records[0].timestamp, -2);
}

}  // namespace
}  // namespace kcore::record
