// What a node does with its logs beside serving them: retention and compaction.

#include <gtest/gtest.h>

#include "broker/test_server.h"
#include "protocol/api/delete_groups.h"
#include "protocol/api/delete_records.h"
#include "protocol/api/describe_log_dirs.h"
#include "protocol/api/find_coordinator.h"
#include "protocol/api/list_offsets.h"
#include "protocol/api/produce.h"
#include "record/builder.h"

namespace kcore::broker {
namespace {

class LogUpkeepTest : public ServerTest {
protected:
    // One batch of one record, as old as the epoch.
    std::int16_t produce(const std::string& topic, const std::string& key,
                         std::int32_t partition = 0, std::int64_t timestamp = 1'000) {
        record::BatchBuilder builder;
        builder.append(timestamp, as_bytes(key), as_bytes(std::string(300, 'v')));
        builder.close();
        const auto bytes = builder.take();
        protocol::ProduceRequest request;
        request.acks = 1;
        request.timeout_ms = 1'000;
        auto& data = request.topic_data.emplace_back();
        data.name = topic;
        data.topic_id = metadata_of(topic).topics.at(0).topic_id;
        auto& part = data.partition_data.emplace_back();
        part.index = partition;
        part.records = protocol::Records(BytesView(bytes));
        return ask(std::move(request)).responses.at(0).partition_responses.at(0).error_code;
    }
    protocol::ListOffsetsResponse::ListOffsetsPartitionResponse offset_at(const std::string& topic,
                                                                          std::int64_t timestamp) {
        protocol::ListOffsetsRequest request;
        request.replica_id = -1;
        auto& asked = request.topics.emplace_back();
        asked.name = topic;
        asked.partitions.emplace_back().timestamp = timestamp;
        return ask(std::move(request)).topics.at(0).partitions.at(0);
    }
    std::int64_t earliest(const std::string& topic) { return offset_at(topic, -2).offset; }

    protocol::DeleteRecordsResponse::DeleteRecordsPartitionResult delete_records(
        const std::string& topic, std::int64_t offset) {
        protocol::DeleteRecordsRequest request;
        request.timeout_ms = 1'000;
        auto& asked = request.topics.emplace_back();
        asked.name = topic;
        asked.partitions.emplace_back().offset = offset;
        return ask(std::move(request)).topics.at(0).partitions.at(0);
    }
    const ConfigMap small_{{"internal.segment.bytes", "1000"}};
};

TEST_F(LogUpkeepTest, RecordsPastTheirRetentionAreDeleted) {
    ASSERT_TRUE(start());
    auto configs = small_;
    configs["retention.ms"] = "1000";
    configs["message.timestamp.before.max.ms"] = std::to_string(std::int64_t{1} << 60);
    ASSERT_EQ(create("logs", 1, configs), 0);
    for (int i = 0; i < 7; ++i) ASSERT_EQ(produce("logs", "k"), 0);
    EXPECT_EQ(earliest("logs"), 0);
    loop.advance(io::Milliseconds(31'000));
    EXPECT_EQ(earliest("logs"), 7);
    EXPECT_EQ(offset_at("logs", 0).offset, -1);
    ASSERT_EQ(produce("logs", "k"), 0);
    EXPECT_EQ(offset_at("logs", -1).offset, 8);
}

TEST_F(LogUpkeepTest, DeletedRecordsStayDeletedAfterARestart) {
    ASSERT_TRUE(start());
    ASSERT_EQ(create("logs", 1, small_), 0);
    for (int i = 0; i < 7; ++i) ASSERT_EQ(produce("logs", "k"), 0);
    EXPECT_EQ(delete_records("logs", 8).error_code, 1);
    EXPECT_EQ(delete_records("logs", 4).low_watermark, 4);
    EXPECT_EQ(delete_records("logs", 2).low_watermark, 4);
    EXPECT_EQ(earliest("logs"), 4);
    stop();
    ASSERT_TRUE(start());
    EXPECT_EQ(earliest("logs"), 4);
    EXPECT_EQ(delete_records("logs", -1).low_watermark, 7);
}

TEST_F(LogUpkeepTest, ACompactedTopicIsCleanedInTheBackground) {
    ASSERT_TRUE(start());
    auto configs = small_;
    configs["cleanup.policy"] = "compact";
    ASSERT_EQ(create("table", 1, configs), 0);
    for (int i = 0; i < 40; ++i) ASSERT_EQ(produce("table", "k" + std::to_string(i % 2)), 0);
    // A roll is synced, and only then its segment may be cleaned.
    loop.advance(io::Milliseconds(40'000));
    EXPECT_TRUE(said("log cleaned partition=table-0 from=0"));
    protocol::DescribeLogDirsRequest request;
    request.topics.reset();
    std::int64_t size = 0;
    const auto described = ask(std::move(request));
    for (const auto& topic : described.results.at(0).topics) {
        if (topic.name == "table") size = topic.partitions.at(0).partition_size;
    }
    EXPECT_LT(size, 3'000);
    EXPECT_EQ(offset_at("table", -1).offset, 40);
    EXPECT_EQ(delete_records("table", 1).error_code, 44);
}

TEST_F(LogUpkeepTest, ManyPartitionsAtOnceAreServedAndTheirGroupsCoordinated) {
    ASSERT_TRUE(start({{"offsets.topic.num.partitions", "150"}}));
    ASSERT_EQ(create("orders", 250), 0);
    EXPECT_EQ(produce("orders", "k", 249), 0);
    protocol::FindCoordinatorRequest request;
    request.coordinator_keys = {"a group"};
    ask(request);
    loop.advance(io::Milliseconds(100));
    protocol::DeleteGroupsRequest unknown;
    unknown.groups_names = {"a group"};
    EXPECT_EQ(ask(unknown).results.at(0).error_code, 69) << "its coordinator says so";
    stop();
    EXPECT_TRUE(said("stopped clean=true"));
}

}  // namespace
}  // namespace kcore::broker
