#include "replication/partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "io/fault_disk.h"
#include "io/memory_disk.h"
#include "io/virtual_loop.h"
#include "log/checkpoint.h"
#include "log/meta_properties.h"
#include "metadata/delta.h"
#include "metadata/snapshot.h"
#include "record/builder.h"

namespace kcore::replication {
namespace {

constexpr std::int32_t kMe = 1;
constexpr Uuid kOrders{7, 1};
constexpr Uuid kA{100, 1};
constexpr Uuid kB{100, 2};
constexpr std::uint64_t kNeverCalls = 1'000'000;  // As many are not made in a test.

// Tells of each directory that it made.
class TellingDisk : public io::FaultDisk {
public:
    using FaultDisk::FaultDisk;
    Result<void> make_directory(const std::string& path) override {
        auto made = FaultDisk::make_directory(path);
        if (on_made) on_made(path);
        return made;
    }
    std::function<void(const std::string&)> on_made;
};

// A broker with two log directories, /a and /b, that can be stopped, killed and started again.
class PartitionsTest : public testing::Test {
protected:
    PartitionsTest() {
        format("/a", kA);
        format("/b", kB);
        start();
    }
    ~PartitionsTest() override { kill(); }

    void format(const std::string& path, const Uuid& id) {
        log::MetaProperties meta;
        meta.cluster_id = "cluster";
        meta.node_id = kMe;
        meta.directory_id = id;
        ASSERT_TRUE(disk_.make_directory(path));
        ASSERT_TRUE(log::write_meta_properties(disk_, path, meta));
    }

    void start() {
        log::LogDirsOptions how;
        how.paths = {"/a", "/b"};
        dirs_ = *log::LogDirs::open(disk_, files_, random_, std::move(how));
        PartitionsOptions options;
        options.node_id = kMe;
        options.settings_of = [](const auto&, const auto&) {
            auto settings = std::make_shared<Settings>();
            settings->log = std::make_shared<const log::LogConfig>();
            return settings;
        };
        options.placed = [this](const Uuid& topic, std::int32_t partition, const Uuid& directory) {
            EXPECT_EQ(topic, kOrders);
            told_[partition] = directory;
        };
        told_.clear();
        partitions_ = std::make_unique<Partitions>(std::move(options), *dirs_, pool_, clock_);
    }
    void kill() {
        partitions_.reset();
        dirs_.reset();
    }
    // After a start, what a broker does with its first image.
    void restart() {
        kill();
        start();
        partitions_->load(*image_);
        metadata::Changes all;
        all.from_snapshot = true;
        for (std::int32_t i = 0; i < image_->topic(kOrders)->partition_count(); ++i) {
            all.topics[kOrders].partitions.insert(i);
        }
        partitions_->apply(metadata::Image(), *image_, all);
    }

    metadata::Changes change_image(std::vector<metadata::Record> records) {
        metadata::Delta delta(image_);
        for (const auto& record : records) EXPECT_TRUE(delta.apply(record));
        auto changes = delta.changes();
        image_ = *delta.build(image_->offset + 1, 1, 0);
        return changes;
    }
    void apply(std::vector<metadata::Record> records) {
        const auto before = image_;
        const auto changes = change_image(std::move(records));
        partitions_->apply(*before, *image_, changes);
    }
    static metadata::Record topic() {
        protocol::TopicRecord r;
        r.name = "orders";
        r.topic_id = kOrders;
        return {std::move(r), 0};
    }
    static metadata::Record partition(std::int32_t number, const Uuid& directory) {
        metadata::Partition p;
        p.replicas = p.isr = {kMe};
        p.leader = kMe;
        p.directories = {directory};
        return metadata::make_record(metadata::MetadataVersion(33), kOrders, number, p);
    }
    static metadata::Record assigned_to(std::int32_t node) {
        protocol::PartitionChangeRecord r;
        r.topic_id = kOrders;
        r.partition_id = 0;
        r.replicas = r.isr = {node};
        r.directories = {kDirMigrating};
        r.leader = node;
        return {std::move(r), 2};
    }
    // Any change: the next leader epoch.
    static metadata::Record elected(std::int32_t number) {
        protocol::PartitionChangeRecord r;
        r.topic_id = kOrders;
        r.partition_id = number;
        r.leader = kMe;
        return {std::move(r), 2};
    }
    static metadata::Record moved(std::int32_t number, const Uuid& directory) {
        protocol::PartitionChangeRecord r;
        r.topic_id = kOrders;
        r.partition_id = number;
        r.directories = {directory};
        return {std::move(r), 2};
    }

