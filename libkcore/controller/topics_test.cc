#include "controller/topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/one_broker_fixture.h"

namespace kcore::controller {
namespace {

using Replicas = std::vector<std::int32_t>;

class TopicsTest : public OneBrokerTest {
protected:
    static protocol::CreateTopicsRequest::CreatableTopic topic(const std::string& name,
                                                               std::int32_t partitions = 1,
                                                               std::int16_t replicas = 1) {
        protocol::CreateTopicsRequest::CreatableTopic t;
        t.name = name;
        t.num_partitions = partitions;
        t.replication_factor = replicas;
        return t;
    }
    static auto with(protocol::CreateTopicsRequest::CreatableTopic t, const std::string& key,
                     std::optional<std::string> value) {
        auto& config = t.configs.emplace_back();
        config.name = key;
        config.value = std::move(value);
        return t;
    }
    static auto assigned(const std::string& name,
                         std::vector<std::pair<std::int32_t, Replicas>> rows) {
        auto t = topic(name, -1, -1);
        for (auto& [number, brokers] : rows) {
            auto& a = t.assignments.emplace_back();
            a.partition_index = number;
            a.broker_ids = std::move(brokers);
        }
        return t;
    }
    auto create(protocol::CreateTopicsRequest::CreatableTopic t, bool validate_only = false) {
        protocol::CreateTopicsRequest r;
        r.validate_only = validate_only;
        r.topics.push_back(std::move(t));
        return ask(r).topics.at(0);
    }
    void expect_refused(protocol::CreateTopicsRequest::CreatableTopic t, int code,
                        const std::string& text) {
        const auto name = t.name;
        const auto answer = create(std::move(t));
        EXPECT_EQ(answer.error_code, code) << name;
        EXPECT_EQ(answer.error_message, text) << name;
        EXPECT_EQ(answer.num_partitions, -1);
        EXPECT_EQ(answer.replication_factor, -1);
        ASSERT_TRUE(answer.configs);
        EXPECT_TRUE(answer.configs->empty());
    }
};

TEST_F(TopicsTest, ACreatedTopicHasItsPartitionsAndSettings) {
    const auto answer = create(with(topic("orders", 3), "retention.ms", "12345"));
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.error_message, std::nullopt);
    EXPECT_EQ(answer.num_partitions, 3);
    EXPECT_EQ(answer.replication_factor, 1);
    const auto* created = image().topic("orders");
    ASSERT_NE(created, nullptr);
    EXPECT_EQ(created->id, answer.topic_id);
    EXPECT_EQ(created->partition_count(), 3);
    EXPECT_EQ(created->partition(2)->leader, 1);
    EXPECT_EQ(created->partition(2)->directories, std::vector<Uuid>{(Uuid{500, 1})});
    EXPECT_EQ(image().topic_config("orders").at("retention.ms"), "12345");
}

TEST_F(TopicsTest, TheAnswerShowsAllSettingsWithTheirSource) {
    const auto answer = create(with(topic("orders"), "retention.ms", "12345"));
    ASSERT_TRUE(answer.configs);
    std::map<std::string, std::pair<std::optional<std::string>, int>> shown;
    for (const auto& c : *answer.configs) shown[c.name] = {c.value, c.config_source};
    EXPECT_EQ(shown.size(), 37U);
    EXPECT_EQ(shown["retention.ms"], std::pair(std::optional<std::string>("12345"), 1));
    EXPECT_EQ(shown["segment.bytes"], std::pair(std::optional<std::string>("1073741824"), 5));
    EXPECT_EQ(shown["min.insync.replicas"], std::pair(std::optional<std::string>("1"), 3));
}

TEST_F(TopicsTest, MinusOneTakesTheDefaults) {
    const auto answer = create(topic("orders", -1, -1));
    EXPECT_EQ(answer.num_partitions, 4);
    EXPECT_EQ(answer.replication_factor, 1);
}

TEST_F(TopicsTest, ValidationAloneCreatesNothing) {
    EXPECT_EQ(create(topic("orders", 3), true).num_partitions, 3);
    EXPECT_EQ(image().topic("orders"), nullptr);
    EXPECT_EQ(create(topic("orders", 0), true).error_code, 37);
}

TEST_F(TopicsTest, NamesThatCannotBeAreRefused) {
    create(topic("x.y"));
    expect_refused(topic(""), 17, "Topic name is invalid: the empty string is not allowed");
    expect_refused(topic("__cluster_metadata"), 42,
                   "Creation of internal topic __cluster_metadata is prohibited.");
    expect_refused(topic("x_y"), 17, "Topic 'x_y' collides with existing topic: x.y");
    expect_refused(topic("x.y"), 36, "Topic 'x.y' already exists.");
}

TEST_F(TopicsTest, NumbersThatCannotBeAreRefused) {
    const std::string replicas =
        "Replication factor must be larger than 0, or -1 to use the default value.";
    expect_refused(topic("a", 0, 1), 37,
                   "Number of partitions was set to an invalid non-positive value.");
    expect_refused(topic("a", -2, 1), 37,
                   "Number of partitions was set to an invalid non-positive value.");
    expect_refused(topic("a", 1, 0), 38, replicas);
    expect_refused(topic("a", 0, 0), 38, replicas);
    expect_refused(topic("a", 10'001), 44, "Excessively large number of partitions per request.");
    EXPECT_EQ(create(topic("a", 1, 2)).error_code, 38);
    EXPECT_EQ(image().topic("a"), nullptr);
}

TEST_F(TopicsTest, AssignmentsThatCannotBeAreRefused) {
    auto counted = assigned("a", {{0, {1}}});
    counted.replication_factor = 1;
    expect_refused(
        counted, 42,
        "A manual partition assignment was specified, but replication factor was not set to -1.");
    counted.replication_factor = -1;
    counted.num_partitions = 1;
    expect_refused(
        counted, 42,
        "A manual partition assignment was specified, but numPartitions was not set to -1.");
    const std::string gap = "partitions should be a consecutive 0-based integer sequence";
    expect_refused(assigned("a", {{0, {1}}, {2, {1}}}), 39, gap);
    expect_refused(assigned("a", {{1, {1}}}), 39, gap);
    expect_refused(assigned("a", {{-1, {1}}}), 39, gap);
    expect_refused(assigned("a", {{0, {1}}, {0, {1}}}), 39,
                   "Found multiple manual partition assignments for partition 0");
    expect_refused(assigned("a", {{0, {1, 1}}}), 39,
                   "The manual partition assignment includes the broker 1 more than once.");
    expect_refused(
        assigned("a", {{0, {901}}}), 39,
        "The manual partition assignment includes broker 901, but no such broker is registered.");
    expect_refused(assigned("a", {{0, {1}}, {1, {}}}), 39,
                   "The manual partition assignment includes an empty replica list.");
}

TEST_F(TopicsTest, AnAssignmentByHandIsTaken) {
    EXPECT_EQ(create(assigned("a", {{1, {1}}, {0, {1}}})).num_partitions, 2);
    EXPECT_EQ(image().topic("a")->partition_count(), 2);
}

TEST_F(TopicsTest, SettingsThatCannotBeAreRefused) {
    expect_refused(with(topic("a"), "no.such.config", "1"), 40,
                   "Unknown topic config name: no.such.config");
    expect_refused(with(topic("a"), "", "1"), 40, "Unknown topic config name: ");
    expect_refused(with(topic("a"), "retention.ms", "x"), 40,
                   "Invalid value x for configuration retention.ms: Not a number of type LONG");
    expect_refused(with(topic("a"), "retention.ms", std::nullopt), 40,
                   "Null value not supported for topic configs: retention.ms");
    expect_refused(
        with(topic("a"), "remote.storage.enable", "true"), 40,
        "Tiered Storage functionality is disabled in the broker. Topic cannot be configured "
        "with remote log storage.");
    EXPECT_EQ(create(with(with(topic("a"), "retention.ms", "5"), "retention.ms", "6")).error_code,
              0);
    EXPECT_EQ(image().topic_config("a").at("retention.ms"), "6") << "the last one counts";
}

TEST_F(TopicsTest, ANameTwiceIsRefusedOnceAndTheOthersGoOn) {
    protocol::CreateTopicsRequest r;
    for (const auto* name : {"a", "a", "b"}) r.topics.push_back(topic(name));
    const auto answer = ask(r);
    ASSERT_EQ(answer.topics.size(), 2U);
    EXPECT_EQ(answer.topics[0].error_message, "Duplicate topic name.");
    EXPECT_EQ(answer.topics[1].error_code, 0);
    EXPECT_EQ(image().topic("a"), nullptr);
}

TEST_F(TopicsTest, WithoutTimeNothingIsDone) {
    protocol::CreateTopicsRequest r;
    r.timeout_ms = 0;
    r.topics.push_back(topic("a"));
    const auto answer = ask(r).topics.at(0);
    EXPECT_EQ(answer.error_code, 7);
    EXPECT_EQ(answer.error_message, std::nullopt);
    EXPECT_EQ(image().topic("a"), nullptr);
}

TEST_F(TopicsTest, ATopicIsNotCreatedOnFencedBrokersByHand) {
    metadata::Broker broker;
    broker.id = 2;
    broker.epoch = 6;
    log({metadata::make_record(metadata::MetadataVersion(33), broker)});
    expect_refused(
        assigned("a", {{0, {2}}}), 39,
        "All brokers specified in the manual partition assignment for partition 0 are fenced "
        "or in controlled shutdown.");
    EXPECT_EQ(create(assigned("a", {{0, {2, 1}}})).error_code, 0);
    EXPECT_EQ(image().partition("a", 0)->leader, 1);
    EXPECT_EQ(image().partition("a", 0)->isr, Replicas{1});
}

class CreatePartitionsTest : public TopicsTest {
protected:
    CreatePartitionsTest() { create(topic("orders", 2)); }
    auto grow(const std::string& name, std::int32_t count,
              std::optional<std::vector<Replicas>> assignments = std::nullopt) {
        protocol::CreatePartitionsRequest r;
        r.timeout_ms = 1000;
        auto& t = r.topics.emplace_back();
        t.name = name;
        t.count = count;
        t.assignments.reset();
        if (assignments) {
            t.assignments.emplace();
            for (auto& a : *assignments) t.assignments->emplace_back().broker_ids = std::move(a);
        }
        return ask(r).results.at(0);
    }
};

TEST_F(CreatePartitionsTest, ATopicGrows) {
    EXPECT_EQ(grow("orders", 3).error_code, 0);
    EXPECT_EQ(image().topic("orders")->partition_count(), 3);
    EXPECT_EQ(grow("orders", 5, std::vector<Replicas>{{1}, {1}}).error_code, 0);
    EXPECT_EQ(image().partition("orders", 4)->leader, 1);
}

TEST_F(CreatePartitionsTest, WhatIsNoGrowthIsRefused) {
    EXPECT_EQ(grow("orders", 2).error_message, "Topic already has 2 partition(s).");
    EXPECT_EQ(grow("orders", 1).error_message,
              "The topic orders currently has 2 partition(s); 1 would not be an increase.");
    EXPECT_EQ(grow("orders", -1).error_code, 37);
    EXPECT_EQ(grow("orders", 100'001).error_code, 44);
    EXPECT_EQ(grow("none", 3).error_code, 3);
    EXPECT_EQ(grow("none", 3).error_message, std::nullopt);
}

TEST_F(CreatePartitionsTest, AssignmentsThatDoNotFitAreRefused) {
    EXPECT_EQ(
        grow("orders", 4, std::vector<Replicas>{{1}}).error_message,
        "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.");
    EXPECT_EQ(grow("orders", 3, std::vector<Replicas>{}).error_code, 39);
    EXPECT_EQ(grow("orders", 3, std::vector<Replicas>{{}}).error_message,
              "The manual partition assignment includes an empty replica list.");
    EXPECT_EQ(
        grow("orders", 3, std::vector<Replicas>{{1, 2}}).error_message,
        "The manual partition assignment includes broker 2, but no such broker is registered.");
    EXPECT_EQ(image().topic("orders")->partition_count(), 2);
}

class DeleteTopicsTest : public TopicsTest {
protected:
    DeleteTopicsTest() { create(topic("a")), create(topic("b")); }
    auto remove(std::vector<std::pair<std::optional<std::string>, Uuid>> rows) {
        protocol::DeleteTopicsRequest r;
        r.timeout_ms = 1000;
        for (auto& [name, id] : rows) {
            auto& t = r.topics.emplace_back();
            t.name = name;
            t.topic_id = id;
        }
        return ask(r).responses;
    }
    Uuid id(const std::string& name) { return image().topic(name)->id; }
};

TEST_F(DeleteTopicsTest, TopicsGoByNameAndById) {
    const auto a = id("a");
    const auto b = id("b");
    auto answers = remove({{"a", Uuid()}, {std::nullopt, b}});
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].error_code, 0);
    EXPECT_EQ(answers[0].topic_id, a);
    EXPECT_EQ(answers[1].name, "b");
    EXPECT_EQ(image().topic("a"), nullptr);
    EXPECT_EQ(image().topic("b"), nullptr);
    answers = remove({{"a", Uuid()}, {std::nullopt, b}});
    EXPECT_EQ(answers[0].error_code, 3);
    EXPECT_EQ(answers[0].error_message, "This server does not host this topic-partition.");
    EXPECT_EQ(answers[1].error_code, 100);
    EXPECT_EQ(answers[1].error_message, "This server does not host this topic ID.");
}

TEST_F(DeleteTopicsTest, TheOldRequestNamesTopics) {
    protocol::DeleteTopicsRequest r;
    r.timeout_ms = 1000;
    r.topic_names = {"a", "none"};
    const auto answers = ask(r).responses;
    EXPECT_EQ(answers.at(0).error_code, 0);
    EXPECT_EQ(answers.at(1).error_code, 3);
}

TEST_F(DeleteTopicsTest, WhatIsNamedTwiceStays) {
    auto answers = remove({{"a", Uuid()}, {"a", Uuid()}});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error_message, "Duplicate topic name.");
    answers = remove({{std::nullopt, id("a")}, {std::nullopt, id("a")}});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error_message, "Duplicate topic id.");
    EXPECT_EQ(answers[0].name, std::nullopt);
    answers = remove({{"a", Uuid()}, {std::nullopt, id("a")}});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error_message,
              "The provided topic name maps to an ID that was already supplied.");
    EXPECT_EQ(remove({{"a", id("a")}}).at(0).error_message,
              "You may not specify both topic name and topic id.");
    EXPECT_EQ(remove({{std::nullopt, Uuid()}}).at(0).error_message,
              "Neither topic name nor id were specified.");
    EXPECT_NE(image().topic("a"), nullptr);
}

}  // namespace
}  // namespace kcore::controller
