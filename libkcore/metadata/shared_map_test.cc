#include "metadata/shared_map.h"

#include <gtest/gtest.h>

#include <map>

namespace kcore::metadata {
namespace {

using Numbers = SharedMap<std::string, int>;

TEST(SharedMapTest, FindsWhatWasSetAndNothingElse) {
    Numbers map;
    for (int i = 0; i < 3000; ++i) map.set("key" + std::to_string(i), i);
    EXPECT_EQ(map.size(), 3000U);
    for (int i = 0; i < 3000; ++i) {
        const auto* found = map.find("key" + std::to_string(i));
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(*found, i);
    }
    EXPECT_EQ(map.find("key3000"), nullptr);
}

TEST(SharedMapTest, AChangedCopyLeavesTheOriginalAsItWas) {
    Numbers original;
    original.set("a", 1);
    original.set("b", 2);
    Numbers copy = original;
    copy.set("a", 10);
    copy.set("c", 3);
    EXPECT_TRUE(copy.erase("b"));
    EXPECT_EQ(*original.find("a"), 1);
    EXPECT_EQ(*original.find("b"), 2);
    EXPECT_EQ(original.find("c"), nullptr);
    EXPECT_EQ(*copy.find("a"), 10);
    EXPECT_EQ(copy.find("b"), nullptr);
    EXPECT_EQ(original.size(), 2U);
    EXPECT_EQ(copy.size(), 2U);
}

TEST(SharedMapTest, ACopyOfAMovedMapStillLeavesItAlone) {
    Numbers first;
    first.set("a", 1);
    const Numbers moved = std::move(first);
    Numbers copy = moved;
    copy.set("a", 2);
    EXPECT_EQ(*moved.find("a"), 1);
}

TEST(SharedMapTest, EraseOfWhatIsNotThereChangesNothing) {
    Numbers map;
    map.set("a", 1);
    EXPECT_FALSE(map.erase("b"));
    EXPECT_EQ(map.size(), 1U);
}

TEST(SharedMapTest, VisitsEveryEntryOnce) {
    Numbers map;
    std::map<std::string, int> expected;
    for (int i = 0; i < 500; ++i) {
        map.set(std::to_string(i), i);
        expected.emplace(std::to_string(i), i);
    }
    std::map<std::string, int> seen;
    map.for_each(
        [&](const std::string& key, int value) { EXPECT_TRUE(seen.emplace(key, value).second); });
    EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace kcore::metadata
