#include "record/validate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "record/scan.h"
#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::compressed;
using testing::kBaseTime;
using testing::plain_batch;
using testing::RawBatch;
using testing::RawRecord;

constexpr std::int64_t kNow = kBaseTime + 1000;
constexpr Codec kCodecs[] = {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

class ValidateTest : public ::testing::Test {
protected:
    std::expected<AcceptedBatch, Rejection> validate(Bytes bytes) {
        bytes_ = std::move(bytes);
        return validate_produce(bytes_, rules_, {"orders", 3}, kNow, scratch_);
    }
    Errc code(Bytes bytes) {
        const auto got = validate(std::move(bytes));
        return got ? Errc::none : got.error().code;
    }
    std::vector<RecordView> records_of(BytesView batch) {
        std::vector<RecordView> out;
        const auto done = for_each_record(BatchView(batch), decompressor_,
                                          [&](const RecordView& record) { out.push_back(record); });
        EXPECT_TRUE(done);
        return out;
    }

    ProduceRules rules_;
    ValidationScratch scratch_;
    Bytes bytes_;
    Decompressor decompressor_;
};

Bytes joined(Bytes first, const Bytes& second) {
    append(first, second);
    return first;
}
Bytes cut(Bytes bytes, std::size_t size) {
    bytes.resize(size);
    return bytes;
}

TEST_F(ValidateTest, AGoodBatchPassesUnchanged) {
    const auto bytes = plain_batch(3).bytes();
    const auto got = validate(bytes);
    ASSERT_TRUE(got);
    EXPECT_EQ(to_bytes(got->bytes), bytes);
    EXPECT_EQ(got->bytes.data(), bytes_.data()) << "in place";
    EXPECT_FALSE(got->is_reencoded);
    EXPECT_EQ(got->count, 3);
    EXPECT_EQ(got->max_timestamp, kBaseTime + 2);
    EXPECT_EQ(got->max_timestamp_delta, 2);
    EXPECT_EQ(got->append_time_ms, -1);
}

TEST_F(ValidateTest, ARecordSetHoldsExactlyOneWholeBatchOfMagic2) {
    const auto one = plain_batch(1).bytes();
    const auto three = plain_batch(3).bytes();
    EXPECT_EQ(code({}), Errc::invalid_record);
    EXPECT_EQ(code(joined(one, one)), Errc::invalid_record);
    EXPECT_EQ(code(joined(one, cut(one, 40))), Errc::none);
    for (const std::size_t size : {11UL, 16UL, 30UL, three.size() - 5}) {
        EXPECT_EQ(code(cut(three, size)), Errc::invalid_record) << size;
    }
    const auto tailed = validate(joined(one, cut(one, 40)));
    EXPECT_EQ(to_bytes(tailed->bytes), one) << "the incomplete tail is cut";
}

TEST_F(ValidateTest, LengthsThatCannotBeAreCorrupt) {
    const auto with_length = [](std::int32_t length) {
        auto raw = plain_batch(1);
        raw.length = length;
        return raw.bytes();
    };
    for (const int length : {-1, 0, 13, 14, 48, 49}) {
        EXPECT_EQ(code(with_length(length)), Errc::corrupt_message) << length;
    }
    EXPECT_EQ(code(with_length(1 << 30)), Errc::invalid_record);
    EXPECT_EQ(code(with_length(INT32_MAX)), Errc::invalid_record);
}

TEST_F(ValidateTest, OldAndUnknownMagicsAreRefused) {
    auto raw = plain_batch(1);
    for (const int magic : {0, 1}) {
        raw.magic = static_cast<std::int8_t>(magic);
        EXPECT_EQ(code(raw.bytes()), Errc::invalid_record) << magic;
    }
    for (const int magic : {3, -1, 127}) {
        raw.magic = static_cast<std::int8_t>(magic);
        EXPECT_EQ(code(raw.bytes()), Errc::corrupt_message) << magic;
    }
}

TEST_F(ValidateTest, AWrongChecksumIsCorrupt) {
    auto raw = plain_batch(1);
    raw.crc = 12345;
    EXPECT_EQ(code(raw.bytes()), Errc::corrupt_message);
}

struct BadHeader {
    const char* what;
    void (*spoil)(RawBatch&);
    Errc expected = Errc::invalid_record;
};

TEST_F(ValidateTest, BaseOffsetDeltaCountAndProducerMustAgree) {
    const BadHeader cases[] = {
        {"base offset 5", [](RawBatch& b) { b.base_offset = 5; }},
        {"count 3 of 2", [](RawBatch& b) { b.count = 3; }},
        {"count 1 of 2", [](RawBatch& b) { b.count = 1; }},
        {"count and delta 3 of 2", [](RawBatch& b) { b.count = 3, b.last_offset_delta = 2; }},
        {"count and delta 1 of 2", [](RawBatch& b) { b.count = 1, b.last_offset_delta = 0; }},
        {"delta 5", [](RawBatch& b) { b.last_offset_delta = 5; }},
        {"delta -1", [](RawBatch& b) { b.last_offset_delta = -1; }},
        {"delta 0", [](RawBatch& b) { b.last_offset_delta = 0; }},
        {"delta of 2^31-1", [](RawBatch& b) { b.count = b.last_offset_delta = INT32_MAX; }},
        {"empty", [](RawBatch& b) { b.records.clear(); }},
        {"empty, delta 0", [](RawBatch& b) { b.records.clear(), b.last_offset_delta = 0; }},
        {"count -1", [](RawBatch& b) { b.count = -1; }},
        {"control", [](RawBatch& b) { b.attribute_bits = kControlBit; }},
        {"no sequence", [](RawBatch& b) { b.producer_id = 4000, b.producer_epoch = 0; }},
        {"unknown codec", [](RawBatch& b) { b.attribute_bits = 6; },
         Errc::unsupported_compression_type},
        {"no epoch", [](RawBatch& b) { b.producer_id = 4000, b.base_sequence = 0; }, Errc::none},
        {"no producer", [](RawBatch& b) { b.producer_epoch = 0, b.base_sequence = 0; }, Errc::none},
        {"producer -2", [](RawBatch& b) { b.producer_id = -2; }, Errc::none},
        {"delete horizon", [](RawBatch& b) { b.attribute_bits = kDeleteHorizonBit; }, Errc::none},
        {"unknown bits", [](RawBatch& b) { b.attribute_bits = INT16_MIN | 0x180; }, Errc::none},
    };
    for (const auto trust : {Trust::strict, Trust::header}) {
        rules_.trust = trust;
        for (const auto& one : cases) {
            auto raw = plain_batch(2);
            one.spoil(raw);
            EXPECT_EQ(code(raw.bytes()), one.expected) << one.what;
        }
    }
}

struct BadRecords {
    const char* what;
    std::vector<RawRecord> records;
    const char* behind = "";
};

TEST_F(ValidateTest, RecordsThatDoNotParseAreInvalidInEveryCodec) {
    const BadRecords cases[] = {
        {"size too small", {{.size = 3}}},
        {"size too large", {{.size = 100}}},
        {"size negative", {{.size = -5}}},
        {"header count -1", {{.header_count = -1}}},
        {"header count 9 of 0", {{.header_count = 9}}},
        {"bytes left in the record", {{.extra = "xyz"}}},
        {"bytes left in the batch", {{}}, "zz"},
    };
    for (const auto codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        for (const auto& one : cases) {
            RawBatch raw;
            raw.codec = codec;
            raw.records = one.records;
            auto plain = testing::record_bytes(one.records);
            append(plain, as_bytes(one.behind));
            raw.payload = compressed(codec, plain);
            const auto got = validate(raw.bytes());
            ASSERT_FALSE(got) << one.what;
            EXPECT_EQ(got.error().code, Errc::invalid_record) << one.what << codec_name(codec);
            EXPECT_TRUE(got.error().record_errors.empty());
            EXPECT_EQ(got.error().message, std::nullopt) << "Kafka gives no text here";
        }
    }
    auto empty = plain_batch(1);
    empty.payload = Bytes{};
    EXPECT_EQ(code(empty.bytes()), Errc::invalid_record);
}

TEST_F(ValidateTest, OddButGoodRecordsPass) {
    RawBatch raw;
    raw.records = {{.attributes = 9},
                   {.offset_delta = 1, .value = std::nullopt},
                   {.offset_delta = 2, .headers = {{"h", "1"}, {"h", std::nullopt}, {"", ""}}}};
    EXPECT_EQ(code(raw.bytes()), Errc::none);
}

TEST_F(ValidateTest, UncompressedBatchesKeepTheirInnerOffsets) {
    for (const auto& [first, second] : {std::pair{0, 5}, {3, 3}, {-1, 0}}) {
        RawBatch raw;
        raw.records = {{.offset_delta = first}, {.offset_delta = second}};
        const auto bytes = raw.bytes();
        const auto got = validate(bytes);
        ASSERT_TRUE(got);
        EXPECT_EQ(to_bytes(got->bytes), bytes);
    }
}

TEST_F(ValidateTest, CompressedBatchesWithOddInnerOffsetsAreRewritten) {
    for (const auto codec : kCodecs) {
        RawBatch raw;
        raw.codec = codec;
        raw.records = {{.offset_delta = 3, .key = "a"}, {.offset_delta = 3, .key = "b"}};
        raw.producer_id = 5;
        raw.producer_epoch = 1;
        raw.base_sequence = 8;
        const auto got = validate(raw.bytes());
        ASSERT_TRUE(got);
        EXPECT_TRUE(got->is_reencoded);
        const BatchView batch(got->bytes);
        EXPECT_TRUE(batch.crc_ok());
        EXPECT_EQ(batch.codec(), codec);
        EXPECT_EQ(batch.base_sequence(), 8);
        const auto records = records_of(got->bytes);
        ASSERT_EQ(records.size(), 2U);
        EXPECT_EQ(records[1].offset, 1);
        EXPECT_EQ(as_text(*records[1].key), "b");
    }
}

TEST_F(ValidateTest, TheTopicsCodecRulesWhatIsStored) {
    for (int target = 0; target <= 4; ++target) {
        for (int source = 0; source <= 4; ++source) {
            rules_.codec = static_cast<Codec>(target);
            const auto got = validate(plain_batch(3, static_cast<Codec>(source)).bytes());
            ASSERT_TRUE(got) << source << " to " << target;
            EXPECT_EQ(got->is_reencoded, source != target);
            EXPECT_EQ(BatchView(got->bytes).codec(), rules_.codec);
            EXPECT_TRUE(BatchView(got->bytes).crc_ok());
            EXPECT_EQ(got->max_timestamp_delta, 2);
            const auto records = records_of(got->bytes);
            ASSERT_EQ(records.size(), 3U);
            EXPECT_EQ(as_text(*records[2].value), "v2");
            EXPECT_EQ(records[2].timestamp, kBaseTime + 2);
        }
    }
}

TEST_F(ValidateTest, BrokenStreamsAreInvalid) {
    RawRecord record;
    record.key = "k";
    const std::string value(40, 'v');
    record.value = value;
    for (const auto codec : kCodecs) {
        RawBatch raw = plain_batch(1, codec);
        const auto whole = compressed(codec, record.bytes());
        for (const auto& payload :
             {Bytes(30, std::byte{0xff}), Bytes{}, Bytes(whole.begin(), whole.end() - 6)}) {
            raw.payload = payload;
            EXPECT_EQ(code(raw.bytes()), Errc::invalid_record)
                << codec_name(codec) << payload.size();
        }
    }
}

TEST_F(ValidateTest, CountsAreCheckedInsideCompressedBatches) {
    auto raw = plain_batch(2, Codec::gzip);
    raw.count = 3;
    raw.last_offset_delta = 2;
    EXPECT_EQ(code(raw.bytes()), Errc::invalid_record);
    raw.count = 1;
    raw.last_offset_delta = 0;
    EXPECT_EQ(code(raw.bytes()), Errc::invalid_record);
}

TEST_F(ValidateTest, HeaderTrustDoesNotOpenCompressedBatches) {
    rules_.trust = Trust::header;
    auto raw = plain_batch(1, Codec::lz4);
    raw.payload = Bytes(30, std::byte{0xff});
    const auto got = validate(raw.bytes());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->max_timestamp, kBaseTime);
    raw.base_timestamp = raw.max_timestamp.emplace(kNow + 3'600'001);
    EXPECT_EQ(code(raw.bytes()), Errc::invalid_timestamp) << "but it judges the header's bounds";
    rules_.is_compacted = true;
    EXPECT_EQ(code(raw.bytes()), Errc::invalid_record) << "and opens them where keys are needed";
}

