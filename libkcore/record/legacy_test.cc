#include "record/legacy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/scan.h"
#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::from_hex;

// k=v in magic 0, k=null in magic 1.
constexpr const char* kPlain0 = "0000000000000000000000101fecd70a0000000000016b0000000176";
constexpr const char* kPlain1 =
    "000000000000000000000017d74cb25d010000000174876e8000000000016bffffffff";
// lz4 around offsets 10 and 11 (absolute), with the frame checksum that magic 0 wrote.
constexpr const char* kLz4Magic0 =
    "000000000000000b00000057865d06820003ffffffff0000004904224d1860401a3a000080000000000000000a0000"
    "00128697724c0000000000026b30000000027630000000000000000b00000010cc83990a0000000000026b31ffffff"
    "ff00000000";
// snappy around k0=v0, k1=v1, k2=v2 with relative offsets 0 to 2 and timestamps 1000 to 1002; the
// wrapper stands at offset 102.
constexpr const char* kSnappyMagic1 =
    "00000000000000660000009f50e9b537010200000000000003eaffffffff0000008982534e41505059000000000100"
    "00"
    "00010000007572ec00000000000000000000001a60d6d754010000000000000003e8000000026b3000000002763000"
    "00"
    "0000000000010000001a6c3035f3010000000000d4000003e9000000026b3100000002763100000000000000020000"
    "00"
    "1a791b121a010000000000000003ea000000026b32000000027632";
// gzip around the same, stamped with the append time 5000.
constexpr const char* kAppendTime =
    "00000000000000660000006410a36b0801090000000000001388ffffffff0000004e1f8b0800000000000003636080"
    "03"
    "a9846bd74318a11ce617408229db0044961940054192523906a69fe1aa5e82551982551942059940aa2aa585a4e0aa"
    "5e"
    "8155198155190100d779524572000000";
// A wrapper inside a wrapper.
constexpr const char* kNested =
    "00000000000000050000008522c826ff010100000000000003eaffffffff0000006f1f8b0800000000000003636080"
    "83"
    "94e36ee78a1919211ce657ff8100c8f093efe6800a25273430af6cc9beee2cb150e699b84393e66d069769920eac8e"
    "93"
    "822cd996cd7fb82aae295412889c58673aacd25adabae4c1aab8c65049206264b85e19e45a04340400702b7d8f7000"
    "000"
    "0";

struct Got {
    std::vector<std::string> records;
    Result<void> end;
};

Got read(BytesView bytes) {
    Got out;
    Decompressor decompressor;
    out.end = for_each_record(AnyBatch(bytes), decompressor, [&](const RecordView& record) {
        const auto text = [](const std::optional<BytesView>& field) {
            return field ? std::string(as_text(*field)) : std::string("null");
        };
        out.records.push_back(std::to_string(record.offset) + "@" +
                              std::to_string(record.timestamp) + " " + text(record.key) + "=" +
                              text(record.value));
    });
    return out;
}

using Texts = std::vector<std::string>;

TEST(LegacyTest, ChecksumsOfBothMagicsAreChecked) {
    for (const auto* hex : {kPlain0, kPlain1, kLz4Magic0, kSnappyMagic1, kAppendTime, kNested}) {
        const auto good = from_hex(hex);
        EXPECT_TRUE(LegacyView(good).check()) << hex;
        for (std::size_t at = 12; at < good.size(); ++at) {
            if (at == kMagicAt) continue;
            auto bad = good;
            bad[at] ^= std::byte{1};
            EXPECT_EQ(LegacyView(bad).check().error().code, Errc::corrupt_message) << at;
        }
    }
}

TEST(LegacyTest, PlainMessagesAreRecords) {
    EXPECT_EQ(read(from_hex(kPlain0)).records, Texts{"0@-1 k=v"});
    EXPECT_EQ(read(from_hex(kPlain1)).records, Texts{"0@1600000000000 k=null"});
}

TEST(LegacyTest, InnerOffsetsAreAbsoluteInMagic0AndRelativeInMagic1) {
    EXPECT_EQ(read(from_hex(kLz4Magic0)).records, (Texts{"10@-1 k0=v0", "11@-1 k1=null"}));
    EXPECT_EQ(read(from_hex(kSnappyMagic1)).records,
              (Texts{"100@1000 k0=v0", "101@1001 k1=v1", "102@1002 k2=v2"}));
}

TEST(LegacyTest, AnAppendTimeOfTheWrapperIsThatOfItsMessages) {
    const auto got = read(from_hex(kAppendTime));
    ASSERT_TRUE(got.end);
    EXPECT_EQ(got.records, (Texts{"100@5000 k0=v0", "101@5000 k1=v1", "102@5000 k2=v2"}));
}

TEST(LegacyTest, AWrapperInsideAWrapperIsCorrupt) {
    const auto got = read(from_hex(kNested));
    EXPECT_TRUE(got.records.empty());
    ASSERT_FALSE(got.end);
    EXPECT_EQ(got.end.error().code, Errc::corrupt_message);
}

TEST(LegacyTest, ACutAtAnyByteNeitherChecksNorReads) {
    for (const auto* hex : {kPlain0, kPlain1, kLz4Magic0, kSnappyMagic1, kAppendTime}) {
        const auto whole = from_hex(hex);
        for (auto n = kPeekBytes; n < whole.size(); ++n) {
            auto bytes = Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
            store_be(bytes.data() + kLengthAt, static_cast<std::int32_t>(n - kLogOverheadBytes));
            EXPECT_FALSE(LegacyView(bytes).check()) << n;
            const auto got = read(bytes);
            ASSERT_FALSE(got.end) << n;
            EXPECT_EQ(got.end.error().code, Errc::corrupt_message);
        }
    }
}

TEST(LegacyTest, ZstdDoesNotExistHere) {
    auto bytes = from_hex(kLz4Magic0);
    bytes[17] = std::byte{4};
    EXPECT_EQ(LegacyView(bytes).codec(), std::nullopt);
    EXPECT_FALSE(read(bytes).end);
}

}  // namespace
}  // namespace kcore::record
