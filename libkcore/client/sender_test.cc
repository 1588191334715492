#include "client/sender.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

#include "client/scripted_cluster.h"
#include "protocol/api/init_producer_id.h"
#include "record/scan.h"

namespace kcore::client {
namespace {

using protocol::InitProducerIdRequest;
using protocol::InitProducerIdResponse;
using protocol::ProduceRequest;
using protocol::ProduceResponse;

class SenderTest : public ::testing::Test {
protected:
    SenderTest() {
        auto& producer = world.config.producer;
        producer.linger_ms = 0;
        producer.batch_size_bytes = 1000;
        producer.delivery_timeout_ms = 10'000;
        world.topics["t"] = {{1, 0}};
        for (auto& [id, node] : world.nodes) script(id, *node);
    }
    ~SenderTest() override {
        if (sender) world.loop.run(sender->stop());
    }

    void script(std::int32_t id, client::testing::ScriptedBroker& node) {
        node.on<InitProducerIdRequest, InitProducerIdResponse>(
            [this](const InitProducerIdRequest&) -> std::optional<InitProducerIdResponse> {
                InitProducerIdResponse out;
                out.producer_id = ++producers;
                out.producer_epoch = 0;
                return out;
            });
        node.on<ProduceRequest, ProduceResponse>(
            [this, id](const ProduceRequest& request) { return produce(id, request); });
    }

    // The first bytes of a batch's values, with epoch and sequence when it has them.
    static std::string shown(BytesView bytes) {
        const record::BatchView view(bytes);
        record::Decompressor decompressor;
        std::string out;
        (void)record::for_each_record(view, decompressor, [&](const record::RecordView& one) {
            out += as_text(*one.value).substr(0, 1);
        });
        if (view.base_sequence() < 0) return out;
        return fmt::format("{}:{}/{}", out, view.producer_epoch(), view.base_sequence());
    }

    std::optional<ProduceResponse> produce(std::int32_t id, const ProduceRequest& request) {
        ProduceResponse out;
        bool has_answer = request.acks != 0;
        for (const auto& topic : request.topic_data) {
            auto& answered = out.responses.emplace_back();
            answered.topic_id = topic.topic_id;
            answered.name = topic.name;
            for (const auto& partition : topic.partition_data) {
                seen += fmt::format("{}>{} ", id, shown(partition.records.bytes));
                auto& one = answered.partition_responses.emplace_back();
                one.index = partition.index;
                const auto code = codes.empty() ? Errc::none : codes.front();
                if (!codes.empty()) codes.pop_front();
                one.error_code = static_cast<std::int16_t>(code);
                one.base_offset = code == Errc::none ? 100 : -1;
                const auto leader = world.topics["t"][0].leader;
                if (leader != id) {
                    one.error_code = static_cast<std::int16_t>(Errc::not_leader_or_follower);
                }
                if (partition.records.bytes.size() > broker_limit) {
                    one.error_code = static_cast<std::int16_t>(Errc::message_too_large);
                }
            }
        }
        return has_answer ? std::optional(std::move(out)) : std::nullopt;
    }

    void start() {
        auto& cluster = world.start();
        auto config = world.config.producer;
        if (config.acks != -1) config.is_idempotent = false;
        accumulator = std::make_unique<Accumulator>(config, world.clock);
        queues = &accumulator->add("t", 1);
        sender = std::make_unique<Sender>(cluster, *accumulator, [this](const Delivery& delivery) {
            for (const auto tag : delivery.tags) {
                const auto* error = delivery.error;
                done += static_cast<char>(tag);
                if (error != nullptr) done += fmt::format("={}", static_cast<int>(error->code));
                if (error != nullptr) last_error = error->what;
                done += ' ';
            }
        });
        world.loop.spawn(sender->run());
    }
    void send(char name, std::size_t size = 900) {
        Record record;
        const std::string value(size, name);
        record.value = as_bytes(value);
        ASSERT_TRUE(accumulator->append(*queues, 0, record, static_cast<std::uint64_t>(name)));
        sender->wake();
    }
    void send_all(const std::string& names, std::size_t size = 900) {
        for (const char name : names) send(name, size);
    }
    // All of them are in flight before the first is answered.
    void send_together(const std::string& names) {
        node().hold(0);
        send_all(names);
        world.advance(10);
        ASSERT_EQ(node().held(), names.size());
        node().hold(-1);
        while (node().held() > 0) node().release();
        world.advance(3000);
    }
    client::testing::ScriptedBroker& node(std::int32_t id = 1) { return world.node(id); }

