// What every Disk promises, asked of the real one and of the one in memory.

#include "io/disk.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "io/disk_error.h"
#include "io/memory_disk.h"
#include "io/posix_disk.h"

namespace kcore::io {
namespace {

class DiskTest : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        if (GetParam()) {
            char name[] = "/tmp/kcore_disk_XXXXXX";
            root_ = mkdtemp(name);
            disk_ = make_posix_disk();
        } else {
            root_ = "/root";
            disk_ = std::make_unique<MemoryDisk>();
            ASSERT_TRUE(disk_->make_directory(root_));
        }
    }
    void TearDown() override {
        if (GetParam()) std::filesystem::remove_all(root_);
    }

    std::string at(const std::string& name) const { return root_ + "/" + name; }
    std::unique_ptr<File> open(const std::string& name, Open how = Open::write) {
        auto file = disk_->open(at(name), how);
        EXPECT_TRUE(file) << file.error().what;
        return file ? std::move(*file) : nullptr;
    }
    void put(const std::string& name, const std::string& text) {
        ASSERT_TRUE(open(name, Open::create)->write(0, as_bytes(text)));
    }
    std::string get(File& file) {
        std::string text(*file.size(), '?');
        EXPECT_EQ(file.read(0, std::as_writable_bytes(std::span(text))), text.size());
        return text;
    }
    std::string get(const std::string& name) { return get(*open(name, Open::read)); }

    std::string root_;
    std::unique_ptr<Disk> disk_;
};

INSTANTIATE_TEST_SUITE_P(Disks, DiskTest, testing::Bool(),
                         [](const auto& which) { return which.param ? "posix" : "memory"; });

TEST_P(DiskTest, PiecesAreWrittenOneAfterTheOther) {
    const auto file = open("a");
    const BytesView pieces[] = {as_bytes("one "), as_bytes(""), as_bytes("two "),
                                as_bytes("three")};
    ASSERT_TRUE(file->write(2, pieces));
    EXPECT_EQ(get(*file), std::string("\0\0one two three", 15));
}

