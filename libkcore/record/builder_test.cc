#include "record/builder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "record/scan.h"
#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::plain_batch;

struct Stored {
    std::int64_t offset = 0;
    std::int64_t timestamp = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;

    bool operator==(const Stored&) const = default;
};

std::optional<std::string> text(const std::optional<BytesView>& bytes) {
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
}

std::vector<Stored> read(BytesView bytes) {
    std::vector<Stored> out;
    Decompressor decompressor;
    const auto done = for_each_record(BatchView(bytes), decompressor, [&](const RecordView& r) {
        Stored one{r.offset, r.timestamp, text(r.key), text(r.value), {}};
        for (const auto& h : r.headers) one.headers.emplace_back(h.key, text(h.value));
        out.push_back(one);
    });
    EXPECT_TRUE(done) << done.error().what;
    return out;
}

class RandomRecords {
public:
    explicit RandomRecords(unsigned seed) : random_(seed) {}

    std::vector<Stored> make(int n, std::size_t value_max) {
        std::vector<Stored> out;
        for (int i = 0; i < n; ++i) {
            Stored one;
            one.offset = i;
            one.timestamp = 1'700'000'000'000 + below(2000) - 1000;
            if (below(4) != 0) one.key = string(below(30));
            if (below(8) != 0) one.value = string(below(value_max));
            for (auto h = below(3); h > 0; --h) {
                one.headers.emplace_back(string(below(10)), std::nullopt);
                if (below(2) != 0) one.headers.back().second = string(below(100));
            }
            out.push_back(one);
        }
        return out;
    }

private:
    std::int64_t below(std::size_t n) { return static_cast<std::int64_t>(random_() % n); }
    std::string string(std::int64_t n) {
        std::string out;
        for (; n > 0; --n) out += static_cast<char>('a' + below(8));
        return out;
    }
    std::mt19937 random_;
};

void fill(BatchBuilder& builder, const std::vector<Stored>& records) {
    for (const auto& one : records) {
        std::vector<HeaderView> headers;
        for (const auto& [name, content] : one.headers) {
            headers.push_back({name, std::nullopt});
            if (content) headers.back().value = as_bytes(*content);
        }
        RecordInput input;
        input.timestamp = one.timestamp;
        if (one.key) input.key = as_bytes(*one.key);
        if (one.value) input.value = as_bytes(*one.value);
        input.headers = headers;
        const auto before = builder.size_bytes();
        ASSERT_TRUE(builder.append(input));
        EXPECT_LE(builder.size_bytes() - before, BatchBuilder::record_bytes_max(input));
    }
}

TEST(BatchBuilderTest, WritesTheBytesThatKafkaWrites) {
    BatchBuilder builder;
    for (int i = 0; i < 3; ++i) {
        const auto key = "k" + std::to_string(i);
        const auto value = "v" + std::to_string(i);
        ASSERT_TRUE(builder.append(testing::kBaseTime + i, as_bytes(key), as_bytes(value)));
    }
    EXPECT_EQ(to_hex(builder.close()), to_hex(plain_batch(3).bytes()));
}

TEST(BatchBuilderTest, RandomRecordsComeBackFromEveryCodec) {
    for (int codec = 0; codec <= 4; ++codec) {
        Compressor compressor(static_cast<Codec>(codec));
        BatchBuilder builder;
        for (unsigned seed = 0; seed < 20; ++seed) {
            const auto records = RandomRecords(seed).make(1 + static_cast<int>(seed) * 7, 3000);
            builder.reset();
            fill(builder, records);
            const auto bytes = builder.close(compressor);
            ASSERT_TRUE(bytes);
            const BatchView batch(*bytes);
            EXPECT_TRUE(batch.crc_ok());
            EXPECT_EQ(batch.codec(), static_cast<Codec>(codec));
            EXPECT_EQ(static_cast<std::size_t>(batch.length()) + kLogOverheadBytes, batch.size());
            EXPECT_EQ(read(*bytes), records) << codec << " " << seed;
        }
    }
}

TEST(BatchBuilderTest, HeaderTellsWhatTheOptionsSaid) {
    BatchOptions options;
    options.base_offset = 40;
    options.leader_epoch = 6;
    options.producer_id = 4000;
    options.producer_epoch = 2;
    options.base_sequence = 17;
    options.is_transactional = true;
    options.timestamp_type = TimestampType::log_append_time;
    options.append_time_ms = 99;
    BatchBuilder builder(options);
    builder.append(50, std::nullopt, as_bytes("a"));
    builder.append(20, std::nullopt, as_bytes("b"));
    const BatchView batch(builder.close());
    EXPECT_EQ(batch.base_offset(), 40);
    EXPECT_EQ(batch.last_offset(), 41);
    EXPECT_EQ(batch.leader_epoch(), 6);
    EXPECT_EQ(batch.producer_id(), 4000);
    EXPECT_EQ(batch.producer_epoch(), 2);
    EXPECT_EQ(batch.last_sequence(), 18);
    EXPECT_TRUE(batch.is_transactional());
    EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(batch.base_timestamp(), 50);
    EXPECT_EQ(batch.max_timestamp(), 99);
}

TEST(BatchBuilderTest, TheProducerMayBecomeKnownAfterClosing) {
    BatchBuilder builder;
    builder.append(1, std::nullopt, as_bytes("a"));
    builder.close();
    builder.set_producer(7, 1, 30);
    const BatchView batch(builder.close());
    EXPECT_TRUE(batch.crc_ok());
    EXPECT_EQ(batch.producer_id(), 7);
    EXPECT_EQ(batch.base_sequence(), 30);
}

TEST(BatchBuilderTest, CompactionKeepsDeltasHorizonAndEnd) {
    const auto source = plain_batch(5).bytes();
    BatchOptions options;
    options.base_offset = 100;
    options.delete_horizon = 12345;
    options.last_offset_delta = 9;
    BatchBuilder builder(options);
    RecordReader reader(BatchView(source).payload(), BatchView(source).base());
    RecordView record;
    while (reader.next(record)) {
        if (record.offset_delta % 2 == 1) builder.append_at(record.offset_delta, record);
    }
    const auto bytes = builder.close();
    const BatchView batch(bytes);
    EXPECT_EQ(batch.delete_horizon(), 12345);
    EXPECT_EQ(batch.last_offset(), 109);
    const auto got = read(bytes);
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].offset, 103);
    EXPECT_EQ(got[1].timestamp, testing::kBaseTime + 3);
}

TEST(BatchBuilderTest, AnEmptyBatchIsAHeaderAloneWhateverTheCodec) {
    Compressor compressor(Codec::zstd);
    BatchOptions options;
    options.last_offset_delta = 4;
    BatchBuilder builder(options);
    const auto bytes = builder.close(compressor);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->size(), kBatchHeaderBytes);
    EXPECT_EQ(BatchView(*bytes).last_offset(), 4);
    EXPECT_TRUE(read(*bytes).empty());
}

TEST(BatchBuilderTest, TakenBytesOutliveTheNextBatch) {
    BatchBuilder builder;
    builder.append(1, std::nullopt, as_bytes("first"));
    builder.close();
    const auto first = builder.take();
    builder.reset();
    builder.append(1, std::nullopt, as_bytes("second"));
    EXPECT_EQ(read(first)[0].value, "first");
    EXPECT_EQ(read(builder.close())[0].value, "second");
}

}  // namespace
}  // namespace kcore::record