    client::testing::ScriptedCluster world{2};
    std::unique_ptr<Accumulator> accumulator;
    std::unique_ptr<Sender> sender;
    TopicQueues* queues = nullptr;
    std::deque<Errc> codes;
    std::size_t broker_limit = 1U << 20;
    std::int64_t producers = 0;
    std::string seen;  // By the brokers.
    std::string done;  // As tags, with the error's code.
    std::string last_error;
};

TEST_F(SenderTest, BatchesArriveInOrderWithConsecutiveSequences) {
    start();
    send_all("abc");
    world.advance(100);
    EXPECT_EQ(seen, "1>a:0/0 1>b:0/1 1>c:0/2 ");
    EXPECT_EQ(done, "a b c ");
    EXPECT_EQ(producers, 1);
}

TEST_F(SenderTest, NoMoreThanTheLimitIsInFlight) {
    world.config.producer.max_in_flight = 2;
    start();
    node().hold(0);
    send_all("abcd");
    world.advance(100);
    EXPECT_EQ(node().held(), 2U);
    node().release();
    world.advance(1);
    EXPECT_EQ(node().held(), 2U);
    EXPECT_EQ(done, "a ");
}

TEST_F(SenderTest, ARefusedBatchAndThoseBehindItAreSentAgainInOrder) {
    codes = {Errc::not_enough_replicas, Errc::out_of_order_sequence_number,
             Errc::out_of_order_sequence_number};
    start();
    send_together("abc");
    EXPECT_EQ(seen, "1>a:0/0 1>b:0/1 1>c:0/2 1>a:0/0 1>b:0/1 1>c:0/2 ");
    EXPECT_EQ(done, "a b c ");
}

TEST_F(SenderTest, WithoutIdempotenceRetriesKeepTheOrderOfTheBatchesTried) {
    world.config.producer.is_idempotent = false;
    codes = {Errc::not_enough_replicas, Errc::not_enough_replicas};
    start();
    send_together("ab");
    EXPECT_EQ(seen, "1>a 1>b 1>a 1>b ");
    EXPECT_EQ(done, "a b ");
}

TEST_F(SenderTest, AForgottenProducerBeginsTheNextEpoch) {
    for (const auto code : {Errc::unknown_producer_id, Errc::out_of_order_sequence_number}) {
        codes.push_back(code);
    }
    start();
    send_together("ab");
    EXPECT_EQ(seen, "1>a:0/0 1>b:0/1 1>a:1/0 1>b:1/1 ");
    EXPECT_EQ(done, "a b ");
    EXPECT_EQ(producers, 1);
}

TEST_F(SenderTest, ADuplicateIsAnAcknowledgement) {
    codes = {Errc::duplicate_sequence_number};
    start();
    send('a');
    world.advance(100);
    EXPECT_EQ(done, "a ");
}

TEST_F(SenderTest, AFinalErrorFailsItsBatchAndTheRestCountsAnew) {
    codes = {Errc::invalid_record, Errc::out_of_order_sequence_number};
    start();
    send_together("ab");
    EXPECT_EQ(seen, "1>a:0/0 1>b:0/1 1>b:1/0 ");
    EXPECT_EQ(done, "a=87 b ");
}

TEST_F(SenderTest, TheNewLeaderIsFound) {
    start();
    send('a');
    world.advance(100);
    world.topics["t"][0] = {2, 1};
    send('b');
    world.advance(1000);
    EXPECT_EQ(seen, "1>a:0/0 1>b:0/1 2>b:0/1 ");
    EXPECT_EQ(done, "a b ");
}

TEST_F(SenderTest, AnUnknownTopicIsLookedForAgain) {
    codes = {Errc::unknown_topic_or_partition, Errc::unknown_topic_id};
    start();
    send('a');
    world.advance(3000);
    EXPECT_EQ(done, "a ");
    EXPECT_GE(world.looks, 2);
}

TEST_F(SenderTest, APartitionWithoutLeaderWaitsForOne) {
    world.topics["t"][0].leader = -1;
    start();
    send('a');
    world.advance(2000);
    EXPECT_EQ(seen, "");
    world.topics["t"][0].leader = 2;
    world.advance(2000);
    EXPECT_EQ(seen, "2>a:0/0 ");
    EXPECT_LT(world.looks, 20);
}

TEST_F(SenderTest, ALostConnectionIsMadeAgainAndTheSequencesStay) {
    start();
    node().hold(0);
    send_all("ab");
    world.advance(100);
    EXPECT_EQ(node().held(), 2U);
    node().hold(-1);
    node().hang_up();
    world.advance(3000);
    EXPECT_EQ(seen, "1>a:0/0 1>b:0/1 ");
    EXPECT_EQ(done, "a b ");
}

TEST_F(SenderTest, WhatIsNotDeliveredInTimeFails) {
    start();
    node().hold(0);
    send('a');
    world.advance(9'900);
    EXPECT_EQ(done, "");
    world.advance(300);
    EXPECT_EQ(done, "a=7 ");
}

TEST_F(SenderTest, RetriesEndAtTheDeliveryTimeout) {
    codes.assign(1000, Errc::not_enough_replicas);
    start();
    send('a');
    world.advance(12'000);
    EXPECT_EQ(done, "a=19 ");
    EXPECT_TRUE(last_error.starts_with("t-0: not delivered within 10000 ms; broker 1, Produce: "))
        << last_error;
}

TEST_F(SenderTest, WhatWaitsBehindARefusedBatchEndsForTheSameReason) {
    codes.assign(1000, Errc::not_enough_replicas);
    start();
    send_all("abcdefgh");
    world.advance(12'000);
    EXPECT_EQ(done, "a=19 b=19 c=19 d=19 e=19 f=19 g=19 h=19 ");
    codes.clear();
    send('i');
    world.advance(100);
    EXPECT_TRUE(done.ends_with(" i ")) << done;
}

TEST_F(SenderTest, ABatchTooLargeForTheBrokerIsHalvedUntilItFits) {
    world.config.producer.batch_size_bytes = 100'000;
    world.config.producer.linger_ms = 5;
    broker_limit = 350;
    start();
    send_all("abcd", 100);
    world.advance(2000);
    EXPECT_EQ(seen, "1>abcd:0/0 1>ab:0/0 1>cd:0/2 ");
    EXPECT_EQ(done, "a b c d ");
}

TEST_F(SenderTest, ASingleRecordTooLargeForTheBrokerFailsAloneAndSaysSo) {
    world.config.producer.batch_size_bytes = 100'000;
    world.config.producer.linger_ms = 5;
    broker_limit = 350;
    start();
    send('a', 100);
    send('B', 500);
    send('c', 100);
    world.advance(3000);
    EXPECT_EQ(done, "a B=10 c ");
    EXPECT_NE(last_error.find("t-0"), std::string::npos);
}

TEST_F(SenderTest, WithAcksZeroNoAnswerIsWaitedFor) {
    world.config.producer.acks = 0;
    start();
    send_all("ab");
    world.advance(100);
    EXPECT_EQ(seen, "1>a 1>b ");
    EXPECT_EQ(done, "a b ");
}

TEST_F(SenderTest, WhatIsLeftAtTheEndFails) {
    world.topics["t"][0].leader = -1;
    start();
    send('a');
    world.advance(100);
    world.loop.run(sender->stop());
    sender.reset();
    EXPECT_EQ(done, "a=7 ");
}

}  // namespace
}  // namespace kcore::client
