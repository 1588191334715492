#include "base/crc32c.h"

#include <gtest/gtest.h>

namespace kcore {
namespace {

TEST(Crc32cTest, KnownVectors) {
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
    EXPECT_EQ(crc32c({}), 0U);
    EXPECT_EQ(crc32c(Bytes(32, std::byte{0})), 0x8a9136aaU);
    EXPECT_EQ(crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43U);
}

TEST(Crc32Test, KnownVectors) {
    EXPECT_EQ(crc32(as_bytes("123456789")), 0xcbf43926U);
    EXPECT_EQ(crc32(as_bytes("The quick brown fox jumps over the lazy dog")), 0x414fa339U);
}

TEST(Crc32cTest, GoesOnFromASeed) {
    const auto text = as_bytes("Kafka is a log");
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        EXPECT_EQ(crc32c(text.subspan(cut), crc32c(text.first(cut))), crc32c(text));
        EXPECT_EQ(crc32(text.subspan(cut), crc32(text.first(cut))), crc32(text));
    }
}

}  // namespace
}  // namespace kcore
