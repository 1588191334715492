#include "raft/wire.h"

#include <gtest/gtest.h>

#include "protocol/codec.h"

namespace kcore::raft {
namespace {

const std::string kCluster = "c";

// Through the bytes of a version and back.
template <class Message>
Message through(const Message& message, std::int16_t version, Bytes& bytes) {
    const auto encoded = protocol::encode(message, version, bytes);
    EXPECT_TRUE(encoded) << (encoded ? "" : encoded.error().what);
    const auto decoded = protocol::decode<Message>(bytes, version);
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().what);
    return decoded ? *decoded : Message();
}

TEST(WireTest, AVoteIsTheSameInEveryVersionThatHoldsIt) {
    VoteRequest ask;
    ask.candidate = {1, Uuid{1, 2}};
    ask.voter = {2, Uuid{3, 4}};
    ask.epoch = 7;
    ask.last = {42, 6};
    for (std::int16_t version = 0; version <= 2; ++version) {
        ask.is_pre_vote = version == 2;
        Bytes bytes;
        const auto got = from_wire(through(to_wire(ask, kCluster), version, bytes));
        ASSERT_TRUE(got);
        EXPECT_EQ(got->candidate.id, 1);
        EXPECT_EQ(got->candidate.directory, version == 0 ? Uuid() : ask.candidate.directory);
        EXPECT_EQ(got->voter.id, version == 0 ? kNobody : 2);
        EXPECT_EQ(got->last, ask.last);
        EXPECT_EQ(got->is_pre_vote, ask.is_pre_vote);
    }
}

TEST(WireTest, AnAnswerTellsTheLeaderAndWhereItIs) {
    VoteResponse answer;
    answer.error = Errc::fenced_leader_epoch;
    answer.leader = {3, 9, io::Address{"host", 9093}};
    protocol::VoteResponse wire;
    to_wire(answer, wire);
    Bytes bytes;
    const auto got = from_wire(through(wire, 2, bytes));
    EXPECT_EQ(got.error, answer.error);
    EXPECT_EQ(got.leader.leader, 3);
    EXPECT_EQ(got.leader.epoch, 9);
    EXPECT_EQ(got.leader.address, answer.leader.address);
    EXPECT_FALSE(got.is_granted);
}

TEST(WireTest, AFetchIsTheSameInEveryVersionOfReplicas) {
    FetchRequest ask;
    ask.replica = {4, Uuid{5, 6}};
    ask.epoch = 3;
    ask.from = {77, 2};
    ask.high_watermark = 70;
    ask.max_bytes = 1000;
    ask.max_wait_ms = 500;
    for (std::int16_t version = 15; version <= 18; ++version) {
        Bytes bytes;
        const auto got = from_wire(through(to_wire(ask, kCluster), version, bytes));
        ASSERT_TRUE(got) << version;
        EXPECT_EQ(got->replica.id, 4) << version;
        EXPECT_EQ(got->replica.directory, version < 17 ? Uuid() : ask.replica.directory);
        EXPECT_EQ(got->epoch, 3);
        EXPECT_EQ(got->from, ask.from);
        EXPECT_EQ(got->max_bytes, 1000);
        const auto unknown = std::numeric_limits<std::int64_t>::max();
        EXPECT_EQ(got->high_watermark, version < 18 ? unknown : 70);
    }
}

TEST(WireTest, WhatAFetchFindsComesBack) {
    FetchResponse answer;
    answer.leader = {1, 3, io::Address{"h", 1}};
    answer.high_watermark = 5;
    answer.log_start = 2;
    answer.diverging = {2, 4};
    answer.snapshot = SnapshotId{9, 1};
    answer.records = to_bytes("records");
    protocol::FetchResponse wire;
    to_wire(answer, wire);
    Bytes bytes;
    const auto got = from_wire(through(wire, 18, bytes));
    EXPECT_EQ(got.high_watermark, 5);
    EXPECT_EQ(got.diverging, answer.diverging);
    EXPECT_EQ(got.snapshot, answer.snapshot);
    EXPECT_EQ(as_text(got.records), "records");
    EXPECT_EQ(got.leader.address, answer.leader.address);
}

TEST(WireTest, SuccessorsAreKnownInBothVersions) {
    EndEpochRequest ask;
    ask.leader = 1;
    ask.epoch = 2;
    ask.successors = {{3, Uuid{3, 3}}, {2, Uuid{2, 2}}};
    for (std::int16_t version = 0; version <= 1; ++version) {
        Bytes bytes;
        const auto got = from_wire(through(to_wire(ask, kCluster), version, bytes));
        ASSERT_TRUE(got);
        ASSERT_EQ(got->successors.size(), 2U);
        EXPECT_EQ(got->successors[0].id, 3);
        EXPECT_EQ(got->successors[1].directory, version == 0 ? Uuid() : (Uuid{2, 2}));
    }
}

TEST(WireTest, WhatIsNotAboutTheMetadataLogIsRefused) {
    auto ask = to_wire(VoteRequest(), kCluster);
    ask.topics[0].topic_name = "orders";
    EXPECT_FALSE(from_wire(ask));
    ask = to_wire(VoteRequest(), kCluster);
    ask.topics[0].partitions[0].partition_index = 1;
    EXPECT_FALSE(from_wire(ask));
    ask.topics.clear();
    EXPECT_FALSE(from_wire(ask));
    EXPECT_EQ(from_wire(protocol::VoteResponse()).error, Errc::corrupt_message);
}

}  // namespace
}  // namespace kcore::raft
