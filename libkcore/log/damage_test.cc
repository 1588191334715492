// Directories damaged in each way that a start has to cope with.

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "io/posix.h"
#include "log/log_dirs.h"
#include "log/test_log.h"
#include "log/test_tree.h"

namespace kcore::log {
namespace {

using testing::Broker;

class DamageTest : public ::testing::Test {
protected:
    void SetUp() override {
        broker_.config_.segment_bytes = 2'000;
        broker_.config_.index_interval_bytes = 100;
        ASSERT_TRUE(broker_.open());
        for (int i = 0; i < 18; ++i) {
            ASSERT_TRUE(broker_.append({.producer_id = 1, .sequence = i, .value_bytes = 220}));
        }
        ASSERT_TRUE(broker_.flush());
        all_ = broker_.read_all(0);
        batch_bytes_ = all_.size() / 18;
    }

    static std::string path(const std::string& name) { return "/data/orders-0/" + name; }
    static std::string segment(int base, const std::string& suffix) {
        return path(fmt::format("{:020}{}", base, suffix));
    }
    std::unique_ptr<io::File> file(const std::string& at) {
        return std::move(*disk_.open(at, io::Open::write));
    }
    void flip(const std::string& at, std::uint64_t position) {
        std::byte b;
        ASSERT_EQ(file(at)->read(position, std::span(&b, 1)), 1U);
        b ^= std::byte{0x10};
        ASSERT_TRUE(file(at)->write(position, std::span(&b, 1)));
    }
    void put(const std::string& at, const std::string& text) {
        ASSERT_TRUE((*disk_.open(at, io::Open::create))->write(0, as_bytes(text)));
    }
    bool exists(const std::string& at) { return disk_.stat(at)->has_value(); }
    void expect_all_there() {
        ASSERT_TRUE(broker_.open());
        EXPECT_EQ(broker_.read_all(0), all_);
        EXPECT_EQ(broker_.append({.producer_id = 1, .sequence = 18})->base_offset, 18);
        EXPECT_TRUE(
            broker_.append({.producer_id = 1, .sequence = 17, .value_bytes = 220})->is_duplicate);
    }

