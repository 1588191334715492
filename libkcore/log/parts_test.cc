// The small parts of the layer: names, checkpoints, identity files, leader epochs, open files.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/memory_disk.h"
#include "log/checkpoint.h"
#include "log/epoch_cache.h"
#include "log/file_cache.h"
#include "log/meta_properties.h"
#include "log/names.h"

namespace kcore::log {
namespace {

TEST(NamesTest, APartitionsDirectoryIsTopicAndNumber) {
    const auto name = parse_dir_name("my-topic-12");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->partition, (TopicPartition{"my-topic", 12}));
    EXPECT_EQ(name->kind, DirKind::current);
    for (const auto* bad :
         {"", "topic", "-1", "topic-", "topic-x", "topic--", "topic-05", "topic-99999999999"}) {
        EXPECT_FALSE(parse_dir_name(bad)) << bad;
    }
}

TEST(NamesTest, DeletedStrayAndFutureDirectoriesNeedTheirUniquePart) {
    const Uuid id{0x0123456789abcdef, 0xfedcba9876543210};
    for (const auto kind : {DirKind::deleted, DirKind::stray, DirKind::future}) {
        const auto name = dir_name({"orders", 3}, kind, id);
        EXPECT_TRUE(name.starts_with("orders-3.0123456789abcdeffedcba9876543210-")) << name;
        const auto back = parse_dir_name(name);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->kind, kind);
        EXPECT_EQ(back->partition, (TopicPartition{"orders", 3}));
    }
    EXPECT_FALSE(parse_dir_name("orders-3-delete"));
    EXPECT_FALSE(parse_dir_name("orders-3.0123-delete"));
}

TEST(NamesTest, LongTopicsAreCutToFitAName) {
    const TopicPartition longest{std::string(249, 't'), 123};
    EXPECT_EQ(dir_name(longest, DirKind::deleted, {1, 2}).size(), 255U);
    EXPECT_EQ(dir_name(longest, DirKind::stray, {1, 2}).size(), 255U);
    EXPECT_GT(dir_name(longest, DirKind::future, {1, 2}).size(), 255U);
    EXPECT_EQ(parse_dir_name(dir_name(longest, DirKind::deleted, {1, 2}))->partition.partition,
              123);
}

TEST(NamesTest, FilesAreNamedByTwentyDigits) {
    EXPECT_EQ(file_name(42, kLogSuffix), "00000000000000000042.log");
    EXPECT_EQ(parse_file_name("00000000000000000042.log", kLogSuffix), 42);
    EXPECT_EQ(parse_file_name("00000000000000000042.log", kIndexSuffix), std::nullopt);
    EXPECT_EQ(parse_file_name("42.log", kLogSuffix), std::nullopt);
    EXPECT_EQ(parse_file_name("-0000000000000000042.log", kLogSuffix), std::nullopt);
    EXPECT_EQ(parse_file_name("99999999999999999999.log", kLogSuffix), std::nullopt);
}

TEST(CheckpointTest, OffsetsComeBackAsWritten) {
    const OffsetCheckpoint offsets{{{"a", 0}, 5}, {{"b-c", 17}, 1'234'567'890'123}};
    EXPECT_EQ(format_offsets(offsets), "0\n2\na 0 5\nb-c 17 1234567890123\n");
    EXPECT_EQ(*parse_offsets(format_offsets(offsets)), offsets);
    EXPECT_TRUE(parse_offsets("0\n0\n")->empty());
    EXPECT_TRUE(parse_offsets("")->empty());
}

TEST(CheckpointTest, WhatDoesNotParseIsAnError) {
    for (const auto* bad :
         {"0", "1\n0\n", "0\nx\n", "0\n1\n", "0\n0\na 0 1\n", "0\n1\na 0\n", "0\n1\na 0 x\n",
          "0\n1\na x 1\n", "0\n1\na b 0 1\n", "0\n99999999999999999999\n"}) {
        EXPECT_FALSE(parse_offsets(bad)) << bad;
    }
    EXPECT_EQ(*parse_epochs("0\n2\n0 0\n3 40\n"), (std::vector<EpochEntry>{{0, 0}, {3, 40}}));
    EXPECT_FALSE(parse_epochs("0\n1\n1 2 3\n"));
}

