#include "replication/fetch_session.h"

#include <gtest/gtest.h>

#include "io/virtual_loop.h"

namespace kcore::replication {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;

const Uuid kOrders{1, 1};
const Uuid kOther{2, 2};

class FetchSessionTest : public testing::Test {
protected:
    static FetchRequest request(std::int32_t session, std::int32_t epoch,
                                std::vector<std::pair<Uuid, std::int32_t>> wanted,
                                std::int64_t offset = 0) {
        FetchRequest out;
        out.session_id = session;
        out.session_epoch = epoch;
        for (const auto& [id, partition] : wanted) {
            auto& topic = out.topics.emplace_back();
            topic.topic_id = id;
            auto& added = topic.partitions.emplace_back();
            added.partition = partition;
            added.fetch_offset = offset;
        }
        return out;
    }

    Result<FetchPlan> begin(const FetchRequest& request, bool uses_ids = true) {
        return sessions_.begin(request, uses_ids, [this](Uuid id) -> std::optional<std::string> {
            if (id == kOrders) return "orders";
            return id == kOther ? other_name_ : std::nullopt;
        });
    }

    // An answer that says the same of every partition of the plan; gives how many were kept.
    std::size_t finish(const FetchPlan& plan, std::int64_t high_watermark,
                       Errc error = Errc::none) {
        FetchResponse answer;
        for (const auto& wanted : plan.partitions) {
            auto& topic = answer.responses.emplace_back();
            topic.topic_id = wanted.topic_id;
            auto& data = topic.partitions.emplace_back();
            data.partition_index = wanted.partition;
            data.high_watermark = high_watermark;
            data.log_start_offset = 0;
            data.error_code = static_cast<std::int16_t>(error);
            data.records = protocol::Records(BytesView());
        }
        sessions_.finish(plan, answer);
        EXPECT_EQ(answer.session_id, plan.session_id);
        return answer.responses.size();
    }

    io::VirtualClock clock_;
    io::SeededRandom random_{1};
    std::optional<std::string> other_name_;
    FetchSessions sessions_{2, clock_, random_};
};

TEST_F(FetchSessionTest, FinalEpochMakesNoSession) {
    const auto plan = begin(request(0, -1, {{kOrders, 0}}));
    EXPECT_EQ(plan->session_id, 0);
    EXPECT_EQ(plan->partitions.size(), 1U);
    EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(FetchSessionTest, IncrementalAnswerCarriesOnlyNews) {
    const auto full = begin(request(0, 0, {{kOrders, 0}, {kOrders, 1}}));
    EXPECT_NE(full->session_id, 0);
    EXPECT_EQ(finish(*full, 7), 2U);

    const auto same = begin(request(full->session_id, 1, {}));
    EXPECT_EQ(same->partitions.size(), 2U);
    EXPECT_EQ(finish(*same, 7), 0U);

    const auto moved = begin(request(full->session_id, 2, {}));
    EXPECT_EQ(finish(*moved, 8), 2U);
}

TEST_F(FetchSessionTest, ErrorIsNewsEveryTime) {
    const auto full = begin(request(0, 0, {{kOrders, 0}}));
    EXPECT_EQ(finish(*full, -1, Errc::unknown_topic_or_partition), 1U);
    for (std::int32_t epoch = 1; epoch < 4; ++epoch) {
        const auto again = begin(request(full->session_id, epoch, {}));
        EXPECT_EQ(finish(*again, -1, Errc::unknown_topic_or_partition), 1U);
    }
}

TEST_F(FetchSessionTest, NewOffsetsReplaceAndForgottenPartitionsGo) {
    const auto full = begin(request(0, 0, {{kOrders, 0}, {kOrders, 1}}));
    auto next = request(full->session_id, 1, {{kOrders, 0}}, 42);
    auto& forgotten = next.forgotten_topics_data.emplace_back();
    forgotten.topic_id = kOrders;
    forgotten.partitions = {1};
    const auto plan = begin(next);
    ASSERT_EQ(plan->partitions.size(), 1U);
    EXPECT_EQ(plan->partitions[0].offset, 42);
}

TEST_F(FetchSessionTest, SessionWithNothingLeftEnds) {
    const auto full = begin(request(0, 0, {{kOrders, 0}}));
    auto next = request(full->session_id, 1, {});
    auto& forgotten = next.forgotten_topics_data.emplace_back();
    forgotten.topic_id = kOrders;
    forgotten.partitions = {0};
    const auto plan = begin(next);
    EXPECT_EQ(plan->session_id, 0);
    EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(FetchSessionTest, EpochsMustComeInTurn) {
    const auto id = begin(request(0, 0, {{kOrders, 0}}))->session_id;
    EXPECT_EQ(begin(request(id, 2, {})).error().code, Errc::invalid_fetch_session_epoch);
    EXPECT_TRUE(begin(request(id, 1, {})));
    EXPECT_EQ(begin(request(id, 1, {})).error().code, Errc::invalid_fetch_session_epoch);
    EXPECT_EQ(begin(request(id, -2, {})).error().code, Errc::invalid_fetch_session_epoch);
    EXPECT_EQ(begin(request(id + 1, 1, {})).error().code, Errc::fetch_session_id_not_found);
}

TEST_F(FetchSessionTest, IdsAndNamesDoNotMix) {
    const auto id = begin(request(0, 0, {{kOrders, 0}}))->session_id;
    EXPECT_EQ(begin(request(id, 1, {}), false).error().code, Errc::fetch_session_topic_id_error);
}

TEST_F(FetchSessionTest, OfARepeatedPartitionTheLastEntryCounts) {
    auto twice = request(0, -1, {{kOrders, 0}, {kOrders, 0}});
    twice.topics[1].partitions[0].fetch_offset = 9;
    const auto plan = begin(twice);
    ASSERT_EQ(plan->partitions.size(), 1U);
    EXPECT_EQ(plan->partitions[0].offset, 9);
}

TEST_F(FetchSessionTest, TopicThatComesLaterIsFoundByItsId) {
    const auto id = begin(request(0, 0, {{kOther, 0}}))->session_id;
    EXPECT_EQ(begin(request(id, 1, {}))->partitions[0].topic, "");
    other_name_ = "other";
    EXPECT_EQ(begin(request(id, 2, {}))->partitions[0].topic, "other");
}

TEST_F(FetchSessionTest, OnlyALongIdleSessionGivesWay) {
    const auto first = begin(request(0, 0, {{kOrders, 0}}))->session_id;
    const auto second = begin(request(0, 0, {{kOrders, 1}}))->session_id;
    EXPECT_EQ(begin(request(0, 0, {{kOrders, 2}}))->session_id, 0);

    clock_.move_to(clock_.now() + std::chrono::minutes(3));
    EXPECT_TRUE(begin(request(second, 1, {})));
    EXPECT_NE(begin(request(0, 0, {{kOrders, 3}}))->session_id, 0);
    EXPECT_EQ(begin(request(first, 1, {})).error().code, Errc::fetch_session_id_not_found);
    EXPECT_EQ(sessions_.size(), 2U);
}

}  // namespace
}  // namespace kcore::replication