    io::MemoryDisk disk_;
    Broker broker_{disk_};
    Bytes all_;
    std::size_t batch_bytes_ = 0;
};

// Segments begin at 0, 6 and 12; each holds six batches.

TEST_F(DamageTest, ATornTailIsCutOff) {
    broker_.crash();
    const auto whole = *file(segment(12, ".log"))->size();
    ASSERT_TRUE(file(segment(12, ".log"))->truncate(whole - 10));
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().log_end_offset(), 17);
    EXPECT_EQ(*file(segment(12, ".log"))->size(), whole - batch_bytes_);
    EXPECT_TRUE(broker_.lines_->text().contains("cut off a torn tail"));
    EXPECT_EQ(broker_.append({.producer_id = 1, .sequence = 17})->base_offset, 17);
}

TEST_F(DamageTest, TrailingZerosAreCutOff) {
    broker_.crash();
    const auto whole = *file(segment(12, ".log"))->size();
    ASSERT_TRUE(file(segment(12, ".log"))->truncate(whole + 3'000));
    expect_all_there();
}

TEST_F(DamageTest, ABadLastBatchIsATornWrite) {
    broker_.crash();
    flip(segment(12, ".log"), 6 * batch_bytes_ - 5);
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().log_end_offset(), 17);
}

TEST_F(DamageTest, ABadBatchWithGoodOnesBehindItIsNotCutAway) {
    broker_.crash();
    flip(segment(12, ".log"), 2 * batch_bytes_ + 100);
    const auto before = testing::tree(disk_, "/data");
    const auto opened = broker_.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::corrupt_message);
    EXPECT_TRUE(opened.error().what.contains("00000000000000000012.log: at position"));
    EXPECT_FALSE(broker_.dir().is_offline());
    const auto after = testing::tree(disk_, "/data");
    for (const auto& [name, text] : before) {
        EXPECT_TRUE(name.ends_with("index") || after.at(name) == text) << name;
    }
}

// Checksums do not cover it.
TEST_F(DamageTest, AWrongOffsetPutsOnlyItsPartitionOutOfService) {
    broker_.crash();
    const auto batch = 2 * batch_bytes_;
    const auto before = testing::tree(disk_, "/data").at("/data/orders-0/00000000000000000012.log");
    for (const auto& [digit, why] : {std::pair<std::uint64_t, const char*>{7, "or more is due"},
                                     {0, "does not fit this segment"},
                                     {3, "does not fit this segment"}}) {
        flip(segment(12, ".log"), batch + digit);
        const auto opened = broker_.open();
        ASSERT_FALSE(opened) << digit;
        EXPECT_EQ(opened.error().code, Errc::corrupt_message);
        EXPECT_NE(opened.error().what.find(why), std::string::npos) << opened.error().what;
        EXPECT_FALSE(broker_.dir().is_offline());
        broker_.crash();
        flip(segment(12, ".log"), batch + digit);
        EXPECT_TRUE(testing::tree(disk_, "/data").at(segment(12, ".log")) == before);
    }
    expect_all_there();
}

// Records of zeros look like sectors that were never written.
class ZerosTest : public ::testing::TestWithParam<std::int64_t> {
protected:
    void SetUp() override {
        broker_.config_.flush_messages = GetParam();
        ASSERT_TRUE(broker_.open());
        for (int i = 0; i < 20; ++i) {
            ASSERT_TRUE(broker_.append({.value_bytes = 4'000, .fill = '\0'}));
            if (GetParam() == kForever) continue;
            ASSERT_TRUE(broker_.flush());
        }
        broker_.crash();
        const auto file = *disk_.open(path_, io::Open::write);
        const auto at = 5 * *file->size() / 20 + 30;
        Bytes time(1);
        ASSERT_TRUE(file->read(at, time));
        time[0] ^= std::byte{1};
        ASSERT_TRUE(file->write(at, time));
    }

    const std::string path_ = "/data/orders-0/00000000000000000000.log";
    io::MemoryDisk disk_;
    Broker broker_{disk_};
};

INSTANTIATE_TEST_SUITE_P(FlushMessages, ZerosTest, ::testing::Values(1, 10, kForever));

TEST_P(ZerosTest, FlushedDataIsNotCutAwayForTheZerosInARottenBatch) {
    const auto before = testing::tree(disk_, "/data").at(path_);
    const auto opened = broker_.open();
    if (GetParam() == kForever) {  // Nothing was flushed: a write that was lost explains it.
        ASSERT_TRUE(opened) << opened.error().what;
        EXPECT_EQ(broker_.log().log_end_offset(), 5);
        return;
    }
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::corrupt_message);
    EXPECT_EQ(testing::tree(disk_, "/data").at(path_), before);
}

TEST_F(DamageTest, ABadBatchWithGoodSegmentsBehindItIsNotCutAway) {
    broker_.crash();
    flip(segment(6, ".log"), 6 * batch_bytes_ - 5);
    EXPECT_EQ(broker_.open().error().code, Errc::corrupt_message);
    EXPECT_TRUE(exists(segment(12, ".log")));
}

TEST_F(DamageTest, AWrongLengthIsDamageToo) {
    broker_.crash();
    flip(segment(6, ".log"), 5 * batch_bytes_ + 9);
    EXPECT_EQ(broker_.open().error().code, Errc::corrupt_message);
}

TEST_F(DamageTest, AShortSegmentThatWasNeverSyncedTakesLaterOnesWithIt) {
    broker_.crash();
    ASSERT_TRUE(file(segment(6, ".log"))->truncate(3 * batch_bytes_ + 70));
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().log_end_offset(), 9);
    EXPECT_FALSE(exists(segment(12, ".log")));
    EXPECT_TRUE(broker_.lines_->text().contains("segment dropped"));
}

TEST_F(DamageTest, BelowTheRecoveryPointNothingIsReadAndNothingMayBeMissing) {
    ASSERT_TRUE(broker_.dir().write_recovery_points());
    broker_.crash();
    flip(segment(0, ".log"), 100);  // Found when it is read, not at the start.
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().log_end_offset(), 18);
    broker_.crash();
    ASSERT_TRUE(file(segment(12, ".log"))->write(batch_bytes_, Bytes(600)));
    EXPECT_EQ(broker_.open().error().code, Errc::corrupt_message);
}

TEST_F(DamageTest, MissingIndexesAreRebuilt) {
    ASSERT_TRUE(broker_.stop());
    const auto before = testing::tree(disk_, "/data/orders-0");
    for (const int base : {0, 6, 12}) {
        ASSERT_TRUE(disk_.remove(segment(base, base == 6 ? ".timeindex" : ".index")));
    }
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.read_all(0), all_);
    ASSERT_TRUE(broker_.stop());
    EXPECT_EQ(testing::tree(disk_, "/data/orders-0"), before);
}