TEST_P(DiskTest, AGatherLargerThanOneCallArrivesWhole) {
    std::string large(700'001, 'x');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
    std::vector<BytesView> pieces;
    for (std::size_t at = 0; at < large.size(); at += 1'000) {
        pieces.push_back(as_bytes(std::string_view(large).substr(at, 1'000)));
    }
    pieces.push_back(as_bytes(large));
    const auto file = open("a");
    ASSERT_TRUE(file->write(0, pieces));
    EXPECT_EQ(get(*file), large + large);
}

TEST_P(DiskTest, ReadingPastTheEndGivesWhatIsThere) {
    put("a", "12345");
    std::byte out[8] = {};
    EXPECT_EQ(open("a", Open::read)->read(3, out), 2U);
    EXPECT_EQ(open("a", Open::read)->read(9, out), 0U);
}

TEST_P(DiskTest, AFileOpenedForReadingIsNotCreatedOrWritten) {
    EXPECT_EQ(disk_->open(at("none"), Open::read).error().code, Errc::kafka_storage_error);
    put("a", "x");
    EXPECT_FALSE(open("a", Open::read)->write(0, as_bytes("y")));
    EXPECT_EQ(get("a"), "x");
}

TEST_P(DiskTest, TruncatedBytesComeBackAsZeros) {
    const auto file = open("a");
    ASSERT_TRUE(file->write(0, as_bytes("abcdef")));
    ASSERT_TRUE(file->truncate(2));
    ASSERT_TRUE(file->truncate(4));
    EXPECT_EQ(get(*file), std::string("ab\0\0", 4));
}

TEST_P(DiskTest, ReservedSpaceDoesNotChangeTheSize) {
    const auto file = open("a");
    ASSERT_TRUE(file->write(0, as_bytes("abc")));
    ASSERT_TRUE(file->reserve(1 << 20));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(*file->size(), 3U);
}

TEST_P(DiskTest, RenameReplacesTheTargetAndKeepsOpenFiles) {
    put("a", "new");
    put("b", "old");
    const auto old = open("b", Open::read);
    ASSERT_TRUE(disk_->rename(at("a"), at("b")));
    EXPECT_EQ(get("b"), "new");
    EXPECT_EQ(get(*old), "old");
    EXPECT_EQ(*disk_->stat(at("a")), std::nullopt);
    EXPECT_FALSE(disk_->rename(at("a"), at("c")));
}

TEST_P(DiskTest, ADirectoryIsRenamedWithAllInIt) {
    ASSERT_TRUE(disk_->make_directory(at("d/e")));
    put("d/e/f", "text");
    const auto file = open("d/e/f");
    ASSERT_TRUE(disk_->rename(at("d"), at("g")));
    EXPECT_EQ(get("g/e/f"), "text");
    ASSERT_TRUE(file->write(0, as_bytes("TEXT")));
    EXPECT_EQ(get("g/e/f"), "TEXT");
}

TEST_P(DiskTest, ListGivesNamesInOrderWithSizes) {
    ASSERT_TRUE(disk_->make_directory(at("c")));
    put("b", "12");
    put("a", "1");
    const auto entries = disk_->list(root_);
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ((*entries)[0].name, "a");
    EXPECT_EQ((*entries)[1].size_bytes, 2U);
    EXPECT_TRUE((*entries)[2].is_directory);
    EXPECT_FALSE(disk_->list(at("none")));
    EXPECT_FALSE(disk_->list(at("a")));
}

TEST_P(DiskTest, RemoveTakesFilesAndEmptyDirectoriesOnly) {
    ASSERT_TRUE(disk_->make_directory(at("d")));
    put("d/a", "1");
    EXPECT_FALSE(disk_->remove(at("d")));
    EXPECT_TRUE(disk_->remove(at("d/a")));
    EXPECT_TRUE(disk_->remove(at("d")));
    EXPECT_TRUE(disk_->remove(at("d")));
    EXPECT_EQ(*disk_->stat(at("d")), std::nullopt);
}

TEST_P(DiskTest, ALockIsHeldUntilItIsDestroyed) {
    auto lock = disk_->lock(at(".lock"));
    ASSERT_TRUE(lock);
    EXPECT_FALSE(disk_->lock(at(".lock")));
    lock->reset();
    EXPECT_TRUE(disk_->lock(at(".lock")));
}

TEST_P(DiskTest, SpaceIsKnown) {
    const auto space = disk_->space(root_);
    ASSERT_TRUE(space);
    EXPECT_GT(space->total_bytes, 0U);
    EXPECT_LE(space->usable_bytes, space->total_bytes);
}

TEST_P(DiskTest, AnErrorNamesPathAndCall) {
    const auto error = disk_->open(at("no/such"), Open::write).error();
    EXPECT_NE(error.what.find("no/such: open: No such file"), std::string::npos) << error.what;
    EXPECT_FALSE(is_disk_full(error));
}

TEST(PosixDiskTest, ALockKeepsOutOtherProcesses) {
    char name[] = "/tmp/kcore_disk_XXXXXX";
    const std::string root = mkdtemp(name);
    const auto disk = make_posix_disk();
    const auto lock = disk->lock(root + "/.lock");
    ASSERT_TRUE(lock);
    const auto child = fork();
    if (child == 0) _exit(make_posix_disk()->lock(root + "/.lock") ? 1 : 0);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    std::filesystem::remove_all(root);
}

TEST(MemoryDiskTest, WritesBeyondTheCapacityFailAsOnAFullDisk) {
    MemoryDisk disk(1000);
    const auto file = *disk.open("/a", Open::write);
    ASSERT_TRUE(file->write(0, as_bytes(std::string(900, 'x'))));
    const auto refused = file->write(900, as_bytes(std::string(200, 'x')));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(is_disk_full(refused.error()));
    disk.set_capacity(2000);
    EXPECT_TRUE(file->write(900, as_bytes(std::string(200, 'x'))));
    ASSERT_TRUE(disk.remove("/a"));
    EXPECT_EQ(disk.space("/")->usable_bytes, 900U);
}

TEST(MemoryDiskTest, AHoleTakesNoMemory) {
    MemoryDisk disk(100'000);
    const auto file = *disk.open("/a", Open::write);
    ASSERT_TRUE(file->truncate(10 << 20));
    ASSERT_TRUE(file->write(5 << 20, as_bytes("x")));
    std::byte out[3];
    EXPECT_EQ(file->read((5 << 20) - 1, out), 3U);
    EXPECT_EQ(out[0], std::byte{0});
    EXPECT_EQ(out[1], std::byte{'x'});
}

}  // namespace
}  // namespace kcore::io