TEST_F(ValidateTest, ZstdNeedsProduceVersion7) {
    rules_.zstd_is_allowed = false;
    EXPECT_EQ(code(plain_batch(1, Codec::zstd).bytes()), Errc::unsupported_compression_type);
    EXPECT_EQ(code(plain_batch(1, Codec::lz4).bytes()), Errc::none);
}

TEST_F(ValidateTest, CompactedTopicsNeedKeysAndNameTheRecordsWithout) {
    rules_.is_compacted = true;
    for (const auto codec : {Codec::none, Codec::gzip}) {
        RawBatch raw;
        raw.codec = codec;
        raw.records = {{.offset_delta = 0, .key = "a"},
                       {.offset_delta = 1, .value = "x"},
                       {.offset_delta = 2, .value = "y"}};
        const auto got = validate(raw.bytes());
        ASSERT_FALSE(got);
        const auto& refused = got.error();
        EXPECT_EQ(refused.code, Errc::invalid_record);
        ASSERT_EQ(refused.record_errors.size(), 2U);
        EXPECT_EQ(refused.record_errors[0].batch_index, 1);
        const std::string text =
            "Compacted topic cannot accept message without key in topic partition orders-3";
        EXPECT_EQ(refused.record_errors[1].message, text);
        EXPECT_EQ(refused.message,
                  "One or more records have been rejected due to 2 record errors in total, and "
                  "only showing the first three errors at most: [RecordError(batchIndex=1, "
                  "message='" +
                      text + "'), RecordError(batchIndex=2, message='" + text + "')]");
        raw.records = {{.key = "", .value = std::nullopt}};
        EXPECT_EQ(code(raw.bytes()), Errc::none) << "empty key, tombstone";
    }
}

