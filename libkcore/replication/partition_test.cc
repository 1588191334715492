#include "replication/partition.h"

#include <gtest/gtest.h>

#include <optional>

#include "io/test_env.h"
#include "log/log_dir.h"
#include "record/builder.h"
#include "replication/topic_log.h"

namespace kcore::replication {
namespace {

constexpr std::int32_t kMe = 1;
constexpr std::int64_t kNow = 1'000'000;
constexpr std::int64_t kLagMs = 30'000;

class PartitionTest : public testing::Test {
protected:
    PartitionTest() {
        dir_ = *log::LogDir::open(disk_, files_, random_, Logger(), "/d", nullptr);
        settings_->log = std::make_shared<const log::LogConfig>();
        auto log = *dir_->create({"orders", 3}, Uuid{7, 7}, settings_->log, kNow);
        partition_ =
            std::make_shared<Partition>(kMe, std::move(log), settings_, PeerRules{live_, kLagMs});
    }

    void lead(std::int32_t epoch = 5, std::vector<std::int32_t> isr = {kMe},
              std::vector<std::int32_t> replicas = {kMe}) {
        partition_->assume({kMe, epoch, epoch, std::move(replicas), std::move(isr)}, now_);
    }

    static Bytes batch(int records) {
        record::BatchBuilder builder;
        for (int i = 0; i < records; ++i) builder.append(kNow, std::nullopt, as_bytes("value"));
        builder.close();
        return builder.take();
    }

    Result<Appended> append(int records, std::int16_t acks = 1) {
        auto bytes = batch(records);
        AppendRequest request;
        request.acks = acks;
        request.now_ms = kNow;
        return partition_->append(bytes, request);
    }

    Result<ReadAnswer> read(std::int64_t offset, std::int32_t epoch = -1) {
        ReadRequest request;
        request.offset = offset;
        request.bytes_max = 1 << 20;
        request.current_leader_epoch = epoch;
        return partition_->read(request);
    }

    // What a wait came to: nothing while it goes on.
    struct Wait {
        std::optional<Result<void>> result;
        Partition::Done done() {
            return [this](Result<void> r) { result = std::move(r); };
        }
        bool is_over() const { return result.has_value(); }
    };

