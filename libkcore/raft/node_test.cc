#include "raft/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/test_env.h"
#include "raft/quorum_state.h"
#include "record/control.h"
#include "record/scan.h"

namespace kcore::raft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A disk on which everything synced, and nothing else, can be made to fail.
class FailingDisk : public io::MemoryDisk {
public:
    bool refuses_sync = false;
    Result<void> sync_directory(const std::string& path) override {
        if (refuses_sync) return fail(Errc::kafka_storage_error, path + ": fsync: refused");
        return io::MemoryDisk::sync_directory(path);
    }
};

class Values : public Listener {
public:
    Result<void> load(const SnapshotId& id, const Snapshot& snapshot) override {
        loaded = id;
        seen.clear();
        for (const auto value : snapshot.values) seen.emplace_back(as_text(value));
        return {};
    }
    Result<void> replay(const LoggedBatch& batch) override {
        for (const auto value : batch.values) seen.emplace_back(as_text(value));
        return {};
    }
    void caught_up() override { caught_up_with = seen.size(); }
    void lead(std::int32_t e) override { epoch = e; }
    void lose(const Error& why) override { lost = why.what; }
    void leader_changed(const LeaderInfo& now) override { leader = now.leader; }
    void failed(const Error& why) override { failure = why.what; }

    std::optional<SnapshotId> loaded;
    std::vector<std::string> seen;
    std::int32_t epoch = -1;
    std::size_t caught_up_with = 0;
    std::int32_t leader = kNobody;
    std::string lost;
    std::string failure;
};

class NodeTest : public testing::Test, public io::TestEnvOf<FailingDisk, io::HeldPool> {
protected:
    NodeTest() {
        Format how;
        how.directory = "/data";
        how.meta.cluster_id = "c";
        how.meta.node_id = 1;
        how.meta.directory_id = Uuid{7, 7000};
        how.has_metadata = true;
        how.bootstrap = {to_bytes("first")};
        options_.node_id = 1;
        options_.voters = {{1, {}}};
        options_.unsynced = *format(disk, how, clock.wall_ms());
    }
    void open() {
        values_ = Values();
        node_.reset();
        directory_.reset();
        directory_ =
            *log::LogDir::open(disk, files_, random, Logger(), "/data", [](const Error&) {});
        auto node = Node::open(options_, *directory_, env, Logger());
        ASSERT_TRUE(node) << node.error().what;
        node_ = std::move(*node);
        const auto started = node_->start(values_);
        ASSERT_TRUE(started) << started.error().what;
    }
    void stop() {
        bool ended = false;
        loop.spawn(end(ended));
        while (!ended) {
            pool.run();
            loop.settle();
        }
        node_.reset();
        ASSERT_TRUE(directory_->close(-1, true));
        directory_.reset();
    }
    asio::awaitable<void> end(bool& ended) {
        const auto closed = co_await node_->stop();
        EXPECT_TRUE(closed) << closed.error().what;
        ended = true;
    }
    void append(const std::string& value) {
        rsm::Record record;
        record.value = to_bytes(value);
        const auto end = node_->append(node_->epoch(), std::span(&record, 1), 1000);
        ASSERT_TRUE(end) << end.error().what;
    }
    void sync() {
        do {
            pool.run();
            loop.settle();
        } while (pool.waiting() > 0);
    }
    std::string file(const std::string& name) {
        const auto bytes = log::read_file(disk, "/data/__cluster_metadata-0/" + name);
        return bytes && *bytes ? std::string(as_text(**bytes)) : "";
    }
    void take_snapshot(std::int64_t end_offset, std::vector<Bytes> content,
                       std::int64_t last_ms = -1) {
        if (last_ms < 0) last_ms = clock.wall_ms();
        node_->take_snapshot({end_offset, node_->epoch()}, last_ms,
                             [content = std::move(content)] { return content; });
        sync();
    }

    log::FileCache files_{disk, 100};
    NodeOptions options_;
    Values values_;
    std::unique_ptr<log::LogDir> directory_;
    std::unique_ptr<Node> node_;
};

