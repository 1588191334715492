#include "base/uuid.h"

#include <gtest/gtest.h>

namespace kcore {
namespace {

TEST(UuidTest, TextIsBase64UrlWithoutPadding) {
    EXPECT_EQ(Uuid().to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
    EXPECT_EQ(kMetadataTopicId.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
    EXPECT_EQ((Uuid{UINT64_MAX, UINT64_MAX}).to_string(), "_____________________w");
    EXPECT_EQ((Uuid{0x0102030405060708, 0x090a0b0c0d0e0f10}).to_string(), "AQIDBAUGBwgJCgsMDQ4PEA");
}

TEST(UuidTest, TextReadsBack) {
    std::uint64_t seed = 1;
    for (int i = 0; i < 1000; ++i) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        const Uuid id{seed, seed * 31};
        EXPECT_EQ(Uuid::parse(id.to_string()), id);
    }
}

TEST(UuidTest, OtherTextIsRefused) {
    for (const auto* text :
         {"", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA",
          "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAA+AAAAAAAAAAA", "00000000-0000-0000-0000"}) {
        EXPECT_EQ(Uuid::parse(text), std::nullopt) << text;
    }
}

TEST(UuidTest, RandomOnesAreVersion4AndNeverBeginLikeAnOption) {
    const auto id = Uuid::from_random(0x1111111111111111, 0x2222222222222222);
    ASSERT_TRUE(id);
    EXPECT_EQ((id->high >> 12) & 0xf, 4U);
    EXPECT_EQ(id->low >> 62, 2U);
    EXPECT_EQ(Uuid::from_random(UINT64_MAX << 58, 0).value_or(Uuid()).to_string().front(), '_')
        << "the six top bits 111111 are '_', 111110 are '-'";
    EXPECT_EQ(Uuid::from_random(0xf800000000000000, 0), std::nullopt);
}

TEST(UuidTest, OrderIsThatOfTheBytes) {
    EXPECT_LT((Uuid{1, 9}), (Uuid{2, 0}));
    EXPECT_LT((Uuid{1, 1}), (Uuid{1, 2}));
}

}  // namespace
}  // namespace kcore