    void append(std::int32_t number, int batches = 3) {
        const auto found = partitions_->find("orders", number);
        ASSERT_TRUE(found);
        for (int i = 0; i < batches; ++i) {
            record::BatchBuilder builder;
            builder.append(1'000, std::nullopt, as_bytes("value"));
            builder.close();
            auto bytes = builder.take();
            ASSERT_TRUE(found->append(bytes, AppendRequest()));
        }
    }
    // More than is recovered before the others serve.
    void append_much(std::int32_t number) {
        const auto found = partitions_->find("orders", number);
        const std::string value(600'000, 'v');
        for (int i = 0; i < 2; ++i) {
            record::BatchBuilder builder;
            builder.append(1'000, std::nullopt, as_bytes(value));
            builder.close();
            auto bytes = builder.take();
            ASSERT_TRUE(found->append(bytes, AppendRequest()));
        }
    }
    // Gives the numbers of those that serve now.
    std::vector<std::int32_t> load_late() {
        std::vector<std::int32_t> ready;
        partitions_->load_late([this] { return image_; },
                               [&](const Uuid& topic, const TopicPartition& name) {
                                   EXPECT_EQ(topic, kOrders);
                                   ready.push_back(name.partition);
                               });
        return ready;
    }
    // Gives the numbers of those that serve now.
    std::vector<std::int32_t> make_missing() {
        std::vector<std::int32_t> ready;
        partitions_->make_missing(
            [this] { return image_; },
            [&](const Uuid& /*topic*/, const auto& name) { ready.push_back(name.partition); });
        return ready;
    }
    bool is_served(std::int32_t number) const {
        return partitions_->find("orders", number) != nullptr;
    }
    std::string reason(std::int32_t number) const {
        const auto why = partitions_->offline_reason({"orders", number});
        return why ? why->what : "";
    }
    bool there(const std::string& path) { return (*disk_.stat(path)).has_value(); }
    void rot(const std::string& directory) {
        auto file = *disk_.open(directory + "/00000000000000000000.log", io::Open::write);
        ASSERT_TRUE(file->write(70, as_bytes("x")));
    }
    std::vector<std::string> names_in(const std::string& directory) {
        std::vector<std::string> names;
        const auto entries = *disk_.list(directory);
        for (const auto& entry : entries) {
            if (entry.is_directory) names.push_back(entry.name);
        }
        return names;
    }

    io::MemoryDisk memory_;
    TellingDisk disk_{memory_};
    log::FileCache files_{disk_, 100};
    io::SeededRandom random_{1};
    io::InlinePool pool_;
    io::VirtualClock clock_;
    metadata::ImagePtr image_ = std::make_shared<const metadata::Image>();
    std::unique_ptr<log::LogDirs> dirs_;
    std::unique_ptr<Partitions> partitions_;
    std::map<std::int32_t, Uuid> told_;
};

TEST_F(PartitionsTest, WhereANewPartitionWasPutIsTold) {
    apply({topic(), partition(0, kDirUnassigned), partition(1, kDirUnassigned), partition(2, kB)});
    EXPECT_THAT(told_, testing::ElementsAre(std::pair(0, kA), std::pair(1, kB)));
    EXPECT_TRUE(there("/a/orders-0"));
    EXPECT_TRUE(there("/b/orders-1"));
    EXPECT_TRUE(there("/b/orders-2"));
}

TEST_F(PartitionsTest, ARottenPartitionIsOfflineAndNeverMadeAnew) {
    apply({topic(), partition(0, kA), partition(1, kB), partition(2, kB)});
    append(2);
    rot("/b/orders-2");
    restart();
    EXPECT_FALSE(is_served(2));
    EXPECT_THAT(reason(2), testing::HasSubstr("orders-2"));
    EXPECT_EQ(told_.at(2), kDirLost);
    const auto before = disk_.calls();
    apply({elected(2)});
    apply({moved(2, kDirLost)});
    EXPECT_EQ(disk_.calls(), before) << "it is not looked at again either";
    EXPECT_FALSE(is_served(2));
    EXPECT_FALSE(there("/a/orders-2"));
    restart();
    EXPECT_FALSE(is_served(2));
    EXPECT_TRUE(is_served(1));
}

TEST_F(PartitionsTest, ARottenPartitionThatWasPutRightServesAgain) {
    apply({topic(), partition(0, kB)});
    append(0);
    rot("/b/orders-0");
    restart();
    apply({moved(0, kDirLost)});
    kill();
    auto file = *disk_.open("/b/orders-0/00000000000000000000.log", io::Open::write);
    ASSERT_TRUE(file->truncate(0));
    restart();
    EXPECT_TRUE(is_served(0));
    EXPECT_EQ(told_.at(0), kB);
}

TEST_F(PartitionsTest, TheFilesOfARottenPartitionGoWithItsTopic) {
    apply({topic(), partition(0, kB)});
    append(0);
    rot("/b/orders-0");
    restart();
    protocol::RemoveTopicRecord gone;
    gone.topic_id = kOrders;
    apply({{gone, 0}});
    EXPECT_THAT(names_in("/b"), testing::ElementsAre(testing::EndsWith("-delete")));
    EXPECT_EQ(reason(0), "");
}

TEST_F(PartitionsTest, APartitionOfADirectoryThatIsNotHereIsOfflineUnlessItIsNew) {
    apply({topic(), partition(0, Uuid{100, 3}), partition(1, kDirLost)});
    for (const int number : {0, 1}) EXPECT_FALSE(is_served(number));
    EXPECT_THAT(reason(0), testing::HasSubstr("which is not here"));
    EXPECT_TRUE(names_in("/a").empty() && names_in("/b").empty());
    EXPECT_TRUE(told_.empty()) << "the controller knows which directories are here";
}

TEST_F(PartitionsTest, AnEmptiedDirectoryDoesNotGetItsPartitionsBackEmpty) {
    apply({topic(), partition(0, kA), partition(1, kB)});
    append(1);
    kill();
    for (const auto& name : names_in("/b")) {
        ASSERT_TRUE(disk_.rename("/b/" + name, "/elsewhere"));
    }
    format("/b", Uuid{100, 3});
    restart();
    EXPECT_TRUE(is_served(0));
    EXPECT_FALSE(is_served(1));
    EXPECT_TRUE(names_in("/b").empty());
}

TEST_F(PartitionsTest, WhatWasNotPlacedBeforeACrashIsMadeUnlessADirectoryIsMissing) {
    apply({topic(), partition(0, kDirUnassigned)});
    kill();
    ASSERT_TRUE(disk_.rename("/a/orders-0", "/elsewhere"));
    restart();
    EXPECT_TRUE(is_served(0));
    kill();
    ASSERT_TRUE(disk_.rename(there("/a/orders-0") ? "/a/orders-0" : "/b/orders-0", "/another"));
    disk_.fail_below("/b");
    restart();
    EXPECT_FALSE(is_served(0));
    EXPECT_THAT(reason(0), testing::HasSubstr("may lie in a log directory that is offline"));
}

TEST_F(PartitionsTest, OfTwoLogsOfOnePartitionTheOneServesThatTheImageNames) {
    apply({topic(), partition(0, kA)});
    append(0, 5);
    partitions_->close();
    kill();
    // A copy that fell behind, as of a disk that was away.
    ASSERT_TRUE(disk_.make_directory("/b/orders-0"));
    for (const std::string name : {"partition.metadata", "00000000000000000000.log"}) {
        const auto bytes = **log::read_file(disk_, "/a/orders-0/" + name);
        ASSERT_TRUE(
            log::put_file(disk_, "/b/orders-0/" + name,
                          BytesView(bytes).first(name.ends_with(".log") ? 0 : bytes.size())));
    }
    restart();
    EXPECT_EQ(partitions_->find("orders", 0)->offsets().log_end, 5);
    EXPECT_THAT(names_in("/b"), testing::ElementsAre(testing::EndsWith("-stray")));
    EXPECT_TRUE(told_.empty());
}

TEST_F(PartitionsTest, ALogWhosePartitionMetadataWasNeverWrittenIsTheImagesTopic) {
    apply({topic(), partition(0, kA)});
    append(0);
    auto file = *disk_.open("/a/orders-0/partition.metadata", io::Open::write);
    for (const bool is_empty : {false, true}) {
        const Bytes zeros(20);
        ASSERT_TRUE(file->truncate(0));
        ASSERT_TRUE(file->write(0, is_empty ? BytesView() : BytesView(zeros)));
        restart();
        ASSERT_TRUE(is_served(0));
        EXPECT_EQ(partitions_->find("orders", 0)->offsets().log_end, 3);
        restart();
        EXPECT_TRUE(is_served(0)) << "it has its id again";
    }
}

TEST_F(PartitionsTest, ALogWithMuchToRecoverComesAfterTheOthers) {
    apply({topic(), partition(0, kA), partition(1, kA)});
    append_much(0);
    append(1);
    restart();
    EXPECT_FALSE(is_served(0));
    EXPECT_TRUE(partitions_->is_loading({"orders", 0}));
    EXPECT_TRUE(is_served(1));
    apply({elected(0)});
    EXPECT_FALSE(is_served(0)) << "not made anew";
    EXPECT_THAT(load_late(), testing::ElementsAre(0));
    EXPECT_FALSE(partitions_->is_loading({"orders", 0}));
    ASSERT_TRUE(is_served(0));
    EXPECT_EQ(partitions_->find("orders", 0)->leadership().leader_epoch, 1);
    EXPECT_TRUE(partitions_->close());
}

TEST_F(PartitionsTest, ALogThatWasNotLoadedIsNotClosedCleanly) {
    apply({topic(), partition(0, kA)});
    append_much(0);
    restart();
    partitions_->stop_loading();
    EXPECT_TRUE(load_late().empty());
    EXPECT_FALSE(partitions_->close());
    restart();
    EXPECT_THAT(load_late(), testing::ElementsAre(0));
}

TEST_F(PartitionsTest, WhatAStoppedLoadLeavesOutIsMarkedCleanOnlyIfItWas) {
    apply({topic(), partition(0, kA)});
    append(0);
    for (const bool was_clean : {true, false}) {
        if (was_clean) {
            ASSERT_TRUE(partitions_->close());
            ASSERT_TRUE(dirs_->by_id(kA)->close(7, true));
        }
        kill();
        start();
        EXPECT_EQ(dirs_->by_id(kA)->was_clean(), was_clean);
        partitions_->stop_loading();
        EXPECT_FALSE(partitions_->load(*image_));
        EXPECT_FALSE(is_served(0));
        EXPECT_TRUE(partitions_->close());
        ASSERT_TRUE(dirs_->by_id(kA)->close(7, true));
        kill();
        start();
        EXPECT_EQ(dirs_->by_id(kA)->was_clean(), was_clean);
        restart();
        EXPECT_EQ(partitions_->find("orders", 0)->offsets().log_end, 3);
    }
}

TEST_F(PartitionsTest, ATopicThatIsDeletedWhileItsLogIsLoadingGoes) {
    apply({topic(), partition(0, kA)});
    append_much(0);
    restart();
    protocol::RemoveTopicRecord removed;
    removed.topic_id = kOrders;
    apply({{std::move(removed), 0}});
    EXPECT_TRUE(there("/a/orders-0"));
    EXPECT_TRUE(load_late().empty());
    EXPECT_FALSE(there("/a/orders-0"));
    apply({topic(), partition(0, kA)});
    EXPECT_TRUE(is_served(0));
}

TEST_F(PartitionsTest, APartitionThatComesBackWhileItsLogIsLoadingBeginsEmpty) {
    apply({topic(), partition(0, kA)});
    append_much(0);
    restart();
    protocol::RemoveTopicRecord removed;
    removed.topic_id = kOrders;
    apply({{std::move(removed), 0}});
    apply({topic(), partition(0, kA)});
    EXPECT_FALSE(is_served(0));
    EXPECT_THAT(load_late(), testing::ElementsAre(0));
    ASSERT_TRUE(is_served(0));
    const auto end =
        partitions_->find("orders", 0)->with_log([](log::Log& log) -> Result<std::int64_t> {
            return log.log_end_offset();
        });
    EXPECT_EQ(end, 0);
}

TEST_F(PartitionsTest, ALateLogThatIsAssignedElsewhereIsSetAside) {
    apply({topic(), partition(0, kA)});
    append_much(0);
    kill();
    change_image({assigned_to(2)});
    restart();
    EXPECT_TRUE(load_late().empty());
    EXPECT_THAT(names_in("/a"), testing::ElementsAre(testing::EndsWith("-stray")));
    EXPECT_TRUE(partitions_->close());
}

TEST_F(PartitionsTest, ALateLogOfAnEarlierTopicMakesWayForTheOneOfThatName) {
    constexpr Uuid kEarlier{7, 9};
    apply({topic(), partition(0, kA)});
    append_much(0);
    ASSERT_TRUE(partitions_->close());
    kill();
    const auto text = log::format_partition_metadata(kEarlier);
    ASSERT_TRUE(log::replace_file(disk_, "/a/orders-0/partition.metadata", as_bytes(text)));
    restart();
    EXPECT_FALSE(is_served(0));
    EXPECT_THAT(load_late(), testing::ElementsAre(0));
    EXPECT_THAT(names_in("/a"),
                testing::UnorderedElementsAre("orders-0", testing::EndsWith("-stray")));
}

TEST_F(PartitionsTest, AFailedDirectoryTakesItsPartitionsOfflineAndNoOthers) {
    apply({topic(), partition(0, kA), partition(1, kB)});
    append(1);
    const auto held = partitions_->find("orders", 1);
    std::optional<Result<void>> waited;
    held->when_committed(0, 10, [&](Result<void> r) { waited = std::move(r); });
    disk_.fail_below("/b");
    auto* failed = dirs_->by_id(kB);
    EXPECT_FALSE(failed->write_recovery_points());
    EXPECT_TRUE(failed->is_offline());
    partitions_->directory_failed(*failed, {Errc::kafka_storage_error, "EIO"});
    ASSERT_TRUE(waited && !*waited);
    EXPECT_EQ(waited->error().code, Errc::kafka_storage_error);
    EXPECT_FALSE(is_served(1));
    EXPECT_EQ(reason(1), "EIO");
    EXPECT_TRUE(is_served(0));
    apply({elected(0), elected(1), partition(2, kDirUnassigned)});
    EXPECT_FALSE(is_served(1));
    EXPECT_TRUE(there("/a/orders-2"));
}

TEST_F(PartitionsTest, ADirectoryThatFailsWhileALogIsMadeInItTakesThatOfflineToo) {
    disk_.on_made = [this](const std::string& path) {
        if (path != "/b/orders-1") return;
        auto& failed = *dirs_->by_id(kB);
        const Error why(Errc::kafka_storage_error, "EIO");
        (void)failed.storage().failed_for_good(why);
        partitions_->directory_failed(failed, why);
    };
    apply({topic(), partition(0, kA), partition(1, kB)});
    EXPECT_FALSE(is_served(1));
    EXPECT_EQ(reason(1), "/b: this log directory is offline");
    EXPECT_TRUE(is_served(0));
}

TEST_F(PartitionsTest, ALogThatFoundNoRoomIsMadeWhenThereIsSome) {
    apply({topic()});
    disk_.fail_call(1, io::Fault::no_space, true);
    apply({partition(0, kDirUnassigned), partition(1, kB)});
    EXPECT_FALSE(is_served(0));
    EXPECT_NE(reason(0), "");
    EXPECT_TRUE(make_missing().empty()) << "there is no room yet";
    EXPECT_NE(reason(0), "");
    disk_.fail_call(kNeverCalls, io::Fault::no_space);
    EXPECT_THAT(make_missing(), testing::ElementsAre(0, 1));
    ASSERT_TRUE(is_served(0));
    EXPECT_TRUE(partitions_->find("orders", 0)->check_leader(-1));
    EXPECT_EQ(reason(0), "");
    EXPECT_TRUE(there("/b/orders-1"));
    EXPECT_TRUE(told_.contains(0));
    EXPECT_TRUE(make_missing().empty());
}

TEST_F(PartitionsTest, NoRoomAtAnyStepOfMakingALogLeavesNothingInTheWay) {
    apply({topic()});
    for (std::int32_t made = 0; disk_.faults() == static_cast<std::uint64_t>(made); ++made) {
        disk_.fail_call(static_cast<std::uint64_t>(made) + 1, io::Fault::no_space);
        apply({partition(made, kA)});
        const auto fault = disk_.last_fault();
        (void)make_missing();
        EXPECT_TRUE(is_served(made)) << fault;
    }
    EXPECT_GT(disk_.faults(), 4U);
}

TEST_F(PartitionsTest, ALogThatIsMissingIsNotMadeForATopicThatIsGone) {
    apply({topic()});
    disk_.fail_call(1, io::Fault::no_space, true);
    apply({partition(0, kA)});
    disk_.fail_call(kNeverCalls, io::Fault::no_space);
    protocol::RemoveTopicRecord removed;
    removed.topic_id = kOrders;
    const auto before = image_;
    const auto changes = change_image({{std::move(removed), 0}});
    EXPECT_TRUE(make_missing().empty()) << "the image is ahead of what was applied";
    EXPECT_FALSE(there("/a/orders-0"));
    partitions_->apply(*before, *image_, changes);
    EXPECT_EQ(reason(0), "");
    EXPECT_TRUE(make_missing().empty());
}

TEST_F(PartitionsTest, ALogIsMadeInTheDirectoryThatWasAskedForBeforeItCame) {
    apply({topic(), partition(0, kA)});
    for (const std::int32_t number : {1, 2, 3}) {
        const auto& path = number == 2 ? "/a" : "/b";
        partitions_->prefer({"orders", number}, *dirs_->by_path(path));
        apply({partition(number, kDirUnassigned)});
        EXPECT_TRUE(there(std::string(path) + "/orders-" + std::to_string(number)));
    }
}

TEST_F(PartitionsTest, WhatWasAskedForOfATopicIsForgottenWithIt) {
    apply({topic(), partition(0, kB)});
    partitions_->prefer({"orders", 1}, *dirs_->by_path("/b"));
    protocol::RemoveTopicRecord removed;
    removed.topic_id = kOrders;
    apply({{std::move(removed), 0}});
    apply({topic(), partition(0, kB), partition(1, kDirUnassigned)});
    EXPECT_TRUE(there("/a/orders-1")) << "it holds fewer";
}

}  // namespace
}  // namespace kcore::replication