TEST_F(NodeTest, AFormattedDirectoryBeginsWithItsFirstRecords) {
    open();
    EXPECT_EQ(values_.loaded, (SnapshotId{0, 0}));
    EXPECT_THAT(values_.seen, ElementsAre("first"));
    EXPECT_EQ(values_.epoch, 1);
    EXPECT_TRUE(node_->is_new());
    EXPECT_EQ(node_->log_end_offset(), 1) << "the LeaderChange record";
    sync();
    EXPECT_EQ(file("quorum-state"),
              R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
              R"("currentVoters":[{"voterId":1}],"data_version":0})");
}

TEST_F(NodeTest, TheEpochBeginsWithALeaderChangeRecordAsKafkaWritesIt) {
    open();
    const auto log = file("00000000000000000000.log");
    record::BatchScanner scanner(as_bytes(log));
    ASSERT_EQ(scanner.next(), record::Scan::batch);
    const auto batch = scanner.batch().v2();
    EXPECT_TRUE(batch.is_control());
    EXPECT_EQ(batch.leader_epoch(), 1);
    EXPECT_EQ(batch.size(), 91U);
    record::RecordReader reader(batch.payload(), batch.base());
    record::RecordView record;
    ASSERT_TRUE(reader.next(record));
    EXPECT_EQ(to_hex(*record.key), "00000002");
    EXPECT_EQ(to_hex(*record.value), "00000000000102000000010002000000010000");
}

TEST_F(NodeTest, NothingIsCommittedBeforeEverythingIsSynced) {
    open();
    append("a");
    bool done = false;
    node_->when_committed(1, 2, [&](Result<void> r) { done = r.has_value(); });
    loop.settle();
    EXPECT_EQ(node_->committed(), 0);
    EXPECT_GT(pool.waiting(), 4U) << "the log, and the files the first start left, side by side";
    sync();
    EXPECT_EQ(node_->committed(), 2);
    EXPECT_TRUE(done);
}

TEST_F(NodeTest, WhatIsAppendedDuringASyncIsCommittedByTheNext) {
    open();
    sync();
    append("a");
    append("b");
    pool.run();
    append("c");
    EXPECT_EQ(node_->committed(), 1);
    loop.settle();
    EXPECT_EQ(node_->committed(), 2) << "a alone was there when the sync began";
    sync();
    EXPECT_EQ(node_->committed(), 4);
}

TEST_F(NodeTest, AHeldSyncCoversWhatComesMeanwhile) {
    options_.unsynced = PendingSync();
    open();
    sync();
    node_->hold_sync();
    append("a");
    append("b");
    EXPECT_EQ(pool.waiting(), 0U);
    node_->release_sync();
    EXPECT_EQ(pool.waiting(), 1U);
    sync();
    EXPECT_EQ(node_->committed(), 3);
}

TEST_F(NodeTest, ARestartReplaysTheLogInANewEpoch) {
    open();
    append("a");
    append("b");
    sync();
    stop();
    open();
    EXPECT_THAT(values_.seen, ElementsAre("first", "a", "b"));
    EXPECT_EQ(values_.epoch, 2);
    EXPECT_FALSE(node_->is_new());
    append("c");
    sync();
    EXPECT_EQ(node_->committed(), 5);
}

TEST_F(NodeTest, ACrashBeforeTheFirstSyncLeavesAnEpochThatIsNotUsedAgain) {
    open();
    append("a");
    node_.reset();
    ASSERT_EQ(file("quorum-state"), "");
    open();
    EXPECT_EQ(values_.epoch, 2) << "the log knows of epoch 1";
}

TEST_F(NodeTest, AnAppendForAPastEpochIsRefused) {
    open();
    const rsm::Record record{std::nullopt, to_bytes("x")};
    EXPECT_EQ(node_->append(0, std::span(&record, 1), 0).error().code,
              Errc::not_leader_or_follower);
    Errc code = Errc::none;
    node_->when_committed(0, 1, [&](Result<void> r) { code = r.error().code; });
    EXPECT_EQ(code, Errc::not_leader_or_follower);
}