TEST_F(DamageTest, AnIndexOfAnImpossibleSizeIsRebuilt) {
    ASSERT_TRUE(broker_.stop());
    const auto before = testing::tree(disk_, "/data/orders-0");
    ASSERT_TRUE(file(segment(6, ".index"))->truncate(13));
    ASSERT_TRUE(broker_.open());
    ASSERT_TRUE(broker_.stop());
    EXPECT_EQ(testing::tree(disk_, "/data/orders-0"), before);
}

TEST_F(DamageTest, AnIndexThatPointsNowhereOnlyCostsTime) {
    ASSERT_TRUE(broker_.stop());
    for (const int base : {0, 6, 12}) {
        ASSERT_TRUE(file(segment(base, ".index"))->write(0, Bytes(16, std::byte{0x7f})));
    }
    expect_all_there();
}

TEST_F(DamageTest, ACorruptSnapshotIsReplacedByAnOlderOne) {
    ASSERT_TRUE(broker_.stop());
    flip(segment(18, ".snapshot"), 20);
    expect_all_there();
    EXPECT_TRUE(broker_.lines_->text().contains("producer snapshot dropped"));
}

TEST_F(DamageTest, StraySnapshotsGo) {
    ASSERT_TRUE(broker_.stop());
    put(segment(99, ".snapshot"), "of another history");
    put(segment(3, ".snapshot"), "of no segment");
    expect_all_there();
    EXPECT_FALSE(exists(segment(99, ".snapshot")));
    EXPECT_FALSE(exists(segment(3, ".snapshot")));
}

TEST_F(DamageTest, LeftoversOfDeletesAndOfTheCleanerGo) {
    ASSERT_TRUE(broker_.stop());
    put(segment(0, ".log.deleted"), "x");
    put(segment(6, ".log.cleaned"), "x");
    put(segment(6, ".index.swap"), "x");
    put(segment(90, ".index"), "12345678");
    put(path("00000000000000000009-0000000001.checkpoint.deleted"), "x");
    expect_all_there();
    EXPECT_FALSE(exists(segment(0, ".log.deleted")));
    EXPECT_FALSE(exists(segment(6, ".log.cleaned")));
    EXPECT_FALSE(exists(segment(6, ".index.swap")));
    EXPECT_FALSE(exists(segment(90, ".index")));
    EXPECT_TRUE(exists(path("00000000000000000009-0000000001.checkpoint.deleted")));
}

TEST_F(DamageTest, AnInterruptedSwapIsFinished) {
    ASSERT_TRUE(broker_.stop());
    // The cleaner merged the first two segments into one; the swap was cut off.
    Bytes merged = all_;
    merged.resize(12 * batch_bytes_);
    ASSERT_TRUE(file(segment(0, ".log.swap"))->write(0, merged));
    expect_all_there();
    EXPECT_FALSE(exists(segment(6, ".log")));
    EXPECT_FALSE(exists(segment(0, ".log.swap")));
    EXPECT_EQ(*file(segment(0, ".log"))->size(), merged.size());
}

TEST_F(DamageTest, ALogThatEndsBelowItsStartBeginsAnew) {
    ASSERT_TRUE(broker_.stop());
    put("/data/log-start-offset-checkpoint", "0\n1\norders 0 50\n");
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().log_start_offset(), 50);
    EXPECT_EQ(broker_.log().log_end_offset(), 50);
    EXPECT_EQ(broker_.append({})->base_offset, 50);
}

TEST_F(DamageTest, ALostEpochCheckpointIsReadFromTheBatches) {
    ASSERT_TRUE(broker_.stop());
    ASSERT_TRUE(disk_.remove(path("leader-epoch-checkpoint")));
    ASSERT_TRUE(broker_.open());
    EXPECT_EQ(broker_.log().epochs().entries(), (std::vector<EpochEntry>{{0, 0}}));
}

TEST_F(DamageTest, ACheckpointThatDoesNotParseFailsTheDirectory) {
    ASSERT_TRUE(broker_.stop());
    put("/data/replication-offset-checkpoint", "0\n2\norders 0 18\n");
    EXPECT_EQ(broker_.start().error().code, Errc::kafka_storage_error);
}

