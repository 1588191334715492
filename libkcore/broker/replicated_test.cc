// A topic with a replica on each of three nodes: what the leader acknowledges, all have.

#include <string>
#include <vector>

#include "broker/test_trio.h"
#include "protocol/api/delete_records.h"
#include "protocol/api/fetch.h"
#include "protocol/api/list_offsets.h"
#include "protocol/api/produce.h"
#include "record/builder.h"

namespace kcore::broker {
namespace {

class ReplicatedTest : public TrioTest {
protected:
    ReplicatedTest() {
        more = {{"min.insync.replicas", "2"},
                {"broker.session.timeout.ms", "2000"},
                {"broker.heartbeat.interval.ms", "300"},
                {"replica.lag.time.max.ms", "4000"},
                {"replica.fetch.backoff.ms", "100"}};
    }

    using Partition = protocol::MetadataResponse::MetadataResponsePartition;
    Partition partition_at(int asked) {
        protocol::MetadataRequest request;
        request.topics->emplace_back().name = "orders";
        request.allow_auto_topic_creation = false;
        const auto answer = ask(asked, std::move(request));
        if (answer.topics.size() != 1 || answer.topics[0].partitions.size() != 1) return {};
        topic_id = answer.topics[0].topic_id;
        return answer.topics[0].partitions[0];
    }
    // Until so many are in sync, for at most a minute.
    Partition expect_in_sync(int asked, std::size_t count) {
        for (int i = 0; i < 600; ++i) {
            auto partition = partition_at(asked);
            if (partition.isr_nodes.size() == count && partition.leader_id > 0) return partition;
            loop.advance(io::Milliseconds(100));
        }
        ADD_FAILURE() << count << " replicas are not in sync";
        return {};
    }

    protocol::ProduceResponse::PartitionProduceResponse produce(int id, const std::string& value,
                                                                std::int16_t acks = -1) {
        record::BatchBuilder builder;
        builder.append(clock.wall_ms(), std::nullopt, as_bytes(value));
        const auto batch = builder.close();
        protocol::ProduceRequest request;
        request.acks = acks;
        request.timeout_ms = 3000;
        auto& topic = request.topic_data.emplace_back();
        topic.name = "orders";
        topic.topic_id = topic_id;
        auto& data = topic.partition_data.emplace_back();
        data.records = protocol::Records(batch);
        const auto answer = ask(id, std::move(request));
        return answer.responses.at(0).partition_responses.at(0);
    }

    protocol::FetchResponse::PartitionData fetch(int id, const std::string& rack = "") {
        protocol::FetchRequest request;
        request.max_bytes = 1 << 20;
        request.session_epoch = -1;
        request.rack_id = rack;
        auto& topic = request.topics.emplace_back();
        topic.topic_id = topic_id;
        topic.partitions.emplace_back().partition_max_bytes = 1 << 20;
        auto answer = ask(id, std::move(request));
        return std::move(answer.responses.at(0).partitions.at(0));
    }

    Errc error_of(int id, const std::string& value) {
        return errc_from_wire(produce(id, value).error_code);
    }

    Uuid topic_id;
};

TEST_F(ReplicatedTest, WhatIsAcknowledgedOutlivesTheLeader) {
    start_all();
    ASSERT_EQ(create(1, "orders", 3), 0);
    const auto first = expect_in_sync(1, 3).leader_id;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(produce(first, "before").base_offset, i);
    stop(*nodes[first - 1]);
    const auto other = first % 3 + 1;
    const auto second = expect_in_sync(other, 2).leader_id;
    EXPECT_NE(second, first);
    EXPECT_EQ(produce(second, "after").base_offset, 5) << "nothing is lost or doubled";
    begin(*nodes[first - 1]);
    expect_started(*nodes[first - 1]);
    expect_in_sync(other, 3);
    stop(*nodes[second - 1]);
    const auto third = expect_in_sync(first, 2).leader_id;
    EXPECT_EQ(produce(third, "at last").base_offset, 6);
}

TEST_F(ReplicatedTest, WhoIsNotTheLeaderSaysSo) {
    start_all();
    ASSERT_EQ(create(1, "orders", 3), 0);
    const auto leader = expect_in_sync(1, 3).leader_id;
    EXPECT_EQ(error_of(leader % 3 + 1, "x"), Errc::not_leader_or_follower);
}

TEST_F(ReplicatedTest, ConsumersMayReadAtAFollower) {
    start_all();
    ASSERT_EQ(create(1, "orders", 3), 0);
    const auto leader = expect_in_sync(1, 3).leader_id;
    ASSERT_EQ(error_of(leader, "x"), Errc::none);
    loop.advance(io::Milliseconds(1000));
    const auto there = fetch(leader % 3 + 1);
    EXPECT_EQ(there.error_code, 0);
    EXPECT_EQ(there.high_watermark, 1);
}

TEST_F(ReplicatedTest, ConsumersAreSentToTheReplicaInTheirRack) {
    more["replica.selector.class"] = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
    start_all();
    ASSERT_EQ(create(1, "orders", 3), 0);
    const auto leader = expect_in_sync(1, 3).leader_id;
    ASSERT_EQ(error_of(leader, "x"), Errc::none);
    const auto other = leader % 3 + 1;
    EXPECT_EQ(fetch(leader, "rack-" + std::to_string(other)).preferred_read_replica, other);
    EXPECT_EQ(fetch(leader, "rack-" + std::to_string(leader)).preferred_read_replica, -1);
    EXPECT_EQ(fetch(leader, "nowhere").preferred_read_replica, -1);
}

TEST_F(ReplicatedTest, DeletedRecordsAreGoneOnAllReplicas) {
    start_all();
    ASSERT_EQ(create(1, "orders", 3), 0);
    const auto leader = expect_in_sync(1, 3).leader_id;
    for (int i = 0; i < 5; ++i) ASSERT_EQ(error_of(leader, "x"), Errc::none);
    protocol::DeleteRecordsRequest request;
    request.timeout_ms = 5000;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.partitions.emplace_back().offset = 3;
    const auto answer = ask(leader, std::move(request)).topics.at(0).partitions.at(0);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.low_watermark, 3);
    EXPECT_EQ(fetch(leader % 3 + 1).error_code, static_cast<int>(Errc::offset_out_of_range));
}

TEST_F(ReplicatedTest, WithTooFewInSyncNothingIsTaken) {
    more["min.insync.replicas"] = "3";
    start_all();
    ASSERT_EQ(create(1, "orders", 3), 0);
    const auto leader = expect_in_sync(1, 3).leader_id;
    EXPECT_EQ(error_of(leader, "all are here"), Errc::none);
    stop(*nodes[leader % 3]);
    expect_in_sync(leader, 2);
    EXPECT_EQ(error_of(leader, "one is missing"), Errc::not_enough_replicas);
    begin(*nodes[leader % 3]);
    expect_started(*nodes[leader % 3]);
    expect_in_sync(leader, 3);
    EXPECT_EQ(produce(leader, "all are here").base_offset, 1);
}

}  // namespace
}  // namespace kcore::broker