TEST(MetaPropertiesTest, KafkasFileIsRead) {
    const auto meta = parse_meta_properties(
        "#\n#Sat Nov 21 01:10:08 UTC 2026\nnode.id=1\ndirectory.id=6jbhmsH8BHwEgSG8m8vvbg\n"
        "version=1\ncluster.id=nNRELL5uSDy4Lje-tvhwsA\n");
    ASSERT_TRUE(meta);
    EXPECT_EQ(meta->node_id, 1);
    EXPECT_EQ(meta->cluster_id, "nNRELL5uSDy4Lje-tvhwsA");
    EXPECT_EQ(meta->directory_id->to_string(), "6jbhmsH8BHwEgSG8m8vvbg");
    EXPECT_EQ(*parse_meta_properties(format_meta_properties(*meta)), *meta);
}

TEST(MetaPropertiesTest, WhatIsMissingOrWrongIsNamed) {
    const std::pair<const char*, const char*> cases[] = {
        {"node.id=1\ncluster.id=c\n", "version"},
        {"version=2\nnode.id=1\ncluster.id=c\n", "version"},
        {"version=1\ncluster.id=c\n", "node.id"},
        {"version=1\nnode.id=-1\ncluster.id=c\n", "node.id"},
        {"version=1\nnode.id=1\n", "cluster.id"},
        {"version=1\nnode.id=1\ncluster.id=c\ndirectory.id=x\n", "directory.id"},
        {"version=1\nnode.id=1\ncluster.id=c\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n",
         "directory.id"}};
    for (const auto& [text, named] : cases) {
        const auto meta = parse_meta_properties(text);
        ASSERT_FALSE(meta) << text;
        EXPECT_TRUE(meta.error().what.contains(named)) << meta.error().what;
    }
    EXPECT_EQ(parse_meta_properties("version=0\nbroker.id=7\n")->node_id, 7);
}

TEST(MetaPropertiesTest, WhatVersion0LacksIsNotWritten) {
    for (const auto* text : {"version=0\n", "broker.id=7\nversion=0\n",
                             "broker.id=7\ndirectory.id=AAAAAAAAAAEAAAAAAAAAAg\nversion=0\n"
                             "cluster.id=of-long-ago\n"}) {
        const auto meta = parse_meta_properties(text);
        ASSERT_TRUE(meta) << text;
        EXPECT_EQ(format_meta_properties(*meta), text);
    }
}

TEST(MetaPropertiesTest, TheCleanMarkerMayBeOldOrUnreadable) {
    EXPECT_EQ(format_clean_marker(270), R"({"version":0,"brokerEpoch":270})");
    EXPECT_EQ(parse_clean_marker(format_clean_marker(270)), 270);
    EXPECT_EQ(parse_clean_marker(R"({ "brokerEpoch" : 12, "x":1, "version" : 0 })"), 12);
    EXPECT_EQ(parse_clean_marker(""), -1);
    EXPECT_EQ(parse_clean_marker("{"), -1);
    EXPECT_EQ(parse_clean_marker(R"({"version":1,"brokerEpoch":12})"), -1);
}

TEST(MetaPropertiesTest, PartitionMetadataHoldsTheTopicId) {
    const auto id = *Uuid::parse("SGa29u0ZQxuq5dhoJwnHrA");
    EXPECT_EQ(format_partition_metadata(id), "version: 0\ntopic_id: SGa29u0ZQxuq5dhoJwnHrA");
    EXPECT_EQ(*parse_partition_metadata(format_partition_metadata(id)), id);
    EXPECT_FALSE(parse_partition_metadata("version: 1\ntopic_id: SGa29u0ZQxuq5dhoJwnHrA"));
    EXPECT_FALSE(parse_partition_metadata("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"));
}

