#include "protocol/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "protocol/any_message.h"
#include "protocol/api/create_topics.h"
#include "protocol/api/produce.h"
#include "protocol/random.h"
#include "protocol/registry.h"

namespace kcore::protocol {
namespace {

using nlohmann::json;

void check_round_trip(const MessageInfo& info, std::int16_t version, std::uint64_t seed) {
    AnyMessage message(info);
    randomize(info, message.data(), version, seed);
    const auto text = to_json(info, message.data(), version).dump();
    AnyMessage again(info);
    RecordsBacking backing;
    const auto done = from_json(info, json::parse(text), again.data(), backing);
    ASSERT_TRUE(done) << done.error().what << ' ' << text;
    EXPECT_EQ(again, message) << info.name << " v" << version << ' ' << text;
}

TEST(JsonTest, EveryMessageComesBackFromItsJson) {
    std::vector<const MessageInfo*> all;
    for (const auto& api : generated_apis()) all.insert(all.end(), {api.request, api.response});
    for (const auto& record : generated_records()) all.push_back(record.message);
    for (const auto* info : all) {
        for (auto version = info->versions.low; version <= info->versions.high; ++version) {
            for (std::uint64_t seed = 1; seed <= 3; ++seed) check_round_trip(*info, version, seed);
        }
    }
}

TEST(JsonTest, ShowsTheFieldsOfTheVersionUnderTheirNames) {
    ProduceRequest request;
    request.acks = -1;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.partition_data.emplace_back().records = Records(as_bytes("xyz"));
    EXPECT_EQ(to_json(ProduceRequest::info(), &request, 9).dump(),
              R"({"transactionalId":null,"acks":-1,"timeoutMs":0,"topicData":[{"name":"orders",)"
              R"("partitionData":[{"index":0,"records":"eHl6"}]}]})");
}

TEST(JsonTest, ReadsNamesInBothFormsAndLeavesTheRestAtDefaults) {
    RecordsBacking backing;
    const auto request = from_json<CreateTopicsRequest>(
        json::parse(R"({"Topics": [{"name": "orders", "NumPartitions": 3}]})"), backing);
    ASSERT_TRUE(request) << request.error().what;
    EXPECT_EQ(request->topics[0].name, "orders");
    EXPECT_EQ(request->topics[0].num_partitions, 3);
    EXPECT_EQ(request->timeout_ms, 60000);
}

TEST(JsonTest, WhatDoesNotFitIsRefusedWithItsPath) {
    const std::pair<const char*, const char*> cases[] = {
        {"[]", "CreateTopicsRequest: must be an object"},
        {R"({"topic": []})", "CreateTopicsRequest: no field 'topic'"},
        {R"({"topics": {}})", "CreateTopicsRequest: topics: must be an array"},
        {R"({"topics": [{}, {"name": 5}]})",
         "CreateTopicsRequest: topics[1].name: must be a string"},
        {R"({"topics": [{"name": null}]})",
         "CreateTopicsRequest: topics[0].name: must not be null"},
        {R"({"topics": [{"replicationFactor": 32768}]})",
         "CreateTopicsRequest: topics[0].replicationFactor: must be from -32768 to 32767"},
        {R"({"timeoutMs": 18446744073709551615})",
         "CreateTopicsRequest: timeoutMs: must be from -2147483648 to 2147483647"},
        {R"({"timeoutMs": 1.5})", "CreateTopicsRequest: timeoutMs: must be a whole number"},
        {R"({"validateOnly": 1})", "CreateTopicsRequest: validateOnly: must be true or false"},
        {R"({"unknownTags": [{"tag": -1, "value": ""}]})",
         "CreateTopicsRequest: unknownTags: must hold objects of tag and value"},
    };
    for (const auto& [text, expected] : cases) {
        RecordsBacking backing;
        const auto refused = from_json<CreateTopicsRequest>(json::parse(text), backing);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, Errc::invalid_request);
        EXPECT_EQ(refused.error().what, expected);
    }
}

TEST(JsonTest, RecordsThatAreNoBase64AreRefused) {
    RecordsBacking backing;
    const auto bad = json::parse(R"({"topicData": [{"partitionData": [{"records": "?"}]}]})");
    EXPECT_EQ(from_json<ProduceRequest>(bad, backing).error().what,
              "ProduceRequest: topicData[0].partitionData[0].records: must be bytes in base64");
}

}  // namespace
}  // namespace kcore::protocol
