#include "group/shard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "group/records.h"
#include "rsm/memory_log.h"

namespace kcore::group {
namespace {

using protocol::JoinGroupResponse;
using protocol::OffsetCommitResponse;

struct ShardTest : testing::Test {
    ShardTest() {
        auto image = std::make_shared<metadata::Image>();
        auto topic = std::make_shared<metadata::Topic>();
        topic->name = "orders";
        topic->id = Uuid{7, 1};
        topic->partitions.push_back(std::make_shared<metadata::Partition>());
        image->topics_by_name.set("orders", topic);
        image->topics_by_id.set(topic->id, topic);
        image_ = image;
        ShardSeams seams;
        seams.now = [this] { return now_; };
        seams.make_uuid = [this] { return Uuid{1, ++uuids_}; };
        seams.wake_at = [this](std::int64_t ms) { wake_ms_ = ms; };
        shard_ = std::make_shared<Shard>(Settings(), std::move(seams), Logger());
    }

    void lead(std::int32_t epoch) {
        auto coordinator = shard_->start_loading(epoch);
        for (std::size_t i = 0; i < log_->records().size(); ++i) {
            const auto& record = log_->records()[i];
            LoadedRecord loaded;
            loaded.key = *record.key;
            if (record.value) loaded.value = BytesView(*record.value);
            loaded.offset = static_cast<std::int64_t>(i);
            coordinator->replay(loaded);
        }
        shard_->finish_loading(epoch, std::move(coordinator), log_, log_->end());
    }

    int submit(Request request, std::int16_t version) {
        const int number = ++submitted_;
        shard_->submit(std::move(request), {version, "c", "/host", image_},
                       [this, number](Response response) {
                           EXPECT_TRUE(answers_.emplace(number, std::move(response)).second);
                       });
        return number;
    }
    int commit(std::int64_t offset) {
        protocol::OffsetCommitRequest request;
        request.group_id = "g";
        auto& topic = request.topics.emplace_back();
        topic.name = "orders";
        topic.partitions.emplace_back().committed_offset = offset;
        return submit(std::move(request), 9);
    }
    int fetch() {
        FetchOffsets request;
        request.group.group_id = "g";
        request.group.topics.reset();
        return submit(std::move(request), 9);
    }
    int join() {
        protocol::JoinGroupRequest request;
        request.group_id = "joined";
        request.session_timeout_ms = request.rebalance_timeout_ms = 10'000;
        request.protocol_type = "consumer";
        request.protocols.emplace_back().name = "range";
        return submit(std::move(request), 3);
    }
    bool is_answered(int number) const { return answers_.contains(number); }
    Errc commit_code(int number) const {
        const auto& topics = std::get<OffsetCommitResponse>(answers_.at(number)).topics;
        return errc_from_wire(topics.at(0).partitions.at(0).error_code);
    }
    Errc join_code(int number) const {
        return errc_from_wire(std::get<JoinGroupResponse>(answers_.at(number)).error_code);
    }
    std::int64_t fetched(int number) const {
        const auto& topics = std::get<FetchedOffsets>(answers_.at(number)).topics;
        return topics.empty() ? -1 : topics.at(0).partitions.at(0).committed_offset;
    }
    void pass(std::int64_t ms) {
        now_.steady_ms += ms;
        now_.wall_ms += ms;
        shard_->run_due();
    }

