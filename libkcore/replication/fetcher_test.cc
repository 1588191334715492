#include "replication/fetcher.h"

#include <gtest/gtest.h>

#include "io/memory_disk.h"
#include "log/log_dir.h"
#include "record/builder.h"

namespace kcore::replication {
namespace {

constexpr std::int32_t kMe = 1;
constexpr std::int32_t kLeader = 2;
constexpr std::int64_t kNow = 50'000;
constexpr Uuid kTopic{7, 7};

// A leader's and a follower's replica of one partition, and what goes between them.
class FetcherTest : public testing::Test {
protected:
    FetcherTest() : leader_(make("/leader", kLeader)), follower_(make("/follower", kMe)) {
        lead(5);
    }

    PartitionRef make(const std::string& path, std::int32_t node) {
        dirs_.push_back(*log::LogDir::open(disk_, files_, random_, Logger(), path, nullptr));
        auto log = *dirs_.back()->create({"orders", 0}, kTopic, settings_->log, kNow);
        return std::make_shared<Partition>(node, std::move(log), settings_,
                                           PeerRules{live_, 30'000});
    }
    void lead(std::int32_t epoch) {
        for (const auto& one : {leader_, follower_}) {
            one->assume({kLeader, epoch, epoch, {kMe, kLeader}, {kMe, kLeader}}, kNow);
        }
        fetcher_.follow(follower_, epoch);
    }
    static void append(Partition& to, const std::string& value) {
        record::BatchBuilder builder;
        builder.append(kNow, std::nullopt, as_bytes(value));
        auto batch = to_bytes(builder.close());
        ASSERT_TRUE(to.append(batch, {.acks = 1, .now_ms = kNow}));
    }

    using Request = protocol::FetchRequest;
    using Response = protocol::FetchResponse;
    // What the leader says to the one partition of the request.
    Response answer(const Request& request) {
        Response out;
        out.session_id = 9;
        const auto& asked = request.topics.at(0).partitions.at(0);
        ReadRequest read;
        read.offset = asked.fetch_offset;
        read.bytes_max = 1 << 20;
        read.current_leader_epoch = asked.current_leader_epoch;
        read.last_fetched_epoch = asked.last_fetched_epoch;
        read.follower = {kMe, -1, asked.log_start_offset, kNow};
        auto& topic = out.responses.emplace_back();
        topic.topic_id = kTopic;
        auto& partition = topic.partitions.emplace_back();
        const auto got = leader_->read(read);
        if (!got) {
            partition.error_code = static_cast<std::int16_t>(got.error().code);
            return out;
        }
        partition.high_watermark = got->high_watermark;
        partition.log_start_offset = got->log_start_offset;
        if (got->diverging) {
            partition.diverging_epoch.epoch = got->diverging->epoch;
            partition.diverging_epoch.end_offset = got->diverging->end_offset;
        }
        bytes_.resize(got->read.slice.size_bytes);
        if (!bytes_.empty()) {
            EXPECT_TRUE(got->read.slice.file->read(got->read.slice.position, bytes_));
        }
        partition.records = protocol::Records(BytesView(bytes_));
        return out;
    }
    std::vector<Repair> fetch() {
        // As a new session names everything.
        fetcher_.not_answered();
        const auto request = fetcher_.next(-1, now_);
        if (!request) return {};
        return fetcher_.answered(answer(*request), now_, kNow);
    }
    void repair(const Repair& what) {
        const auto done = what.partition->truncate(what.leader_epoch, *what.diverging, kNow);
        fetcher_.repaired(what, done, now_);
    }

    io::MemoryDisk disk_;
    log::FileCache files_{disk_, 10};
    io::SeededRandom random_{1};
    LiveBrokers live_;
    std::shared_ptr<Settings> settings_ = [] {
        auto made = std::make_shared<Settings>();
        made->log = std::make_shared<const log::LogConfig>();
        return made;
    }();
    std::vector<std::unique_ptr<log::LogDir>> dirs_;
    PartitionRef leader_;
    PartitionRef follower_;
    Fetcher fetcher_{{.broker_id = kMe}, Logger()};
    std::int64_t now_ = kNow;
    Bytes bytes_;
};

TEST_F(FetcherTest, WhatTheLeaderHasIsAppendedAndItsWatermarkTaken) {
    append(*leader_, "a");
    append(*leader_, "b");
    EXPECT_TRUE(fetch().empty());
    EXPECT_EQ(follower_->offsets().log_end, 2);
    EXPECT_EQ(follower_->offsets().high_watermark, 0) << "the leader did not know yet";
    fetch();
    EXPECT_EQ(leader_->offsets().high_watermark, 2);
    EXPECT_EQ(follower_->offsets().high_watermark, 2);
}

TEST_F(FetcherTest, AHistoryThatPartsFromTheLeadersIsCutWhereItDoes) {
    append(*leader_, "both");
    fetch();
    // The follower led once, and nobody has seen what it took then.
    follower_->assume({kMe, 6, 6, {kMe, kLeader}, {kMe, kLeader}}, kNow);
    append(*follower_, "alone");
    append(*follower_, "alone");
    leader_->assume({kLeader, 7, 7, {kMe, kLeader}, {kMe, kLeader}}, kNow);
    append(*leader_, "new");
    lead(7);
    EXPECT_EQ(follower_->offsets().log_end, 3);
    const auto repairs = fetch();
    ASSERT_EQ(repairs.size(), 1U);
    ASSERT_TRUE(repairs[0].diverging);
    repair(repairs[0]);
    EXPECT_EQ(follower_->offsets().log_end, 1);
    fetch();
    EXPECT_EQ(follower_->log_end(7), (LogEnd{2, 7}));
}

TEST_F(FetcherTest, AnEpochLedWithoutARecordIsNoHistoryToCut) {
    append(*leader_, "both");
    fetch();
    follower_->assume({kMe, 6, 6, {kMe, kLeader}, {kMe, kLeader}}, kNow);
    lead(7);
    EXPECT_TRUE(fetch().empty());
    append(*leader_, "new");
    EXPECT_TRUE(fetch().empty());
    EXPECT_EQ(follower_->log_end(7), (LogEnd{2, 7}));
}

TEST_F(FetcherTest, AnAnswerToAnEarlierEpochIsLeftAlone) {
    append(*leader_, "a");
    const auto request = fetcher_.next(-1, now_);
    const auto late = answer(*request);
    lead(6);
    fetcher_.answered(late, now_, kNow);
    EXPECT_EQ(follower_->offsets().log_end, 0);
}

TEST_F(FetcherTest, ErrorsLeaveThePartitionAloneForAWhile) {
    leader_->assume({kMe, 6, 6, {kMe, kLeader}, {kMe, kLeader}}, kNow);
    EXPECT_TRUE(fetch().empty());
    EXPECT_FALSE(fetcher_.next(-1, now_));
    EXPECT_EQ(fetcher_.wake_at_ms(), now_ + 1000);
    now_ += 1000;
    EXPECT_TRUE(fetcher_.next(-1, now_));
}

TEST_F(FetcherTest, BeyondTheLeadersLogSomebodyHasToAskWhereThatIs) {
    append(*leader_, "a");
    fetch();
    ASSERT_TRUE(leader_->with_log(
        [](log::Log& log) -> Result<void> { return log.truncate_fully_and_start_at(5, kNow); }));
    const auto repairs = fetch();
    ASSERT_EQ(repairs.size(), 1U);
    EXPECT_FALSE(repairs[0].diverging);
    fetcher_.repaired(repairs[0], follower_->cut_to(5, 5, kNow), now_);
    EXPECT_EQ(follower_->offsets().log_start, 5);
    append(*leader_, "b");
    EXPECT_TRUE(fetch().empty());
    EXPECT_EQ(follower_->offsets().log_end, 6);
}

}  // namespace
}  // namespace kcore::replication