TEST_F(ValidateTest, MillionsOfRecordErrorsAreNotAllListed) {
    rules_.is_compacted = true;
    RawBatch raw;
    for (int i = 0; i < static_cast<int>(kRecordErrorsMax) + 5; ++i) {
        raw.records.push_back({.offset_delta = i});
    }
    const auto got = validate(raw.bytes());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().record_errors.size(), kRecordErrorsMax);
    EXPECT_NE(got.error().message->find("10005 record errors"), std::string::npos);
}

TEST_F(ValidateTest, SizesAreLimited) {
    const auto bytes = plain_batch(1).bytes();
    rules_.batch_bytes_max = static_cast<std::int64_t>(bytes.size());
    EXPECT_EQ(code(bytes), Errc::none);
    rules_.batch_bytes_max -= 1;
    EXPECT_EQ(code(bytes), Errc::message_too_large);
    rules_.batch_bytes_max = 1 << 20;
    rules_.segment_bytes = static_cast<std::int64_t>(bytes.size()) - 1;
    EXPECT_EQ(code(bytes), Errc::record_list_too_large);
}

TEST_F(ValidateTest, ABatchThatGrowsInReencodingIsMeasuredAgain) {
    RawBatch raw;
    raw.codec = Codec::zstd;
    const std::string value(5000, 'x');
    raw.records = {{.value = value}};
    rules_.batch_bytes_max = 1000;
    EXPECT_EQ(code(raw.bytes()), Errc::none);
    rules_.codec = Codec::none;
    EXPECT_EQ(code(raw.bytes()), Errc::message_too_large);
}