    io::MemoryDisk disk_;
    log::FileCache files_{disk_, 10};
    io::SeededRandom random_{1};
    io::HeldPool pool_;
    std::unique_ptr<log::LogDir> dir_;
    std::shared_ptr<Settings> settings_ = std::make_shared<Settings>();
    LiveBrokers live_;
    std::int64_t now_ = 50'000;
    PartitionRef partition_;
};

TEST_F(PartitionTest, ALeaderAloneCommitsWhatItAppends) {
    lead();
    EXPECT_EQ(append(3)->base_offset, 0);
    EXPECT_EQ(append(2)->base_offset, 3);
    EXPECT_EQ(partition_->offsets().high_watermark, 5);
    const auto answer = read(3);
    EXPECT_EQ(answer->high_watermark, 5);
    EXPECT_GT(answer->read.slice.size_bytes, 0U);
}

TEST_F(PartitionTest, OnlyTheLeaderOfTheNamedEpochAnswers) {
    EXPECT_EQ(append(1).error().code, Errc::not_leader_or_follower);
    lead(5);
    EXPECT_EQ(read(0, 4).error().code, Errc::fenced_leader_epoch);
    EXPECT_EQ(read(0, 6).error().code, Errc::unknown_leader_epoch);
    EXPECT_TRUE(read(0, 5));
    partition_->assume({2, 6, 6, {kMe, 2}, {2}}, now_);
    EXPECT_EQ(append(1).error().code, Errc::not_leader_or_follower);
}

TEST_F(PartitionTest, AnOlderImageDoesNotTakeLeadershipBack) {
    lead(5);
    partition_->assume({2, 4, 4, {kMe, 2}, {2}}, now_);
    EXPECT_EQ(partition_->leadership().leader, kMe);
}

TEST_F(PartitionTest, TooFewInSyncRefuseAcksAllAlone) {
    settings_->min_insync_replicas = 2;
    lead(5, {kMe}, {kMe, 2});
    EXPECT_EQ(append(1, -1).error().code, Errc::not_enough_replicas);
    EXPECT_TRUE(append(1, 1));
}

TEST_F(PartitionTest, MinimumInSyncIsCappedByTheReplicas) {
    settings_->min_insync_replicas = 2;
    lead(5, {kMe}, {kMe});
    EXPECT_TRUE(append(1, -1));
}

TEST_F(PartitionTest, WhatOthersHaveNotFetchedIsNotCommitted) {
    lead(5, {kMe, 2}, {kMe, 2});
    ASSERT_TRUE(append(2));
    EXPECT_EQ(partition_->offsets().high_watermark, 0);
    EXPECT_EQ(read(0)->read.slice.size_bytes, 0U) << "readers see committed records only";
    Wait wait;
    partition_->when_committed(5, 2, wait.done());
    EXPECT_FALSE(wait.is_over());

    // The other one leaves the ISR: what is here is committed now.
    partition_->assume({kMe, 5, 6, {kMe, 2}, {kMe}}, now_);
    ASSERT_TRUE(wait.is_over());
    EXPECT_TRUE(*wait.result);
}

TEST_F(PartitionTest, LosingTheLeadershipEndsWaits) {
    lead(5, {kMe, 2}, {kMe, 2});
    ASSERT_TRUE(append(2));
    Wait wait;
    partition_->when_committed(5, 2, wait.done());
    partition_->assume({2, 6, 6, {kMe, 2}, {kMe, 2}}, now_);
    ASSERT_TRUE(wait.is_over());
    EXPECT_EQ(wait.result->error().code, Errc::not_leader_or_follower);
}

TEST_F(PartitionTest, WhoBeginsToWaitAfterAnElectionHearsWhatTheOthersHeard) {
    lead(5, {kMe, 2}, {kMe, 2});
    ASSERT_TRUE(append(2));
    lead(6, {kMe, 2}, {kMe, 2});
    Wait wait;
    partition_->when_committed(5, 2, wait.done());
    ASSERT_TRUE(wait.is_over());
    EXPECT_EQ(wait.result->error().code, Errc::not_leader_or_follower);
}

TEST_F(PartitionTest, StopAnswersEverybodyAndGivesTheLogUp) {
    lead(5, {kMe, 2}, {kMe, 2});
    ASSERT_TRUE(append(2));
    Wait commit;
    Wait flush;
    partition_->when_committed(5, 2, commit.done());
    partition_->when_flushed(2, pool_, flush.done());
    auto log = partition_->stop(Error(Errc::unknown_topic_or_partition, "gone"),
                                Partition::RunningFlush::abandon);
    EXPECT_EQ(commit.result->error().code, Errc::unknown_topic_or_partition);
    EXPECT_EQ(flush.result->error().code, Errc::unknown_topic_or_partition);
    EXPECT_EQ(append(1).error().code, Errc::unknown_topic_or_partition);
    pool_.run_one();  // The flush under way ends without its partition.
    EXPECT_TRUE(dir_->remove(std::move(log), kNow));
}

TEST_F(PartitionTest, ManyWhoWaitShareOneFlush) {
    lead();
    ASSERT_TRUE(append(1));
    Wait first;
    partition_->when_flushed(1, pool_, first.done());
    ASSERT_EQ(pool_.waiting(), 1U);
    ASSERT_TRUE(append(1));
    ASSERT_TRUE(append(1));
    Wait second;
    Wait third;
    partition_->when_flushed(2, pool_, second.done());
    partition_->when_flushed(3, pool_, third.done());
    EXPECT_EQ(pool_.waiting(), 1U) << "one flush at a time";
    pool_.run_one();
    EXPECT_TRUE(first.is_over());
    EXPECT_FALSE(second.is_over());
    ASSERT_EQ(pool_.waiting(), 1U) << "the next one takes all that collected";
    pool_.run_one();
    EXPECT_TRUE(second.is_over() && *second.result);
    EXPECT_TRUE(third.is_over() && *third.result);
    EXPECT_EQ(pool_.waiting(), 0U);
}

TEST_F(PartitionTest, FlushDueIsSaidWithTheAppend) {
    auto log_config = std::make_shared<log::LogConfig>();
    log_config->flush_messages = 1;
    settings_->log = log_config;
    partition_->set_settings(settings_);
    lead();
    EXPECT_TRUE(append(1)->flush_due);
}

TEST_F(PartitionTest, WatchWakesWhenEnoughCameOrTheLeaderGoes) {
    io::VirtualClock clock;
    io::VirtualLoop loop(clock);
    io::Signal enough(loop);
    lead();
    const auto size = static_cast<std::int64_t>(batch(1).size());
    auto watch = std::make_shared<Watch>(enough.remote(), 2 * size);
    partition_->watch(watch);
    bool woken = false;
    const auto wait = [](io::Signal& signal, bool& flag) -> asio::awaitable<void> {
        flag = co_await signal.wait_until(io::kNever);
    };
    loop.spawn(wait(enough, woken));
    ASSERT_TRUE(append(1));
    loop.settle();
    EXPECT_FALSE(woken);
    ASSERT_TRUE(append(1));
    loop.settle();
    EXPECT_TRUE(woken);
    partition_->unwatch(watch.get());
}

TEST_F(PartitionTest, ReaderFromAnotherHistoryIsToldWhereTheyPart) {
    lead(5);
    ASSERT_TRUE(append(3));
    ReadRequest request;
    request.offset = 9;
    request.bytes_max = 100;
    request.last_fetched_epoch = 5;
    const auto answer = partition_->read(request);
    ASSERT_TRUE(answer && answer->diverging);
    EXPECT_EQ(*answer->diverging, (log::EpochEnd{5, 3}));
    request.last_fetched_epoch = 8;
    EXPECT_EQ(partition_->read(request).error().code, Errc::offset_out_of_range);
}

TEST_F(PartitionTest, AsALogOfAMachineItTakesRecordsOfTheEpochOnly) {
    lead(5);
    TopicLog log(partition_, pool_);
    rsm::Record record;
    record.key = to_bytes("k");
    const std::vector<rsm::Record> records{record, record};
    EXPECT_EQ(log.append(5, records, kNow), 2);
    EXPECT_EQ(log.committed(), 2);
    Wait wait;
    log.when_committed(5, 2, wait.done());
    EXPECT_TRUE(wait.is_over() && *wait.result);
    EXPECT_EQ(log.append(4, records, kNow).error().code, Errc::not_leader_or_follower);

    rsm::Record large;
    large.value = Bytes(2 << 20);
    EXPECT_EQ(log.append(5, {&large, 1}, kNow).error().code, Errc::message_too_large);
}

}  // namespace
}  // namespace kcore::replication