TEST_F(NodeTest, AFailedSyncEndsTheLeadership) {
    open();
    append("a");
    disk.refuses_sync = true;
    Errc code = Errc::none;
    node_->when_committed(1, 2, [&](Result<void> r) { code = r.error().code; });
    sync();
    EXPECT_EQ(code, Errc::not_leader_or_follower);
    EXPECT_FALSE(node_->is_leader());
    EXPECT_THAT(values_.lost, HasSubstr("refused"));
    EXPECT_THAT(values_.failure, HasSubstr("refused"));
    disk.refuses_sync = false;
    const rsm::Record record{std::nullopt, to_bytes("x")};
    EXPECT_FALSE(node_->append(1, std::span(&record, 1), 0)) << "for good";
    EXPECT_EQ(node_->committed(), 0);
}

TEST_F(NodeTest, ASnapshotAndWhatFollowsGiveTheSameAsTheLog) {
    open();
    append("a");
    append("b");
    sync();
    take_snapshot(3, {to_bytes("first+a+b")});
    EXPECT_EQ(node_->snapshots().size(), 2U);
    append("c");
    sync();
    stop();
    open();
    EXPECT_EQ(values_.loaded, (SnapshotId{3, 1}));
    EXPECT_THAT(values_.seen, ElementsAre("first+a+b", "c"));
}

TEST_F(NodeTest, AnUnfinishedSnapshotIsLeftOutAndItsLeftoversGo) {
    open();
    append("a");
    sync();
    take_snapshot(2, {to_bytes("first+a")});
    stop();
    const std::string name = "/data/__cluster_metadata-0/" + snapshot_name({2, 1});
    {
        auto bytes = **log::read_file(disk, name);
        auto cut = *disk.open(name, io::Open::create);
        ASSERT_TRUE(cut->write(0, BytesView(bytes).first(bytes.size() - 63)));
        auto part = *disk.open("/data/__cluster_metadata-0/" + snapshot_name({9, 1}) + ".part",
                               io::Open::create);
    }
    open();
    EXPECT_EQ(values_.loaded, (SnapshotId{0, 0}));
    EXPECT_THAT(values_.seen, ElementsAre("first", "a"));
    EXPECT_EQ(file(snapshot_name({9, 1}) + ".part"), "");
}

TEST_F(NodeTest, OldSnapshotsGoAndTheLogWithThem) {
    options_.retention_bytes = 1;
    open();
    append("a");
    sync();
    take_snapshot(2, {to_bytes("s2")});
    EXPECT_EQ(node_->log_start_offset(), 2);
    EXPECT_EQ(node_->snapshots().size(), 1U);
    EXPECT_EQ(file(snapshot_name({0, 0})), "");
    append("b");
    sync();
    stop();
    open();
    EXPECT_THAT(values_.seen, ElementsAre("s2", "b"));
}

TEST_F(NodeTest, ALogWithoutTheSnapshotItStandsOnIsRefused) {
    options_.retention_bytes = 1;
    options_.segment_bytes = 100;
    open();
    append("a");
    sync();
    take_snapshot(2, {to_bytes("s2")});
    append("b");
    sync();
    stop();
    ASSERT_TRUE(disk.remove("/data/__cluster_metadata-0/" + snapshot_name({2, 1})));
    directory_ = *log::LogDir::open(disk, files_, random, Logger(), "/data", [](const Error&) {});
    auto node = Node::open(options_, *directory_, env, Logger());
    ASSERT_TRUE(node);
    EXPECT_GT((*node)->log_start_offset(), 0);
    const auto started = (*node)->start(values_);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::corrupt_message);
}

