#include "client/fetcher.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

#include "client/scripted_cluster.h"
#include "protocol/api/list_offsets.h"
#include "record/builder.h"

namespace kcore::client {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;
using protocol::OffsetForLeaderEpochRequest;
using protocol::OffsetForLeaderEpochResponse;

class FetcherTest : public ::testing::Test {
protected:
    FetcherTest() {
        world.topics["t"] = {{1, 0}, {1, 0}};
        for (auto& [id, node] : world.nodes) script(id, *node);
    }
    ~FetcherTest() override {
        for (auto& [id, node] : world.nodes) node->hold(-1);
        if (fetcher) world.loop.run(fetcher->stop());
    }

    void script(std::int32_t id, client::testing::ScriptedBroker& node) {
        node.on<FetchRequest, FetchResponse>(
            [this, id](const FetchRequest& request) { return answer(id, request); });
        node.on<ListOffsetsRequest, ListOffsetsResponse>([this](const ListOffsetsRequest& request) {
            ListOffsetsResponse out;
            const auto& asked = request.topics.at(0).partitions.at(0);
            auto& topic = out.topics.emplace_back();
            topic.name = "t";
            auto& one = topic.partitions.emplace_back();
            one.partition_index = asked.partition_index;
            one.offset = asked.timestamp == -2 ? first : last;
            return std::optional(std::move(out));
        });
        node.on<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(
            [this](const OffsetForLeaderEpochRequest& request) {
                const auto& asked = request.topics.at(0).partitions.at(0);
                checks += fmt::format("{}<{} ", asked.leader_epoch, asked.current_leader_epoch);
                OffsetForLeaderEpochResponse out;
                auto& topic = out.topics.emplace_back();
                topic.topic = "t";
                auto& one = topic.partitions.emplace_back();
                one.leader_epoch = asked.leader_epoch;
                one.end_offset = epoch_end;
                return std::optional(std::move(out));
            });
    }

    static Bytes batch(std::int64_t offset, std::int32_t count, std::int32_t epoch) {
        record::BatchOptions options;
        options.base_offset = offset;
        options.leader_epoch = epoch;
        record::BatchBuilder builder(options);
        for (std::int32_t i = 0; i < count; ++i) builder.append(1, std::nullopt, as_bytes("x"));
        (void)builder.close();
        return builder.take();
    }

    // One batch of two records an answer until `last`; then the broker lets wait.
    std::optional<FetchResponse> answer(std::int32_t id, const FetchRequest& request) {
        FetchResponse out;
        out.session_id = uses_sessions ? 5 : 0;
        auto& session = sessions[id];
        if (request.session_epoch <= 0) session.clear();
        if (request.session_epoch > 0) ++incremental;
        for (const auto& topic : request.forgotten_topics_data) {
            for (const auto partition : topic.partitions) session.erase(partition);
        }
        for (const auto& topic : request.topics) {
            for (const auto& asked : topic.partitions) session[asked.partition] = asked;
        }
        out.error_code = static_cast<std::int16_t>(std::exchange(session_error, Errc::none));
        if (out.error_code != 0) return out;
        auto& answered = out.responses.emplace_back();
        answered.topic_id = client::testing::ScriptedCluster::id_of("t");
        for (const auto& [number, asked] : session)
            answer_partition(id, asked, answered.partitions);
        if (answered.partitions.empty()) {
            out.responses.clear();
            world.node(id).answer_after_ms = 100;
        }
        return out;
    }
    void answer_partition(std::int32_t id, const FetchRequest::FetchPartition& asked,
                          std::vector<FetchResponse::PartitionData>& to) {
        FetchResponse::PartitionData one;
        one.partition_index = asked.partition;
        one.high_watermark = last;
        one.error_code = static_cast<std::int16_t>(error_for(id, asked));
        if (one.error_code == 0 && asked.fetch_offset >= last) return;
        seen += fmt::format("{}>{}@{} ", id, asked.partition, asked.fetch_offset);
        if (replica > 0 && id == 1) {
            one.preferred_read_replica = replica;
        } else if (one.error_code == 0) {
            sent.push_back(batch(asked.fetch_offset, 2, world.topics["t"][0].epoch));
            const BytesView bytes = sent.back();
            one.records = protocol::Records(bytes.first(std::min(bytes.size(), answer_bytes)));
        }
        to.push_back(std::move(one));
    }
    Errc error_for(std::int32_t id, const FetchRequest::FetchPartition& asked) {
        const auto& partition = world.topics["t"][static_cast<std::size_t>(asked.partition)];
        if (id == replica)
            return asked.fetch_offset > replica_end ? Errc::offset_out_of_range : Errc::none;
        if (partition.leader != id) return Errc::not_leader_or_follower;
        if (asked.current_leader_epoch < partition.epoch) return Errc::fenced_leader_epoch;
        if (asked.fetch_offset < first || asked.fetch_offset > last) {
            return Errc::offset_out_of_range;
        }
        return std::exchange(next_error, Errc::none);
    }