TEST_F(DamageTest, AStrangeDirectoryFailsTheLogDirectory) {
    ASSERT_TRUE(broker_.stop());
    ASSERT_TRUE(disk_.make_directory("/data/lost+found"));
    EXPECT_TRUE(broker_.start().error().what.contains("lost+found"));
}

TEST_F(DamageTest, TheCleanMarkerIsGoneOnceRead) {
    ASSERT_TRUE(broker_.stop());
    EXPECT_TRUE(exists("/data/.kafka_cleanshutdown"));
    ASSERT_TRUE(broker_.open());
    EXPECT_TRUE(broker_.dir().was_clean());
    EXPECT_EQ(broker_.dir().previous_broker_epoch(), 5);
    EXPECT_FALSE(exists("/data/.kafka_cleanshutdown"));
    broker_.crash();
    ASSERT_TRUE(broker_.open());
    EXPECT_FALSE(broker_.dir().was_clean());
    EXPECT_EQ(broker_.dir().previous_broker_epoch(), -1);
}

TEST_F(DamageTest, CheckpointsKeepPartitionsThatAreNotLoaded) {
    broker_.log().set_high_watermark(18);
    ASSERT_TRUE(broker_.stop());
    ASSERT_TRUE(broker_.start());
    ASSERT_TRUE(broker_.dir().write_high_watermarks());
    ASSERT_TRUE(broker_.dir().write_recovery_points());
    broker_.crash();
    const auto files = testing::tree(disk_, "/data");
    EXPECT_EQ(files.at("/data/replication-offset-checkpoint"), "0\n1\norders 0 18\n");
    EXPECT_EQ(files.at("/data/recovery-point-offset-checkpoint"), "0\n1\norders 0 18\n");
}

TEST_F(DamageTest, ASecondBrokerIsLockedOut) {
    Broker second(disk_);
    EXPECT_TRUE(second.start().error().what.contains("lock"));
}

TEST(LogDirsTest, AllPartitionsAreLoadedAndSpreadOverDirectories) {
    io::MemoryDisk disk;
    io::SeededRandom random(1);
    const LogDirsOptions options{.paths = {"/a", "/b"}, .logger = {}, .on_failure = nullptr};
    const auto config = std::make_shared<LogConfig>();
    {
        FileCache files(disk, 16);
        auto dirs = *LogDirs::open(disk, files, random, options);
        for (int i = 0; i < 40; ++i) {
            auto log = dirs->choose()->create({"t", i}, {1, 2}, config, 0);
            ASSERT_TRUE(log);
            ASSERT_TRUE((*log)->close(0));
        }
        EXPECT_EQ(dirs->all()[0]->partitions(), 20U);
        for (const auto& dir : dirs->all()) ASSERT_TRUE(dir->close(9, true));
    }
    FileCache files(disk, 16);
    auto dirs = *LogDirs::open(disk, files, random, options);
    EXPECT_EQ(dirs->previous_broker_epoch(), 9);
    std::mutex mutex;
    std::vector<LoadedPartition> loaded;
    const auto pool = io::make_posix_pool(3);
    dirs->load(
        *pool, 2, [&](const TopicPartition&) { return config; },
        [&](LoadedPartition partition) {
            const std::lock_guard lock(mutex);
            loaded.push_back(std::move(partition));
        },
        0);
    ASSERT_EQ(loaded.size(), 40U);
    for (const auto& partition : loaded) {
        ASSERT_TRUE(partition.log);
        EXPECT_EQ((*partition.log)->topic_id(), (Uuid{1, 2}));
    }
}

TEST(LogDirsTest, DirectoriesOfDifferentNodesAreRefused) {
    io::MemoryDisk disk;
    io::SeededRandom random(1);
    for (const int node : {1, 2}) {
        const auto path = fmt::format("/{}", node);
        ASSERT_TRUE(disk.make_directory(path));
        ASSERT_TRUE(write_meta_properties(
            disk, path,
            {.cluster_id = "c", .node_id = node, .directory_id = Uuid{9, std::uint64_t(node)}}));
    }
    FileCache files(disk, 16);
    const auto opened = LogDirs::open(disk, files, random,
                                      {.paths = {"/1", "/2"}, .logger = {}, .on_failure = nullptr});
    ASSERT_FALSE(opened);
    EXPECT_TRUE(opened.error().what.contains("node 1"));
}

}  // namespace
}  // namespace kcore::log