TEST_F(ValidateTest, LargeRecordsArePassedOverInTheirStream) {
    RawBatch raw;
    const std::string large(300'000, 'x');
    raw.records = {
        {.offset_delta = 0, .key = large, .value = large},
        {.offset_delta = 1, .value = std::nullopt, .headers = {{large, large}, {"h", {}}}},
        {.offset_delta = 2, .key = "k", .timestamp_delta = 5}};
    rules_.record_bytes_max = 700'000;
    for (const auto codec : kCodecs) {
        raw.codec = codec;
        const auto got = validate(raw.bytes());
        ASSERT_TRUE(got) << codec_name(codec) << got.error().what;
        EXPECT_EQ(got->max_timestamp_delta, 2);
        auto torn = raw;
        torn.records[1].extra = "x";
        EXPECT_EQ(code(torn.bytes()), Errc::invalid_record) << codec_name(codec);
        torn = raw;
        torn.records[1].header_count = 3;
        EXPECT_EQ(code(torn.bytes()), Errc::invalid_record) << codec_name(codec);
    }
}

TEST_F(ValidateTest, ARecordAboveTheDecompressedLimitIsInvalidInCompressedBatchesOnly) {
    RawBatch raw;
    const std::string value(5000, 'x');
    raw.records = {{.value = value}};
    rules_.record_bytes_max = 4000;
    EXPECT_EQ(code(raw.bytes()), Errc::none);
    for (const auto codec : kCodecs) {
        raw.codec = codec;
        EXPECT_EQ(code(raw.bytes()), Errc::invalid_record) << codec_name(codec);
    }
}

TEST_F(ValidateTest, ABombIsRefusedInBoundedMemory) {
    RawBatch raw = plain_batch(1);
    RawRecord record;
    const std::string value(100'000'000, 'x');
    record.value = value;
    const auto plain = record.bytes();
    for (const auto codec : {Codec::gzip, Codec::zstd, Codec::lz4}) {
        raw.codec = codec;
        raw.payload = compressed(codec, plain);
        EXPECT_EQ(code(raw.bytes()), Errc::invalid_record) << codec_name(codec);
        EXPECT_LE(scratch_.window.size(), 1U << 20);
    }
}

TEST_F(ValidateTest, TimestampsMustBeWithinTheTopicsBounds) {
    rules_.before_max_ms = 3'600'000;
    const auto at = [this](std::int64_t timestamp) {
        auto raw = plain_batch(1);
        raw.base_timestamp = timestamp;
        return code(raw.bytes());
    };
    EXPECT_EQ(at(kNow), Errc::none);
    EXPECT_EQ(at(kNow + 3'600'000), Errc::none);
    EXPECT_EQ(at(kNow + 3'600'001), Errc::invalid_timestamp);
    EXPECT_EQ(at(kNow - 3'600'000), Errc::none);
    EXPECT_EQ(at(kNow - 3'600'001), Errc::invalid_timestamp);
    EXPECT_EQ(at(-1), Errc::none) << "-1 is no timestamp";
    EXPECT_EQ(at(-5), Errc::invalid_timestamp);
    EXPECT_EQ(at(INT64_MIN), Errc::invalid_timestamp);
    rules_.before_max_ms = INT64_MAX;
    EXPECT_EQ(at(0), Errc::none);
}

TEST_F(ValidateTest, ABadTimestampNamesItsRecord) {
    auto raw = plain_batch(2);
    raw.base_timestamp = kNow;
    raw.records[1].timestamp_delta = 8'000'000;
    const auto got = validate(raw.bytes());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().message,
              "One or more records have been rejected due to invalid timestamp");
    ASSERT_EQ(got.error().record_errors.size(), 1U);
    EXPECT_EQ(got.error().record_errors[0].batch_index, 1);
    EXPECT_EQ(got.error().record_errors[0].message.substr(0, 54),
              "Timestamp 1600008001000 of message with offset 1 is ou");
}