    Now now_{1'000'000, 1'700'000'000'000};
    std::int64_t wake_ms_ = kNever;
    std::uint64_t uuids_ = 0;
    metadata::ImagePtr image_;
    std::shared_ptr<rsm::MemoryLog> log_ = std::make_shared<rsm::MemoryLog>();
    std::shared_ptr<Shard> shard_;
    std::map<int, Response> answers_;
    int submitted_ = 0;
};

TEST_F(ShardTest, AnswersOnlyWhileItLeads) {
    EXPECT_EQ(commit_code(commit(1)), Errc::not_coordinator);
    auto coordinator = shard_->start_loading(3);
    EXPECT_EQ(commit_code(commit(1)), Errc::coordinator_load_in_progress);
    shard_->finish_loading(3, std::move(coordinator), log_, log_->end());
    EXPECT_EQ(commit_code(commit(1)), Errc::none);
    shard_->resign();
    EXPECT_EQ(commit_code(commit(1)), Errc::not_coordinator);
    EXPECT_EQ(shard_->next_deadline_ms(), kNever);
}

TEST_F(ShardTest, ALoadThatWasOvertakenIsDropped) {
    auto old = shard_->start_loading(3);
    auto coordinator = shard_->start_loading(4);
    shard_->finish_loading(3, std::move(old), log_, log_->end());
    EXPECT_EQ(commit_code(commit(1)), Errc::coordinator_load_in_progress);
    shard_->finish_loading(4, std::move(coordinator), log_, log_->end());
    EXPECT_EQ(commit_code(commit(1)), Errc::none);
}

TEST_F(ShardTest, AnswersWaitUntilWhatTheyTellIsCommitted) {
    lead(1);
    log_->hold_commits();
    const auto written = commit(5);
    const auto read = fetch();
    EXPECT_FALSE(is_answered(written));
    EXPECT_FALSE(is_answered(read)) << "it would tell of an offset that may be lost";
    log_->commit_all();
    EXPECT_EQ(commit_code(written), Errc::none);
    EXPECT_EQ(fetched(read), 5);
    EXPECT_EQ(fetched(fetch()), 5);
}

TEST_F(ShardTest, ACommitThatTakesTooLongIsAnswered) {
    lead(1);
    log_->hold_commits();
    const auto written = commit(5);
    EXPECT_EQ(shard_->next_deadline_ms(), now_.steady_ms + 5'000);
    pass(5'000);
    EXPECT_EQ(commit_code(written), Errc::coordinator_not_available);
    log_->commit_all();
    EXPECT_EQ(fetched(fetch()), 5) << "it was not lost after all";
}

TEST_F(ShardTest, ARefusedAppendLeavesTheStateAsItWas) {
    lead(1);
    commit(5);
    log_->refuse_with(Errc::not_enough_replicas);
    EXPECT_EQ(commit_code(commit(6)), Errc::coordinator_not_available);
    log_->refuse_with(std::nullopt);
    EXPECT_EQ(fetched(fetch()), 5);
}

TEST_F(ShardTest, LosingTheLogAnswersEverybody) {
    lead(1);
    const auto parked = join();
    log_->hold_commits();
    const auto held = commit(5);
    EXPECT_FALSE(is_answered(parked) || is_answered(held));
    log_->lose_leadership(2);
    EXPECT_EQ(join_code(parked), Errc::not_coordinator);
    EXPECT_EQ(commit_code(held), Errc::not_coordinator);
    EXPECT_EQ(commit_code(commit(6)), Errc::not_coordinator);
}

TEST_F(ShardTest, AnAppendThatFindsANewerLeaderEndsTheLeadership) {
    lead(1);
    const auto parked = join();
    log_->lose_leadership(2);
    EXPECT_EQ(commit_code(commit(6)), Errc::not_coordinator);
    EXPECT_EQ(join_code(parked), Errc::not_coordinator);
    lead(2);
    EXPECT_EQ(commit_code(commit(6)), Errc::none);
}

TEST_F(ShardTest, TellsWhenItWantsToBeWoken) {
    lead(1);
    const auto parked = join();
    EXPECT_EQ(wake_ms_, now_.steady_ms + 3'000);
    pass(2'999);
    EXPECT_FALSE(is_answered(parked));
    pass(1);
    EXPECT_EQ(join_code(parked), Errc::none);
}

TEST_F(ShardTest, ANewLeaderKnowsWhatTheOldOneWrote) {
    lead(1);
    commit(5);
    shard_->resign();
    lead(2);
    EXPECT_EQ(fetched(fetch()), 5);
}

TEST_F(ShardTest, ManyTombstonesGoInPieces) {
    auto topic = std::make_shared<metadata::Topic>(*image_->topic("orders"));
    for (int i = 0; i < 20'000; ++i) topic->partitions.push_back(topic->partitions.front());
    auto image = std::make_shared<metadata::Image>(*image_);
    image->topics_by_name.set("orders", topic);
    image_ = image;
    lead(1);
    protocol::OffsetCommitRequest request;
    request.group_id = "g";
    auto& asked = request.topics.emplace_back();
    asked.name = "orders";
    for (int i = 0; i < 20'000; ++i) asked.partitions.emplace_back().partition_index = i;
    submit(std::move(request), 9);
    shard_->topics_deleted({"orders"});
    EXPECT_EQ(log_->records().size(), 40'000U);
    EXPECT_EQ(fetched(fetch()), -1);
}

TEST_F(ShardTest, IsCalledFromAnyThread) {
    lead(1);
    std::atomic<int> answered = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i) {
                protocol::OffsetCommitRequest request;
                request.group_id = "g" + std::to_string(t);
                auto& topic = request.topics.emplace_back();
                topic.name = "orders";
                topic.partitions.emplace_back().committed_offset = i;
                shard_->submit(std::move(request), {9, "c", "/host", image_},
                               [&](Response) { ++answered; });
                shard_->run_due();
            }
        });
    }
    threads.clear();
    EXPECT_EQ(answered, 400);
    EXPECT_EQ(log_->records().size(), 400U);
}

}  // namespace
}  // namespace kcore::group
