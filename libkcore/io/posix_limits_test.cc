#include "io/posix_limits.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kcore::io {
namespace {

class MemoryLimitTest : public testing::Test {
protected:
    MemoryLimitTest() { EXPECT_NE(::mkdtemp(root.data()), nullptr); }
    ~MemoryLimitTest() override { std::filesystem::remove_all(root); }

    void write(const std::string& path, const std::string& text) {
        const auto whole = std::filesystem::path(root + path);
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole) << text;
    }

    std::string root = std::filesystem::temp_directory_path() / "kcore-cgroup-XXXXXX";
};

TEST_F(MemoryLimitTest, TheSmallestOfAllGroupsAboveCounts) {
    write("/a/b/memory.max", "max\n");
    write("/a/memory.max", "1048576\n");
    write("/memory.max", "2097152\n");
    EXPECT_EQ(memory_limit_bytes("0::/a/b\n", root), 1 << 20);
    EXPECT_EQ(memory_limit_bytes("0::/other\n", root), 2 << 20);
}

TEST_F(MemoryLimitTest, GroupsOfTheOldKindCountToo) {
    write("/memory/docker/memory.limit_in_bytes", "4096\n");
    EXPECT_EQ(memory_limit_bytes("9:cpu:/\n5:memory:/docker\n", root), 4096);
}

TEST_F(MemoryLimitTest, WithoutAnyThereIsNone) {
    write("/memory.max", "max\n");
    EXPECT_EQ(memory_limit_bytes("0::/\n", root), 0);
    EXPECT_EQ(memory_limit_bytes("", root), 0);
    EXPECT_EQ(memory_limit_bytes("not understood", root), 0);
    write("/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(memory_limit_bytes("5:memory:/\n", root), 0);
}

TEST_F(MemoryLimitTest, AProcessHasSomeMemory) { EXPECT_GT(resident_bytes(), 1 << 20); }

}  // namespace
}  // namespace kcore::io
