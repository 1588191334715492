#include "base/config.h"

#include <gtest/gtest.h>

namespace kcore {
namespace {

EffectiveConfig topic(std::string_view name, const ConfigMap& own, const BrokerLevels& broker) {
    const auto* key = find_config_key(ConfigResource::topic, name);
    return effective_config(ConfigResource::topic, *key, own, broker);
}

std::string shown(const EffectiveConfig& config) {
    std::string out = config.value.to_text();
    for (const auto& synonym : config.synonyms) {
        out += " " + std::to_string(static_cast<int>(synonym.source)) + ":" + synonym.name + "=" +
               synonym.value;
    }
    return out;
}

TEST(EffectiveConfigTest, DefaultOfATopicKeyIsThatOfItsBrokerKey) {
    EXPECT_EQ(shown(topic("max.message.bytes", {}, {})), "1048588 5:message.max.bytes=1048588");
    EXPECT_EQ(topic("max.message.bytes", {}, {}).source, ConfigSource::built_in);
}

TEST(EffectiveConfigTest, SynonymsGoFromTopicToDefault) {
    BrokerLevels broker;
    broker.dynamic["log.segment.bytes"] = "4000000";
    broker.dynamic_default["log.segment.bytes"] = "3000000";
    broker.fixed["log.segment.bytes"] = "2000000";
    const auto found = topic("segment.bytes", {{"segment.bytes", "5000000"}}, broker);
    EXPECT_EQ(shown(found),
              "5000000 1:segment.bytes=5000000 2:log.segment.bytes=4000000 "
              "3:log.segment.bytes=3000000 4:log.segment.bytes=2000000 "
              "5:log.segment.bytes=1073741824");
    EXPECT_EQ(found.source, ConfigSource::topic);
    EXPECT_EQ(topic("segment.bytes", {}, broker).source, ConfigSource::broker);
}

// As Apache Kafka shows it: the value is used, the name in hours is no synonym.
TEST(EffectiveConfigTest, HoursAndMinutesCountInMilliseconds) {
    BrokerLevels broker;
    broker.fixed = {{"log.retention.hours", "24"}, {"log.roll.hours", "100"}};
    EXPECT_EQ(shown(topic("retention.ms", {}, broker)), "86400000");
    EXPECT_EQ(shown(topic("segment.ms", {}, broker)), "360000000");
    EXPECT_EQ(shown(topic("segment.jitter.ms", {}, broker)), "0");
    broker.fixed["log.retention.minutes"] = "2";
    EXPECT_EQ(shown(topic("retention.ms", {}, broker)), "120000");
    broker.fixed["log.retention.ms"] = "77";
    EXPECT_EQ(shown(topic("retention.ms", {}, broker)), "77 4:log.retention.ms=77");
    EXPECT_EQ(shown(topic("retention.ms", {{"retention.ms", "5"}}, broker)),
              "5 1:retention.ms=5 4:log.retention.ms=77");
}

TEST(EffectiveConfigTest, UnlimitedHoursStayUnlimited) {
    BrokerLevels broker;
    broker.fixed["log.retention.hours"] = "-1";
    EXPECT_EQ(shown(topic("retention.ms", {}, broker)), "-1");
}

TEST(EffectiveConfigTest, KeysWithoutBrokerKeyHaveNoSynonymsByDefault) {
    EXPECT_EQ(shown(topic("leader.replication.throttled.replicas", {}, {})), "");
    EXPECT_EQ(shown(topic("remote.storage.enable", {}, {})), "false");
}

TEST(EffectiveConfigTest, ABrokerKeyThatIsNullIsShownAsNull) {
    const auto* key = find_config_key(ConfigResource::broker, "log.retention.ms");
    const auto found = effective_config(ConfigResource::broker, *key, {}, {});
    EXPECT_TRUE(found.value.is_null());
    EXPECT_TRUE(found.synonyms.empty());
}

TEST(EffectiveConfigTest, GroupsTakeTheBrokersDefaults) {
    BrokerLevels broker;
    broker.fixed["group.consumer.session.timeout.ms"] = "50000";
    const auto* key = find_config_key(ConfigResource::group, "consumer.session.timeout.ms");
    EXPECT_EQ(effective_config(ConfigResource::group, *key, {}, broker).value.integer(), 50000);
}

TEST(ConfigTest, BrokerSnapshotResolvesKeysThatSpeakForEachOther) {
    BrokerLevels levels;
    levels.fixed = {{"node.id", "3"}, {"log.dir", "/a"}};
    const auto config = Config::of_broker(levels);
    EXPECT_EQ(config.integer("broker.id"), 3);
    EXPECT_EQ(config.list("log.dirs"), ConfigValue::List{"/a"});
    EXPECT_EQ(config.integer("log.retention.ms"), 604800000);
    EXPECT_FALSE(config.flag("log.preallocate"));
    EXPECT_EQ(config.number("log.cleaner.min.cleanable.ratio"), 0.5);
    EXPECT_EQ(config.optional_text("broker.rack"), std::nullopt);
}

TEST(ConfigTest, TopicSnapshotTellsWhatWasSet) {
    const auto config = Config::of_topic({{"flush.messages", "1"}}, {});
    EXPECT_EQ(config.integer("flush.messages"), 1);
    EXPECT_TRUE(config.is_set("flush.messages"));
    EXPECT_FALSE(config.is_set("flush.ms"));
}

TEST(ConfigTest, InvalidTextCountsAsNotSet) {
    const auto config = Config::of_topic({{"flush.messages", "many"}}, {});
    EXPECT_EQ(config.integer("flush.messages"), INT64_MAX);
}

}  // namespace
}  // namespace kcore