TEST_F(ValidateTest, AWrongMaximumTimestampIsSetRight) {
    for (const std::int64_t claimed : {kBaseTime + 500, kBaseTime - 500, std::int64_t{-1}}) {
        for (const auto codec : {Codec::none, Codec::gzip}) {
            auto raw = plain_batch(2, codec);
            raw.max_timestamp = claimed;
            const auto got = validate(raw.bytes());
            ASSERT_TRUE(got);
            EXPECT_EQ(BatchView(got->bytes).max_timestamp(), kBaseTime + 1);
            EXPECT_TRUE(BatchView(got->bytes).crc_ok());
        }
    }
}

TEST_F(ValidateTest, LogAppendTimeStampsTheBatch) {
    rules_.timestamp_type = TimestampType::log_append_time;
    for (const auto codec : {Codec::none, Codec::gzip}) {
        const auto got = validate(plain_batch(2, codec).bytes());
        ASSERT_TRUE(got);
        EXPECT_EQ(got->append_time_ms, kNow);
        const BatchView batch(got->bytes);
        EXPECT_TRUE(batch.crc_ok());
        EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
        EXPECT_EQ(batch.max_timestamp(), kNow);
        EXPECT_EQ(batch.base_timestamp(), kBaseTime);
    }
}

TEST_F(ValidateTest, TheAppendTimeBitOfAClientIsRefusedWhereTheBrokerStamps) {
    auto raw = plain_batch(1);
    raw.attribute_bits = kLogAppendTimeBit;
    const auto accepted = validate(raw.bytes());
    ASSERT_TRUE(accepted) << "Kafka takes it on a CreateTime topic and clears the bit";
    EXPECT_EQ(BatchView(accepted->bytes).timestamp_type(), TimestampType::create_time);
    rules_.timestamp_type = TimestampType::log_append_time;
    const auto got = validate(raw.bytes());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::invalid_timestamp);
    EXPECT_EQ(got.error().record_errors.at(0).message,
              "Invalid timestamp type in message DefaultRecord(offset=0, timestamp=1600000000000, "
              "key=2 bytes, value=2 bytes). Producer should not set timestamp type to "
              "LogAppendTime.");
}

