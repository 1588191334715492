#include "io/fault_disk.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "io/disk_error.h"

namespace kcore::io {
namespace {

class FaultDiskTest : public testing::Test {
protected:
    FaultDiskTest() {
        EXPECT_TRUE(disk_.make_directory("/d"));
        EXPECT_TRUE(disk_.sync_directory("/"));
    }
    static std::string text(MemoryDisk& disk, const std::string& path) {
        const auto file = disk.open(path, Open::read);
        if (!file) return "(none)";
        std::string all(*(*file)->size(), '?');
        EXPECT_TRUE((*file)->read(0, std::as_writable_bytes(std::span(all))));
        return all;
    }
    // Everything that a crash right now may leave of a file.
    std::set<std::string> outcomes(const std::string& path) {
        std::set<std::string> all;
        for (std::uint64_t seed = 1; seed <= 300; ++seed) {
            SeededRandom random(seed);
            all.insert(text(*disk_.crashed(disk_.effects(), random), path));
        }
        return all;
    }

    MemoryDisk memory_;
    FaultDisk disk_{memory_};
};

TEST_F(FaultDiskTest, OnlyTheCallAskedForFails) {
    disk_.fail_call(2, Fault::io_error);
    auto file = disk_.open("/d/a", Open::write);
    ASSERT_TRUE(file);
    EXPECT_FALSE((*file)->write(0, as_bytes("one")));
    EXPECT_EQ(disk_.last_fault(), "write /d/a");
    EXPECT_TRUE((*file)->write(0, as_bytes("two")));
    EXPECT_EQ(text(memory_, "/d/a"), "two");
    EXPECT_EQ(disk_.faults(), 1U);
}

TEST_F(FaultDiskTest, AFullDiskTakesHalfAWrite) {
    auto file = disk_.open("/d/a", Open::write);
    disk_.fail_call(1, Fault::no_space, true);
    const auto refused = (*file)->write(0, as_bytes("12345678"));
    EXPECT_TRUE(is_disk_full(refused.error()));
    EXPECT_FALSE(disk_.remove("/d/a"));
    EXPECT_EQ(text(memory_, "/d/a"), "1234");
}

TEST_F(FaultDiskTest, WhatWasSyncedSurvivesEveryCrash) {
    auto file = disk_.open("/d/a", Open::write);
    ASSERT_TRUE((*file)->write(0, as_bytes("kept")));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE(disk_.sync_directory("/d"));
    EXPECT_EQ(outcomes("/d/a"), std::set<std::string>{"kept"});
}

TEST_F(FaultDiskTest, WhatWasNotSyncedMayBeCutTornOrGone) {
    auto file = disk_.open("/d/a", Open::write);
    ASSERT_TRUE(disk_.sync_directory("/d"));
    ASSERT_TRUE((*file)->write(0, as_bytes("kept")));
    ASSERT_TRUE((*file)->sync());
    ASSERT_TRUE((*file)->write(4, as_bytes(std::string(1'000, 'x'))));
    const auto all = outcomes("/d/a");
    const auto whole = "kept" + std::string(1'000, 'x');
    EXPECT_TRUE(all.contains("kept"));
    EXPECT_TRUE(all.contains(whole));
    const auto hole = "kept" + std::string(508, '\0') + std::string(492, 'x');
    EXPECT_TRUE(all.contains(hole));
    EXPECT_GT(all.size(), 10U);
    for (const auto& one : all) EXPECT_TRUE(one.starts_with("kept")) << one;
}

TEST_F(FaultDiskTest, ANameIsDurableOnlyWithItsDirectory) {
    auto file = disk_.open("/d/a", Open::write);
    ASSERT_TRUE((*file)->write(0, as_bytes("x")));
    ASSERT_TRUE((*file)->sync());
    EXPECT_EQ(outcomes("/d/a"), (std::set<std::string>{"(none)", "x"}));
    ASSERT_TRUE(disk_.sync_directory("/d"));
    ASSERT_TRUE(disk_.rename("/d/a", "/d/b"));
    EXPECT_EQ(outcomes("/d/a"), (std::set<std::string>{"(none)", "x"}));
    ASSERT_TRUE(disk_.sync_directory("/d"));
    EXPECT_EQ(outcomes("/d/b"), std::set<std::string>{"x"});
}

TEST_F(FaultDiskTest, AFailedSyncLosesItsPagesForGood) {
    auto file = disk_.open("/d/a", Open::write);
    ASSERT_TRUE(disk_.sync_directory("/d"));
    ASSERT_TRUE((*file)->write(0, as_bytes("lost")));
    disk_.fail_call(1, Fault::io_error);
    EXPECT_FALSE((*file)->sync());
    EXPECT_TRUE((*file)->sync());
    EXPECT_EQ(text(memory_, "/d/a"), "lost");
    EXPECT_EQ(outcomes("/d/a"), std::set<std::string>{""});
}

TEST_F(FaultDiskTest, ACrashInThePastKnowsNothingOfWhatCameLater) {
    auto file = disk_.open("/d/a", Open::write);
    ASSERT_TRUE(disk_.sync_directory("/d"));
    const auto then = disk_.effects();
    ASSERT_TRUE((*file)->write(0, as_bytes("x")));
    ASSERT_TRUE((*file)->sync());
    SeededRandom random(1);
    EXPECT_EQ(text(*disk_.crashed(then, random), "/d/a"), "");
}

}  // namespace
}  // namespace kcore::io
