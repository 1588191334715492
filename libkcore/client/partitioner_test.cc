#include "client/partitioner.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace kcore::client {
namespace {

TEST(PartitionerTest, Murmur2AgreesWithJava) {
    EXPECT_EQ(murmur2(as_bytes("21")), -973932308);
    EXPECT_EQ(murmur2(as_bytes("foobar")), -790332482);
}

TEST(PartitionerTest, EveryLengthOfTailStaysInRange) {
    std::string_view text = "abcdefghij";
    for (std::size_t n = 0; n <= text.size(); ++n) {
        for (const auto count : {1, 3, 7}) {
            const auto key = as_bytes(text.substr(0, n));
            EXPECT_LT(partition_by_murmur2(key, count), count);
            EXPECT_GE(partition_by_murmur2(key, count), 0);
            EXPECT_LT(partition_by_crc32(key, count), count);
            EXPECT_GE(partition_by_crc32(key, count), 0);
        }
    }
}

TEST(PartitionerTest, Crc32IsTheOneOfIeee) {
    EXPECT_EQ(partition_by_crc32(as_bytes("123456789"), 1'000'000'000), 0xcbf43926 % 1'000'000'000);
}

}  // namespace
}  // namespace kcore::client