    void start(std::int64_t from, std::int64_t end = kNoEnd) {
        fetcher = std::make_unique<Fetcher>(world.start());
        world.loop.spawn(fetcher->run());
        fetcher->assign({{{"t", 0}, from, end}});
    }
    // What the reader gets: offsets, "*" for a restart, names of errors.
    std::string read() {
        std::string out;
        while (fetcher->has_fetched()) {
            auto next = fetcher->next(io::Deadline::min());
            if (!next) break;
            if (!*next) {
                out += errc_name(next->error().code);
                last_error = next->error().what;
            } else if ((*next)->restart_at) {
                out += "*" + std::to_string(*(*next)->restart_at);
            } else {
                const record::BatchView view((*next)->records.first(record::kBatchHeaderBytes));
                out += std::to_string(view.base_offset());
            }
            out += ' ';
        }
        return out;
    }
    std::string read_after(std::int64_t ms) {
        world.advance(ms);
        return read();
    }

    client::testing::ScriptedCluster world{2};
    std::unique_ptr<Fetcher> fetcher;
    std::map<std::int32_t, std::map<std::int32_t, FetchRequest::FetchPartition>> sessions;
    std::deque<Bytes> sent;
    std::int64_t first = 0;
    std::int64_t last = 6;
    std::int64_t epoch_end = 100;
    std::size_t answer_bytes = 1U << 20;
    std::int32_t replica = -1;
    std::int64_t replica_end = 100;
    bool uses_sessions = true;
    int incremental = 0;
    Errc session_error = Errc::none;
    Errc next_error = Errc::none;
    std::string seen;
    std::string checks;
    std::string last_error;
};

TEST_F(FetcherTest, ReadsAheadUntilTheEnd) {
    start(0, 6);
    EXPECT_EQ(read_after(10), "0 2 4 ");
    EXPECT_EQ(seen, "1>0@0 1>0@2 1>0@4 ");
    EXPECT_EQ(incremental, 2);
}

TEST_F(FetcherTest, WithoutSessionsItAsksForEverything) {
    uses_sessions = false;
    start(0, 4);
    EXPECT_EQ(read_after(10), "0 2 ");
    EXPECT_EQ(incremental, 0);
}

TEST_F(FetcherTest, ARefusedSessionIsBegunAnewWithoutLoss) {
    session_error = Errc::fetch_session_id_not_found;
    start(0, 4);
    EXPECT_EQ(read_after(10), "0 2 ");
}

TEST_F(FetcherTest, ANewAssignmentDropsWhatTheOldOneFetched) {
    start(0, 6);
    world.advance(10);
    fetcher->assign({{{"t", 1}, 2, 4}});
    EXPECT_EQ(read_after(10), "2 ");
}

TEST_F(FetcherTest, OutOfRangeResetsToTheEarliestOffset) {
    first = 4;
    start(2, 6);
    EXPECT_EQ(read_after(2000), "*4 4 ");
}

TEST_F(FetcherTest, OutOfRangeResetsDownFromBehindTheEnd) {
    world.config.consumer.offset_reset = OffsetReset::latest;
    start(50, 60);
    EXPECT_EQ(read_after(1000), "*6 ");
}

TEST_F(FetcherTest, WithoutAPolicyOutOfRangeIsAnError) {
    world.config.consumer.offset_reset = OffsetReset::none;
    start(50, 60);
    EXPECT_EQ(read_after(1000), "OFFSET_OUT_OF_RANGE ");
}

TEST_F(FetcherTest, TheNewLeaderIsFound) {
    last = 2;
    start(0, 6);
    EXPECT_EQ(read_after(10), "0 ");
    world.topics["t"][0] = {2, 1};
    last = 6;
    EXPECT_EQ(read_after(3000), "2 4 ");
}

TEST_F(FetcherTest, AfterANewEpochThePositionIsChecked) {
    last = 2;
    start(0, 6);
    world.advance(10);
    world.topics["t"][0].epoch = 3;
    last = 6;
    EXPECT_EQ(read_after(3000), "0 2 4 ");
    EXPECT_EQ(checks, "0<3 ");
}

TEST_F(FetcherTest, APositionThatTheNewLeaderLacksGoesBackToWhereItAgrees) {
    last = 4;
    start(0, 6);
    EXPECT_EQ(read_after(10), "0 2 ");
    world.topics["t"][0].epoch = 3;
    epoch_end = 2;
    last = 6;
    EXPECT_EQ(read_after(3000), "*2 2 4 ");
}

TEST_F(FetcherTest, ALogCutShortIsAnErrorWithoutAPolicy) {
    world.config.consumer.offset_reset = OffsetReset::none;
    last = 4;
    start(0, 6);
    EXPECT_EQ(read_after(10), "0 2 ");
    world.topics["t"][0].epoch = 3;
    epoch_end = 2;
    EXPECT_EQ(read_after(3000), "OFFSET_OUT_OF_RANGE ");
    EXPECT_EQ(last_error, "t-0: the log was cut to offset 2, below position 4");
}

TEST_F(FetcherTest, ABatchThatDoesNotFitIntoAnAnswerIsSaid) {
    answer_bytes = 70;
    start(0, 6);
    EXPECT_EQ(read_after(1000), "MESSAGE_TOO_LARGE ");
    EXPECT_EQ(last_error, "t-0: offset 0: its batch is above max.partition.fetch.bytes 1048576");
}

TEST_F(FetcherTest, ErrorsThatMayPassAreTriedAgainAndOthersAreSaid) {
    next_error = Errc::unknown_server_error;
    start(0, 2);
    EXPECT_EQ(read_after(1000), "UNKNOWN_SERVER_ERROR ");
    next_error = Errc::replica_not_available;
    fetcher->assign({{{"t", 0}, 0, 2}});
    EXPECT_EQ(read_after(1000), "0 ");
}

TEST_F(FetcherTest, ALostConnectionIsMadeAgain) {
    start(0, 6);
    world.node().hold(1);
    world.advance(10);
    world.node().hold(-1);
    world.node().hang_up();
    EXPECT_EQ(read_after(3000), "0 2 4 ");
}

TEST_F(FetcherTest, ReadsFromTheReplicaThatTheLeaderNames) {
    replica = 2;
    start(0, 4);
    EXPECT_EQ(read_after(1000), "0 2 ");
    EXPECT_EQ(seen, "1>0@0 2>0@0 2>0@2 ");
}

TEST_F(FetcherTest, AReplicaThatLagsIsLeftForTheLeader) {
    replica = 2;
    replica_end = 1;
    start(0, 4);
    world.advance(20);
    replica = -1;
    EXPECT_EQ(read_after(2000), "0 2 ");
}

}  // namespace
}  // namespace kcore::client