TEST(EpochCacheTest, TheEndOfAnEpochIsTheStartOfTheNext) {
    EpochCache epochs({{2, 0}, {4, 10}, {7, 30}});
    EXPECT_EQ(epochs.end_of(7, 50), (EpochEnd{7, 50}));
    EXPECT_EQ(epochs.end_of(8, 50), (EpochEnd{-1, -1}));
    EXPECT_EQ(epochs.end_of(4, 50), (EpochEnd{4, 30}));
    EXPECT_EQ(epochs.end_of(3, 50), (EpochEnd{2, 10}));
    EXPECT_EQ(epochs.end_of(1, 50), (EpochEnd{1, 0}));
    EXPECT_EQ(EpochCache().end_of(0, 50), (EpochEnd{-1, -1}));
    EXPECT_EQ(epochs.epoch_at(9), 2);
    EXPECT_EQ(epochs.epoch_at(10), 4);
}

TEST(EpochCacheTest, AnEpochWithoutDataGivesWayToTheNext) {
    EpochCache epochs;
    EXPECT_TRUE(epochs.assign(1, 0));
    EXPECT_FALSE(epochs.assign(1, 5));
    EXPECT_TRUE(epochs.assign(2, 5));
    EXPECT_TRUE(epochs.assign(3, 5));
    EXPECT_EQ(epochs.entries(), (std::vector<EpochEntry>{{1, 0}, {3, 5}}));
}

TEST(EpochCacheTest, TruncationKeepsWhatIsInside) {
    EpochCache epochs({{2, 0}, {4, 10}, {7, 30}});
    EXPECT_TRUE(epochs.truncate_from_end(30));
    EXPECT_FALSE(epochs.truncate_from_end(30));
    EXPECT_TRUE(epochs.truncate_from_start(15));
    EXPECT_EQ(epochs.entries(), (std::vector<EpochEntry>{{4, 15}}));
    EXPECT_FALSE(epochs.truncate_from_start(15));
}

TEST(FileCacheTest, NoMoreFilesAreOpenThanAllowed) {
    io::MemoryDisk disk;
    FileCache cache(disk, 3);
    std::vector<std::unique_ptr<FileCache::Slot>> slots;
    for (int i = 0; i < 10; ++i) {
        slots.push_back(std::make_unique<FileCache::Slot>(cache));
        ASSERT_TRUE(slots.back()->get("/f" + std::to_string(i)));
        EXPECT_LE(cache.open_files(), 3U);
    }
    slots.clear();
    EXPECT_EQ(cache.open_files(), 0U);
}

TEST(FileCacheTest, TheFileInUseStays) {
    io::MemoryDisk disk;
    FileCache cache(disk, 2);
    FileCache::Slot busy(cache);
    FileCache::Slot one(cache);
    FileCache::Slot two(cache);
    for (int round = 0; round < 10; ++round) {
        ASSERT_TRUE(busy.get("/busy"));
        ASSERT_TRUE(one.get("/one"));
        ASSERT_TRUE(busy.get("/busy"));
        ASSERT_TRUE(two.get("/two"));
    }
}

TEST(FileCacheTest, AFileNobodyUsesForARoundIsClosed) {
    io::MemoryDisk disk;
    FileCache cache(disk, 10);
    FileCache::Slot idle(cache);
    FileCache::Slot busy(cache);
    FileCache::Slot held(cache);
    ASSERT_TRUE(idle.get("/idle"));
    const auto file = *held.get("/held");
    cache.close_idle();
    EXPECT_EQ(cache.open_files(), 2U) << "used since it was opened";
    ASSERT_TRUE(busy.get("/busy"));
    cache.close_idle();
    EXPECT_EQ(cache.open_files(), 2U);
    EXPECT_EQ(idle.get_if_open(), nullptr);
    EXPECT_EQ(held.get_if_open(), file);
}

}  // namespace
}  // namespace kcore::log
