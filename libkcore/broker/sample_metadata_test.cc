// The metadata log that Apache Kafka 4.4.0 wrote, where it is at hand: replayed whole, from a
// snapshot and its tail, and taken over.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/posix_disk.h"
#include "metadata/replay.h"
#include "metadata/snapshot.h"
#include "raft/format.h"
#include "raft/snapshot.h"
#include "record/scan.h"

namespace kcore::broker {
namespace {

namespace fs = std::filesystem;

class SampleMetadataTest : public testing::Test {
protected:
    void SetUp() override {
        const auto* given = std::getenv("KCORE_SHARED");
        const fs::path shared = given != nullptr ? given : KCORE_SHARED_DEFAULT;
        const auto archive = shared / "kafka" / "sample-4.4.0.tar.xz";
        if (!fs::exists(archive)) GTEST_SKIP() << archive << " is not there";
        char name[] = "/tmp/kcore_metadata_XXXXXX";
        root_ = mkdtemp(name);
        const auto command = "tar -xJf '" + archive.string() + "' -C '" + root_ + "'";
        ASSERT_EQ(std::system(command.c_str()), 0);
        std::ifstream(root_ + "/sample/manifest.json") >> manifest_;
        read_log();
    }
    void TearDown() override {
        if (!root_.empty()) fs::remove_all(root_);
    }

    void read_log() {
        std::ifstream in(root_ + "/sample/data/__cluster_metadata-0/00000000000000000000.log",
                         std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(in)), {});
        log_ = to_bytes(text);
        record::BatchScanner scanner(log_);
        while (scanner.next() == record::Scan::batch) {
            ASSERT_TRUE(scanner.batch().check());
            batches_.push_back(scanner.batch().v2());
        }
        ASSERT_GT(batches_.size(), 100U);
    }

    void apply(metadata::Replay& replay, const record::BatchView& batch) {
        std::vector<BytesView> values;
        record::RecordReader reader(batch.payload(), batch.base());
        record::RecordView one;
        while (!batch.is_control() && reader.next(one)) values.push_back(*one.value);
        const auto base = batch.is_control() ? batch.next_offset() : batch.base_offset();
        const auto built = replay.apply(values, base, batch.leader_epoch(), batch.max_timestamp());
        ASSERT_TRUE(built) << "offset " << batch.base_offset() << ": " << built.error().what;
    }

    static std::vector<Bytes> content(const metadata::Image& image) {
        std::vector<Bytes> values;
        for (const auto& record : metadata::snapshot_records(image)) {
            values.push_back(metadata::encode_record(record));
        }
        return values;
    }

    std::string root_;
    nlohmann::json manifest_;
    Bytes log_;
    std::vector<record::BatchView> batches_;
};

TEST_F(SampleMetadataTest, TheImageIsWhatAJavaClientReadFromTheCluster) {
    metadata::Replay replay;
    for (const auto& batch : batches_) apply(replay, batch);
    const auto& image = *replay.image();
    EXPECT_EQ(image.offset, 437);
    EXPECT_EQ(image.epoch, 2);
    EXPECT_EQ(image.metadata_version().level(), 33);
    EXPECT_TRUE(image.broker(1)->fenced) << "it was stopped";
    EXPECT_TRUE(image.controllers->contains(1));
    for (const auto& [name, topic] : manifest_["topics"].items()) {
        ASSERT_NE(image.topic(name), nullptr) << name;
        EXPECT_EQ(image.topic(name)->id.to_string(), topic["id"].get<std::string>());
        EXPECT_EQ(image.topic(name)->partition_count(), topic["partitions"].size()) << name;
        for (const auto& [key, value] : topic["settings"].items()) {
            EXPECT_EQ(image.topic_config(name).at(key), value.get<std::string>()) << name;
        }
    }
    EXPECT_EQ(image.topic("deleted"), nullptr);
    EXPECT_EQ(image.quotas->size(), manifest_["quotas"].size());
    ASSERT_EQ(image.scram->size(), 1U);
    EXPECT_EQ(image.scram->begin()->first, (metadata::ScramKey{"sample-user", 1}));
    EXPECT_EQ(image.scram->begin()->second.iterations, 4096);
    EXPECT_EQ(image.next_producer_id % 1000, 0);
    EXPECT_GT(image.next_producer_id, 0);
}

TEST_F(SampleMetadataTest, ASnapshotAtAnyBatchAndItsTailGiveTheSameImage) {
    metadata::Replay whole;
    for (const auto& batch : batches_) apply(whole, batch);
    const auto expected = content(*whole.image());
    metadata::Replay head;
    for (std::size_t i = 0; i < batches_.size(); ++i) {
        apply(head, batches_[i]);
        if (i % 20 != 3) continue;
        const auto& image = *head.image();
        const auto values = content(image);
        metadata::Replay tail;
        tail.begin_snapshot();
        for (const auto& value : values) {
            const BytesView view = value;
            ASSERT_TRUE(tail.add_snapshot(std::span(&view, 1)));
        }
        ASSERT_TRUE(tail.end_snapshot(image.offset, image.epoch, image.timestamp_ms));
        for (std::size_t k = i + 1; k < batches_.size(); ++k) apply(tail, batches_[k]);
        EXPECT_EQ(content(*tail.image()), expected) << "snapshot after batch " << i;
        EXPECT_EQ(tail.image()->offset, whole.image()->offset);
    }
}

TEST_F(SampleMetadataTest, TheZeroCheckpointHoldsTheFeaturesThisVersionFormatsWith) {
    const auto disk = io::make_posix_disk();
    const auto first = raft::read_bootstrap(*disk, root_ + "/sample/data");
    ASSERT_TRUE(first) << first.error().what;
    std::vector<Bytes> ours;
    for (const auto& record : metadata::bootstrap_records()) {
        ours.push_back(metadata::encode_record(record));
    }
    EXPECT_EQ(*first, ours);
}

TEST_F(SampleMetadataTest, TheZeroCheckpointIsByteForByteWhatThisVersionWrites) {
    const auto disk = io::make_posix_disk();
    const auto path = root_ + "/sample/data/__cluster_metadata-0/" + raft::snapshot_name({});
    const auto snapshot = raft::read_snapshot(*disk, path);
    ASSERT_TRUE(snapshot) << snapshot.error().what;
    std::vector<Bytes> values;
    for (const auto value : snapshot->values) values.push_back(to_bytes(value));
    const auto ours = raft::build_snapshot({}, values, snapshot->last_contained_ms, 0);
    EXPECT_EQ(ours.size(), snapshot->bytes.size());
}

}  // namespace
}  // namespace kcore::broker
