#include "log/offset_map.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kcore::log {
namespace {

TEST(OffsetMapTest, RemembersTheLastOffsetOfEachKey) {
    io::SeededRandom random(1);
    OffsetMap map(1 << 20, 0.9, random);
    std::map<std::string, std::int64_t> expected;
    for (std::int64_t offset = 0; offset < 20'000; ++offset) {
        const auto key = "key-" + std::to_string(random.below(5'000));
        ASSERT_TRUE(map.put(as_bytes(key), offset));
        expected[key] = offset;
    }
    EXPECT_EQ(map.size(), expected.size());
    for (const auto& [key, offset] : expected) EXPECT_EQ(map.get(as_bytes(key)), offset);
    EXPECT_EQ(map.get(as_bytes("another")), std::nullopt);
}

TEST(OffsetMapTest, KeepsAnEmptyKeyAndKeysOfEveryLengthApart) {
    io::SeededRandom random(2);
    OffsetMap map(1 << 16, 0.9, random);
    std::string key;
    for (std::int64_t size = 0; size < 40; ++size) {
        ASSERT_TRUE(map.put(as_bytes(key), size));
        key += '\0';
    }
    EXPECT_EQ(map.size(), 40U);
    EXPECT_EQ(map.get(as_bytes("")), 0);
}

TEST(OffsetMapTest, TakesNoMoreThanItsShareOfTheMemoryAndStillKnownKeys) {
    io::SeededRandom random(3);
    OffsetMap map(24 * 100, 0.5, random);
    std::int64_t offset = 0;
    while (map.put(as_bytes("key-" + std::to_string(offset)), offset)) ++offset;
    EXPECT_EQ(map.size(), 50U);
    EXPECT_TRUE(map.put(as_bytes("key-7"), 1'000));
    EXPECT_EQ(map.get(as_bytes("key-7")), 1'000);
}

}  // namespace
}  // namespace kcore::log
