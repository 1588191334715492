// A log directory that Apache Kafka wrote and closed is opened, read, recovered and closed again:
// everything in it is as Kafka's own client saw it, and as Kafka would have left it.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "io/posix_disk.h"
#include "log/test_log.h"
#include "log/test_tree.h"
#include "record/compression.h"
#include "record/scan.h"

namespace kcore::log {
namespace {

namespace fs = std::filesystem;
using testing::tree;

// Before any producer of the sample expires; long after it was written it would be empty.
constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr std::int64_t kBrokerEpoch = 270;

class SampleTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto* given = std::getenv("KCORE_SHARED");
        const fs::path shared = given != nullptr ? given : KCORE_SHARED_DEFAULT;
        const auto archive = shared / "kafka" / "sample-4.4.0.tar.xz";
        if (!fs::exists(archive)) GTEST_SKIP() << archive << " is not there";
        char name[] = "/tmp/kcore_sample_XXXXXX";
        root_ = mkdtemp(name);
        const auto command = "tar -xJf '" + archive.string() + "' -C '" + root_ + "'";
        ASSERT_EQ(std::system(command.c_str()), 0);
        data_ = root_ + "/sample/data";
        before_ = tree(*disk_, data_);
        std::ifstream(root_ + "/sample/manifest.json") >> manifest_;
    }
    void TearDown() override {
        logs_.clear();
        dir_.reset();
        if (!root_.empty()) fs::remove_all(root_);
    }

    void open() {
        auto dir = LogDir::open(*disk_, files_, random_, Logger(lines_, "log"), data_, nullptr);
        ASSERT_TRUE(dir) << dir.error().what;
        dir_ = std::move(*dir);
        for (const auto& found : dir_->found()) {
            auto config = std::make_shared<LogConfig>();
            config->segment_bytes = 1 << 20;
            auto log = dir_->load(found, config, kNow);
            ASSERT_TRUE(log) << log.error().what;
            logs_[found.name.partition] = std::move(*log);
        }
    }
    void close() {
        for (auto& [partition, log] : logs_) ASSERT_TRUE(log->close(kNow));
        logs_.clear();
        ASSERT_TRUE(dir_->close(kBrokerEpoch, true));
        dir_.reset();
    }