TEST_F(NodeTest, SnapshotsAreWantedByBytesAndByTime) {
    options_.snapshot_bytes = 500;
    options_.snapshot_interval_ms = 1000;
    open();
    const auto now = clock.wall_ms();
    append("a");
    EXPECT_FALSE(node_->wants_snapshot(now));
    EXPECT_TRUE(node_->wants_snapshot(now + 1000));
    append(std::string(500, 'x'));
    EXPECT_TRUE(node_->wants_snapshot(now));
    sync();
    take_snapshot(3, {to_bytes("s")});
    EXPECT_FALSE(node_->wants_snapshot(now + 5000)) << "nothing is new";
}

TEST_F(NodeTest, AControllerThatIsNoVoterIsRefusedWithAReason) {
    directory_ = *log::LogDir::open(disk, files_, random, Logger(), "/data", [](const Error&) {});
    options_.voters = {{2, {}}};
    EXPECT_EQ(Node::open(options_, *directory_, env, Logger()).error().code,
              Errc::inconsistent_voter_set);
}

TEST_F(NodeTest, AFormattedDirectoryIsNotFormattedAgain) {
    Format how;
    how.directory = "/data";
    EXPECT_FALSE(format(disk, how, 0));
}

TEST(SnapshotTest, NamesAreKafkas) {
    EXPECT_EQ(snapshot_name({42, 7}), "00000000000000000042-0000000007.checkpoint");
    EXPECT_EQ(parse_snapshot_name(snapshot_name({42, 7})), (SnapshotId{42, 7}));
    for (const auto* bad : {"00000000000000000042-0000000007.checkpoint.part", "x.checkpoint",
                            "0000000000000000004x-0000000007.checkpoint",
                            "00000000000000000042_0000000007.checkpoint"}) {
        EXPECT_FALSE(parse_snapshot_name(bad)) << bad;
    }
}

TEST(SnapshotTest, EveryTruncationAndFlippedByteIsFound) {
    io::MemoryDisk disk;
    const std::vector<Bytes> values{to_bytes("one"), to_bytes("two")};
    const auto bytes = build_snapshot({9, 3}, values, 5, 6);
    const auto put = [&](BytesView content) {
        auto file = *disk.open("s", io::Open::create);
        ASSERT_TRUE(file->write(0, content));
    };
    put(bytes);
    const auto whole = read_snapshot(disk, "s");
    ASSERT_TRUE(whole) << whole.error().what;
    EXPECT_EQ(whole->last_contained_ms, 5);
    ASSERT_EQ(whole->values.size(), 2U);
    EXPECT_EQ(as_text(whole->values[1]), "two");
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        put(BytesView(bytes).first(n));
        EXPECT_FALSE(read_snapshot(disk, "s")) << n;
    }
    for (std::size_t n = 17; n < bytes.size(); ++n) {
        auto flipped = bytes;
        flipped[n] ^= std::byte{0x40};
        put(flipped);
        static_cast<void>(read_snapshot(disk, "s"));  // Offsets and epochs are not covered.
    }
}

TEST(QuorumStateTest, BothVersionsAreRead) {
    const auto v0 = parse_quorum_state(
        R"({"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,)"
        R"("currentVoters":[{"voterId":1}],"data_version":0})");
    ASSERT_TRUE(v0) << v0.error().what;
    EXPECT_EQ(v0->epoch, 2);
    EXPECT_EQ(v0->leader, 1);
    const auto v1 = parse_quorum_state(
        R"({"leaderId":-1,"leaderEpoch":8,"votedId":3,"votedDirectoryId":"6jbhmsH8BHwEgSG8m8vvbg",)"
        R"("data_version":1})");
    ASSERT_TRUE(v1);
    EXPECT_EQ(v1->voted, 3);
    EXPECT_FALSE(v1->voted_directory.is_zero());
}

TEST(QuorumStateTest, WhatIsNoQuorumStateIsRefused) {
    for (const auto* text :
         {"", "{", "[]", "{}", R"({"data_version":2,"leaderId":1,"leaderEpoch":1})",
          R"({"data_version":0,"leaderId":"x","leaderEpoch":1})",
          R"({"data_version":0,"leaderId":1})"}) {
        EXPECT_FALSE(parse_quorum_state(text)) << text;
    }
}

}  // namespace
}  // namespace kcore::raft
