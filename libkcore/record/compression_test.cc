#include "record/compression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "record/test_batches.h"

namespace kcore::record {
namespace {

using testing::compressed;
using testing::from_hex;

constexpr Codec kCodecs[] = {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr std::size_t kMiB = 1024 * 1024;

Bytes noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    Bytes out(size);
    for (auto& b : out) b = static_cast<std::byte>(random() & 0xff);
    return out;
}

Result<Bytes> decompress(Codec codec, BytesView input, std::size_t max = 64 * kMiB) {
    Decompressor decompressor;
    const auto got = decompressor.decompress(codec, input, max);
    if (!got) return std::unexpected(got.error());
    return to_bytes(*got);
}

TEST(CodecTest, NamesAndIdsAreKafkas) {
    EXPECT_EQ(codec_by_name("uncompressed"), Codec::none);
    EXPECT_EQ(codec_by_name("producer"), std::nullopt);
    for (int id = 0; id < 5; ++id) {
        EXPECT_EQ(codec_by_name(codec_name(*codec_from_id(id))), codec_from_id(id));
    }
    EXPECT_EQ(codec_from_id(5), std::nullopt);
    EXPECT_EQ(codec_from_id(-1), std::nullopt);
}

TEST(CompressionTest, EveryCodecAndSizeComesBack) {
    Decompressor decompressor;
    for (const auto codec : kCodecs) {
        for (const std::size_t size : {0UL, 1UL, 100UL, 32768UL, 65536UL, 65537UL, 3 * kMiB}) {
            const auto plain = noise(size, 1);
            const auto packed = compressed(codec, plain);
            const auto got = decompressor.decompress(codec, packed, 64 * kMiB);
            ASSERT_TRUE(got) << codec_name(codec) << size << got.error().what;
            EXPECT_TRUE(std::ranges::equal(*got, plain)) << codec_name(codec) << " " << size;
        }
    }
}

TEST(CompressionTest, EveryLevelOfTheConfigurationWorks) {
    const auto plain = Bytes(10'000, std::byte{'x'});
    const auto round_trip = [&](Codec codec, const CompressionLevels& levels) {
        Bytes packed;
        ASSERT_TRUE(Compressor(codec, levels).compress(plain, packed));
        EXPECT_LT(packed.size(), plain.size() + 64);
        EXPECT_EQ(*decompress(codec, packed), plain);
    };
    for (const int level : {-1, 1, 9}) round_trip(Codec::gzip, {.gzip = level});
    for (const int level : {1, 8, 9, 17}) round_trip(Codec::lz4, {.lz4 = level});
    for (const int level : {-131072, -5, 3, 19}) round_trip(Codec::zstd, {.zstd = level});
}

TEST(CompressionTest, ReadingInSmallPiecesGivesTheSameBytes) {
    const auto plain = noise(100'000, 2);
    Decompressor decompressor;
    for (const auto codec : kCodecs) {
        const auto packed = compressed(codec, plain);
        decompressor.start(codec, packed);
        Bytes got;
        Bytes piece(777);
        while (true) {
            const auto n = decompressor.read(piece);
            ASSERT_TRUE(n);
            if (*n == 0) break;
            append(got, BytesView(piece).first(*n));
        }
        EXPECT_EQ(got, plain) << codec_name(codec);
    }
}

TEST(CompressionTest, ATruncationAtAnyByteIsAnInvalidRecord) {
    for (const auto codec : kCodecs) {
        const auto packed = compressed(codec, as_bytes(std::string(200, 'v') + "and the end"));
        for (std::size_t n = 0; n < packed.size(); ++n) {
            // The Java framing of snappy has no end mark: its header alone is an empty stream.
            if (codec == Codec::snappy && n == 16) continue;
            const auto got = decompress(codec, BytesView(packed).first(n));
            ASSERT_FALSE(got) << codec_name(codec) << " " << n;
            EXPECT_EQ(got.error().code, Errc::invalid_record);
        }
    }
}

TEST(CompressionTest, GarbageIsAnInvalidRecordAndTheNextStreamIsRead) {
    Decompressor decompressor;
    for (const auto codec : kCodecs) {
        EXPECT_FALSE(decompressor.decompress(codec, Bytes(30, std::byte{0xff}), kMiB));
        for (unsigned seed = 0; seed < 200; ++seed) {
            auto bad = compressed(codec, noise(300, seed));
            bad[seed % bad.size()] ^= std::byte{0x55};
            (void)decompressor.decompress(codec, bad, kMiB);
        }
        const auto good = compressed(codec, as_bytes("good"));
        const auto got = decompressor.decompress(codec, good, kMiB);
        ASSERT_TRUE(got) << codec_name(codec);
        EXPECT_EQ(as_text(*got), "good");
    }
}

TEST(CompressionTest, ABombStopsAtTheLimit) {
    const Bytes zeros(8 * kMiB);
    for (const auto codec : kCodecs) {
        const auto bomb = compressed(codec, zeros);
        EXPECT_TRUE(decompress(codec, bomb, zeros.size())) << codec_name(codec);
        const auto got = decompress(codec, bomb, zeros.size() - 1);
        ASSERT_FALSE(got) << codec_name(codec);
        EXPECT_EQ(got.error().code, Errc::invalid_record);
    }
}

TEST(CompressionTest, TheLimitGrowsWithTheInputBetweenItsBounds) {
    EXPECT_EQ(decompressed_bytes_max(0), 64 * kMiB);
    EXPECT_EQ(decompressed_bytes_max(kMiB), 64 * kMiB);
    EXPECT_EQ(decompressed_bytes_max(2 * kMiB), 128 * kMiB);
    EXPECT_EQ(decompressed_bytes_max(SIZE_MAX), 1024 * kMiB);
}

TEST(GzipTest, MembersInARowAreOneStreamAndTrailingBytesAreIgnored) {
    auto packed = compressed(Codec::gzip, as_bytes("one "));
    append(packed, compressed(Codec::gzip, as_bytes("two")));
    append(packed, as_bytes("trailing"));
    EXPECT_EQ(as_text(*decompress(Codec::gzip, packed)), "one two");
}

TEST(SnappyTest, WritesTheJavaFraming) {
    EXPECT_EQ(to_hex(compressed(Codec::snappy, as_bytes("abc"))),
              "82534e4150505900"
              "00000001"
              "00000001"
              "00000005"
              "0308616263");
}

TEST(SnappyTest, ReadsARawBlockAsOtherClientsWriteIt) {
    EXPECT_EQ(as_text(*decompress(Codec::snappy, from_hex("0308616263"))), "abc");
}

TEST(SnappyTest, StreamsInARowRepeatTheHeader) {
    auto packed = compressed(Codec::snappy, as_bytes("one "));
    append(packed, compressed(Codec::snappy, as_bytes("two")));
    EXPECT_EQ(as_text(*decompress(Codec::snappy, packed)), "one two");
}

TEST(SnappyTest, LengthsThatLieAreRefusedBeforeAnythingIsAllocated) {
    const char* const cases[] = {
        "82534e4150505900"
        "00000001"
        "00000001"
        "7fffffff",  // a block of 2 GiB
        "82534e4150505900"
        "00000001"
        "00000001"
        "ffffffff"
        "00",  // a negative one
        "82534e4150505900"
        "00000001"
        "00000001"
        "00000000",  // an empty one
        "82534e4150505900"
        "00000001"
        "00000000"
        "00000005"
        "0308616263",  // version 0
        "82534e4150505900"
        "00000001"
        "00000001"
        "00000006"
        "ffffffff0f00",  // grows to 4 GiB
        "ffffffff0f00",  // the same, raw
    };
    for (const auto* hex : cases) EXPECT_FALSE(decompress(Codec::snappy, from_hex(hex))) << hex;
}

TEST(Lz4Test, FramesHaveIndependentBlocksAsJavaNeedsThem) {
    const auto packed = compressed(Codec::lz4, as_bytes("abc"));
    EXPECT_EQ(to_hex(BytesView(packed).first(7)), "04224d18604082");
}

TEST(Lz4Test, DependentBlocksAreRefused) {
    auto packed = compressed(Codec::lz4, as_bytes("abc"));
    packed[4] = std::byte{0x40};
    EXPECT_FALSE(decompress(Codec::lz4, packed));
}

TEST(Lz4Test, AWrongHeaderChecksumIsTakenOnlyWhereMagic0WroteIt) {
    auto packed = compressed(Codec::lz4, as_bytes("abc"));
    packed[6] = std::byte{0};
    Decompressor decompressor;
    EXPECT_FALSE(decompressor.decompress(Codec::lz4, packed, kMiB));
    const auto got = decompressor.decompress(Codec::lz4, packed, kMiB, true);
    ASSERT_TRUE(got);
    EXPECT_EQ(as_text(*got), "abc");
    EXPECT_FALSE(decompressor.decompress(Codec::lz4, BytesView(packed).first(6), kMiB, true));
}

TEST(ZstdTest, FramesInARowAreOneStreamAndGarbageBehindIsNot) {
    auto packed = compressed(Codec::zstd, as_bytes("one "));
    append(packed, compressed(Codec::zstd, as_bytes("two")));
    EXPECT_EQ(as_text(*decompress(Codec::zstd, packed)), "one two");
    append(packed, as_bytes("garbage"));
    EXPECT_FALSE(decompress(Codec::zstd, packed));
}

}  // namespace
}  // namespace kcore::record
