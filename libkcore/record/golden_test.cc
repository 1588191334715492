// Batches that Apache Kafka 4.4.0 wrote, byte for byte: what it writes we read, and what we write
// looks the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "record/control.h"
#include "record/scan.h"
#include "record/test_batches.h"
#include "record/validate.h"

namespace kcore::record {
namespace {

using testing::from_hex;

constexpr const char* kNone =
    "0000000000000000000001030000000002a25432f60000000000060000018bcfe568000000018bcfe5680600"
    "00000000000010000000000000000000073a000000046b302a7265637265617465642d302d2d2d2d2d2d2d2d"
    "2d2d003a000202046b312a7265637265617465642d312d2d2d2d2d2d2d2d2d2d003a000404046b322a726563"
    "7265617465642d322d2d2d2d2d2d2d2d2d2d003a000606046b332a7265637265617465642d332d2d2d2d2d2d"
    "2d2d2d2d003a000808046b342a7265637265617465642d342d2d2d2d2d2d2d2d2d2d003a000a0a046b352a72"
    "65637265617465642d352d2d2d2d2d2d2d2d2d2d003a000c0c046b362a7265637265617465642d362d2d2d2d"
    "2d2d2d2d2d2d00";
constexpr const char* kGzip =
    "0000000000000019000000f0000000000242f6d70f0001000000080000018bcfe68cf80000018bcfe6eab800"
    "00000000000001000000000019000000091f8b08000000000000ffdbc7c4c0c0c0939d5aa96b68f080b182ce"
    "804d2023353125b548d780a5cc00c636642933848b33da317cd003ba910597ca0e368607b12c5c201f185f63"
    "a5b707463060428e9130860b3d8c6c8c6e44e86358c4ca706037230738ca2c0fb1d0dca1431d10914966b031"
    "6c78c5c805c9c746a746b3013d00ce22e90213c382994c3ce0046e348769a0dd890a50b26d030bc384134c7c"
    "60979a3e611e68b7d11f308430347c671260602422930100c9f7de9f2b070000";
constexpr const char* kSnappy =
    "000000000000002a0000012f0000000002b492a4610002000000070000018bcfe754300000018bcfe7a63800"
    "0000000000000200000000002a0000000882534e41505059000000000100000001000000eac80e20a4030000"
    "0001e60278fe0100fe0100c601003004106865616465722d30047630110c4831047631d80500f02e020c6b65"
    "792d3132a405feda00feda00c6da00fe0100fe01007e01000002316e217a141800e05d040a216d24320100cc"
    "0600d08c0106050f0435ecfe7b01fe7b01fe7b01fe7b01fe7b014a7b018e010000062e9f01110c6119110c20"
    "3001ea0400c0bb010825a808389e048e5600fe0100fe0100fe0100aa0100625a0424aa0300b0ea010a008003"
    "fe0e01fe0e01fe0e0132c303141a00a099020c450d2c310000e6040090c8020e0190fe1702fe1702fe1702fe"
    "170255178a5103";
constexpr const char* kLz4 =
    "0000000000000001000000f10000000002a9440f330003000000070000018bcfe573b80000018bcfe5c5c000"
    "000000000000030000000000010000000804224d18604082b1000000dfa8010000000a6b65792d334e780100"
    "13d406106865616465722d300476300c0044310476310c00813001800100f02e0257002f3638560009150434"
    "000b4c0061aa0200e05d0442003f39f8014300090f02004d1802a300701c00d08c01060c3001cd3132000076"
    "00c0bb0108002284000f240110615400b0ea010ae20021350a41000f0d0106a19c0600a099020c01f2052800"
    "0f0200ff6209060262640090c8020e06022f31488f010d50787878780000000000";
constexpr const char* kZstd =
    "0000000000000009000000e500000000022416cc780004000000070000018bcfe5d1780000018bcfe6238000"
    "000000000000040000000000090000000828b52ffd00584405005406ec040000000a6b65792d319004780610"
    "6865616465722d30047630310476313001960500f02e0234cc043000e05d043701021800d08c010600087878"
    "787800c40500c0bb010830e4980600b0ea010a01d6053200a099020c3600ac030090c8020e39900300170004"
    "a0800d4686cfd6701487e989ab368a050c24e803056a0142da040901040c6009852d2530a43c9eb655ad45e1"
    "b48803623000857996e080102fc447a00225010000";
constexpr const char* kCommit =
    "000000000000000500000042000000000247aa880d003000000000000001a1fba7aba0000001a1fba7aba000"
    "0000000000000c0001ffffffff000000012000000008000000010c00000000000000";
constexpr const char* kLeaderChange =
    "00000000000000000000004f0000000102994230e2002000000000000001a1fba761d6000001a1fba761d6ff"
    "ffffffffffffffffffffffffff000000013a0000000800000002260000000000010200000001000200000001"
    "000000";

struct Golden {
    const char* hex;
    Codec codec;
    std::int64_t base_offset;
    std::vector<int> value_bytes;  // -1 is null
};

const std::vector<Golden>& batches() {
    static const std::vector<Golden> all = {
        {kNone, Codec::none, 0, {21, 21, 21, 21, 21, 21, 21}},
        {kGzip, Codec::gzip, 25, {112, 0, 363, 35, 289, 357, 142, 242, -1}},
        {kSnappy, Codec::snappy, 42, {179, 338, -1, 374, 271, 192, 0, 264}},
        {kLz4, Codec::lz4, 1, {39, 28, 124, 0, 17, 5, 377, 36}},
        {kZstd, Codec::zstd, 9, {264, 294, -1, 4, 306, 363, 0, 200}},
    };
    return all;
}

TEST(GoldenTest, BatchesOfEveryCodecAreRead) {
    Decompressor decompressor;
    for (const auto& one : batches()) {
        const auto bytes = from_hex(one.hex);
        BatchScanner scanner(bytes);
        ASSERT_EQ(scanner.next(), Scan::batch);
        const auto batch = scanner.batch().v2();
        EXPECT_EQ(scanner.next(), Scan::end);
        EXPECT_TRUE(batch.crc_ok());
        EXPECT_EQ(batch.codec(), one.codec);
        EXPECT_EQ(batch.base_offset(), one.base_offset);
        std::vector<int> sizes;
        std::int64_t timestamp = 0;
        const auto done = for_each_record(batch, decompressor, [&](const RecordView& record) {
            sizes.push_back(record.value ? static_cast<int>(record.value->size()) : -1);
            EXPECT_EQ(record.offset, one.base_offset + static_cast<int>(sizes.size()) - 1);
            timestamp = std::max(timestamp, record.timestamp);
            for (const auto& header : record.headers) EXPECT_EQ(header.key.substr(0, 7), "header-");
        });
        EXPECT_TRUE(done) << done.error().what;
        EXPECT_EQ(sizes, one.value_bytes) << codec_name(one.codec);
        EXPECT_EQ(timestamp, batch.max_timestamp());
    }
}

TEST(GoldenTest, TheyPassProduceValidationUnchanged) {
    ValidationScratch scratch;
    for (const auto& one : batches()) {
        auto bytes = from_hex(one.hex);
        set_base_offset(bytes, 0);
        const auto before = bytes;
        const auto got =
            validate_produce(bytes, {}, {"orders", 0}, BatchView(bytes).max_timestamp(), scratch);
        ASSERT_TRUE(got) << got.error().what;
        EXPECT_EQ(to_bytes(got->bytes), before);
    }
}

TEST(GoldenTest, TheBuilderWritesTheSameBytes) {
    const auto bytes = from_hex(kNone);
    const BatchView batch(bytes);
    BatchOptions options;
    options.leader_epoch = batch.leader_epoch();
    options.producer_id = batch.producer_id();
    options.producer_epoch = batch.producer_epoch();
    options.base_sequence = batch.base_sequence();
    BatchBuilder builder(options);
    Decompressor decompressor;
    const auto done = for_each_record(batch, decompressor, [&](const RecordView& record) {
        builder.append(record.timestamp, record.key, record.value);
    });
    ASSERT_TRUE(done);
    EXPECT_EQ(to_hex(builder.close()), kNone);
}

TEST(GoldenTest, ACommitMarkerIsWhatKafkaWrites) {
    auto bytes = marker_batch({.is_commit = true, .coordinator_epoch = 0}, 12, 1, 1795223432096);
    set_base_offset(bytes, 5);
    set_leader_epoch(bytes, 0);
    EXPECT_EQ(to_hex(bytes), kCommit);
}

TEST(GoldenTest, ALeaderChangeIsWhatKafkaWrites) {
    const auto golden = from_hex(kLeaderChange);
    const BatchView batch(golden);
    RecordReader reader(batch.payload(), batch.base());
    RecordView record;
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(control_type(record), ControlType::leader_change);
    auto bytes = control_batch(ControlType::leader_change, *record.value, batch.base_timestamp());
    set_leader_epoch(bytes, batch.leader_epoch());
    EXPECT_EQ(to_hex(bytes), kLeaderChange);
}

}  // namespace
}  // namespace kcore::record