TEST_F(ValidateTest, ATruncationAtAnyByteIsRefused) {
    const auto whole = plain_batch(2).bytes();
    for (std::size_t n = 0; n < whole.size(); ++n) {
        EXPECT_EQ(code(cut(whole, n)), Errc::invalid_record) << n;
    }
}

TEST(FirstBatchTest, TellsTransactionalBatchesAndWhatCannotBeOne) {
    auto raw = plain_batch(1);
    EXPECT_EQ(first_batch_is_transactional(raw.bytes()), Result<bool>(false));
    EXPECT_EQ(first_batch_is_transactional({}), Result<bool>(false));
    raw.attribute_bits = kTransactionalBit;
    EXPECT_EQ(first_batch_is_transactional(raw.bytes()), Result<bool>(true));
    raw.length = 13;
    EXPECT_EQ(first_batch_is_transactional(raw.bytes()).error().what,
              "Record size 13 is less than the minimum record overhead (14)");
    raw.length.reset();
    raw.magic = 3;
    EXPECT_EQ(first_batch_is_transactional(raw.bytes()).error().what,
              "Invalid magic found in record: 3");
}

class FetchedTest : public ::testing::Test {
protected:
    static Bytes batch_at(std::int64_t offset, int count) {
        auto bytes = plain_batch(count).bytes();
        set_base_offset(bytes, offset);
        return bytes;
    }
};

TEST_F(FetchedTest, WholeBatchesAreTakenAndAPartialTailIsLeftOut) {
    auto bytes = batch_at(10, 2);
    append(bytes, batch_at(15, 1));
    const auto whole = bytes.size();
    append(bytes, cut(batch_at(16, 1), 50));
    const auto got = validate_fetched(bytes);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->size_bytes, whole);
    EXPECT_EQ(got->batches, 2);
    EXPECT_EQ(got->first_offset, 10);
    EXPECT_EQ(got->last_offset, 15);
    EXPECT_EQ(got->max_timestamp, kBaseTime + 1);
    EXPECT_EQ(got->max_timestamp_last_offset, 11);
}

TEST_F(FetchedTest, NothingIsFetchedFromNothing) {
    const auto got = validate_fetched({});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->batches, 0);
}

TEST_F(FetchedTest, AnyBadBatchSpoilsTheAnswer) {
    auto overlapping = batch_at(10, 3);
    append(overlapping, batch_at(12, 1));
    EXPECT_EQ(validate_fetched(overlapping).error().code, Errc::corrupt_message);
    auto damaged = batch_at(10, 3);
    damaged.back() ^= std::byte{1};
    EXPECT_EQ(validate_fetched(damaged).error().code, Errc::corrupt_message);
    auto short_one = batch_at(10, 3);
    store_be(short_one.data() + kLengthAt, std::int32_t{20});
    EXPECT_EQ(validate_fetched(short_one).error().code, Errc::corrupt_message);
    EXPECT_EQ(validate_fetched(Bytes(100)).error().code, Errc::corrupt_message);
}

}  // namespace
}  // namespace kcore::record
