#include "group/java_text.h"

#include <gtest/gtest.h>

#include <string>

namespace kcore::group {
namespace {

TEST(JavaText, HashesAsJavaDoes) {
    EXPECT_EQ(java_hash(""), 0);
    EXPECT_EQ(java_hash("classic-group"), -1592783484);
    EXPECT_EQ(java_hash("polygenelubricants"), INT32_MIN);
}

TEST(JavaText, CountsCharactersBeyondTheBasicPlaneAsTwoUnits) {
    EXPECT_EQ(java_length("a\u00e9\u20ac"), 3U);
    EXPECT_EQ(java_length("\U0001F600"), 2U);
    EXPECT_EQ(java_hash("\U0001F600"), 0xD83D * 31 + 0xDE00);
}

TEST(JavaText, BytesThatAreNoUtf8CountAsOneReplacementEach) {
    EXPECT_EQ(java_length("\xFF\xFE"), 2U);
    EXPECT_EQ(java_hash("\xC3"), 0xFFFD);
    EXPECT_EQ(java_length("\xE2\x82"), 2U);
}

TEST(JavaText, GroupsFindTheirPartition) {
    // As Apache Kafka 4.4.0 placed them among eight partitions.
    EXPECT_EQ(partition_of("classic-group", 8), 4);
    EXPECT_EQ(partition_of("static-group", 8), 0);
    EXPECT_EQ(partition_of("consumer-group", 8), 0);
    EXPECT_EQ(partition_of("tx-group", 8), 6);
    EXPECT_EQ(partition_of("polygenelubricants", 50), 0);
}

}  // namespace
}  // namespace kcore::group