    // Offset and timestamp of all records but control records, as the manifest lists them.
    std::vector<std::string> records(Log& log) {
        std::vector<std::string> found;
        record::Decompressor decompressor;
        for (auto offset = log.log_start_offset(); offset < log.log_end_offset();) {
            const auto read =
                log.read({.offset = offset, .up_to = log.log_end_offset(), .max_bytes = 100'000});
            EXPECT_TRUE(read);
            if (!read || read->slice.size_bytes == 0) break;
            Bytes bytes(read->slice.size_bytes);
            EXPECT_TRUE(read->slice.file->read(read->slice.position, bytes));
            record::BatchScanner scanner(bytes);
            while (scanner.next() == record::Scan::batch) {
                const auto batch = scanner.batch();
                EXPECT_TRUE(batch.check());
                const auto floor = offset;
                offset = batch.next_offset();
                if (batch.v2().is_control()) continue;
                const auto done = for_each_record(batch, decompressor, [&](const auto& record) {
                    if (record.offset < floor) return;
                    const bool is_append_time =
                        batch.v2().timestamp_type() == record::TimestampType::log_append_time;
                    found.push_back(fmt::format("{} {} {} ", record.offset,
                                                is_append_time ? "LogAppendTime" : "CreateTime",
                                                record.timestamp));
                });
                EXPECT_TRUE(done);
            }
        }
        return found;
    }

    void expect_as_in_manifest() {
        for (const auto& [topic, facts] : manifest_["topics"].items()) {
            for (std::size_t p = 0; p < facts["partitions"].size(); ++p) {
                SCOPED_TRACE(topic + "-" + std::to_string(p));
                const auto& expected = facts["partitions"][p];
                auto& log = *logs_.at({topic, static_cast<std::int32_t>(p)});
                EXPECT_EQ(log.topic_id().to_string(), facts["id"].get<std::string>());
                EXPECT_EQ(log.log_start_offset(), expected["start"]);
                EXPECT_EQ(log.log_end_offset(), expected["end"]);
                EXPECT_EQ(log.high_watermark(), expected["end"]);
                EXPECT_EQ(log.last_stable_offset(), expected["end read_committed"]);
                const auto largest = log.max_timestamp();
                ASSERT_TRUE(largest);
                EXPECT_EQ(*largest ? (*largest)->offset : -1, expected["maxTimestampOffset"]);
                const auto& listed = expected["read_uncommitted"];
                const auto found = records(log);
                ASSERT_EQ(found.size(), listed.size());
                for (std::size_t i = 0; i < found.size(); ++i) {
                    EXPECT_TRUE(listed[i].get<std::string>().starts_with(found[i]))
                        << found[i] << " is not " << listed[i];
                }
            }
        }
    }

    // Kafka writes checkpoint lines in no order.
    static std::string sorted(const std::string& path, std::string text) {
        if (!path.ends_with("offset-checkpoint")) return text;
        return format_offsets(*parse_offsets(text));
    }
    void expect_files_as_before(bool (*is_compared)(const std::string&)) {
        const auto after = tree(*disk_, data_);
        for (const auto& [path, text] : before_) {
            if (!is_compared(path)) continue;
            ASSERT_TRUE(after.contains(path)) << path;
            EXPECT_EQ(sorted(path, after.at(path)), sorted(path, text)) << path;
        }
        for (const auto& [path, text] : after) {
            EXPECT_TRUE(before_.contains(path) || path.ends_with("/.lock")) << path;
        }
    }

    std::string root_;
    std::string data_;
    std::unique_ptr<io::Disk> disk_ = io::make_posix_disk();
    FileCache files_{*disk_, 16};
    io::SeededRandom random_{1};
    std::shared_ptr<testing::Lines> lines_ = std::make_shared<testing::Lines>();
    std::map<std::string, std::string> before_;
    nlohmann::json manifest_;
    std::unique_ptr<LogDir> dir_;
    std::map<TopicPartition, std::unique_ptr<Log>> logs_;
};

// The metadata log is never closed cleanly by Kafka: its indexes stay preallocated.
bool is_of_topics(const std::string& path) { return !path.contains("__cluster_metadata"); }

TEST_F(SampleTest, ACleanDirectoryIsReadAsKafkasClientReadIt) {
    open();
    EXPECT_TRUE(dir_->was_clean());
    EXPECT_EQ(dir_->previous_broker_epoch(), kBrokerEpoch);
    EXPECT_EQ(dir_->meta()->cluster_id, manifest_["clusterId"].get<std::string>());
    expect_as_in_manifest();
    EXPECT_EQ(lines_->text(), "");
}

TEST_F(SampleTest, OpeningAndClosingChangesNoFile) {
    open();
    close();
    expect_files_as_before(is_of_topics);
}

TEST_F(SampleTest, WithoutTheMarkerItRecoversToTheSame) {
    ASSERT_TRUE(disk_->remove(data_ + "/.kafka_cleanshutdown"));
    open();
    EXPECT_FALSE(dir_->was_clean());
    expect_as_in_manifest();
    EXPECT_EQ(lines_->text(), "");
    close();
    expect_files_as_before(is_of_topics);
}

TEST_F(SampleTest, EverythingIsRebuiltFromTheBatchesAlone) {
    for (const auto& [path, text] : before_) {
        const bool is_derived = path.ends_with("index") || path.ends_with(".snapshot") ||
                                path.ends_with("recovery-point-offset-checkpoint") ||
                                path.ends_with(".kafka_cleanshutdown");
        if (!is_derived || text.empty()) continue;  // A log without records needs no index.
        ASSERT_TRUE(disk_->remove(path));
    }
    open();
    expect_as_in_manifest();
    close();
    expect_files_as_before(is_of_topics);
}

TEST_F(SampleTest, TheMetadataLogIsRead) {
    open();
    auto& log = *logs_.at({"__cluster_metadata", 0});
    EXPECT_EQ(log.topic_id(), kMetadataTopicId);
    EXPECT_EQ(log.log_end_offset(), 438);
    EXPECT_EQ(log.epochs().entries(), (std::vector<EpochEntry>{{1, 0}, {2, 267}}));
}

}  // namespace
}  // namespace kcore::log
