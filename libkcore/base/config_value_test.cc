#include "base/config_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcore {
namespace {

using testing::HasSubstr;

Result<ConfigValue> parse(ConfigResource resource, std::string_view name, std::string_view text) {
    const auto* key = find_config_key(resource, name);
    return key == nullptr ? fail(Errc::invalid_request, "no such key") : parse_config(*key, text);
}

struct Refused {
    const char* key;
    const char* text;
    const char* sentence;
};

class TopicValueTest : public testing::TestWithParam<Refused> {};

TEST_P(TopicValueTest, IsRefusedInKafkasWords) {
    const auto& [key, text, sentence] = GetParam();
    const auto value = parse(ConfigResource::topic, key, text);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code, Errc::invalid_config);
    EXPECT_EQ(value.error().what, sentence);
}

// As Apache Kafka 4.4.0 answers.
INSTANTIATE_TEST_SUITE_P(
    Values, TopicValueTest,
    testing::Values(
        Refused{"retention.ms", "x",
                "Invalid value x for configuration retention.ms: Not a number of type LONG"},
        Refused{"retention.ms", "",
                "Invalid value  for configuration retention.ms: Not a number of type LONG"},
        Refused{"retention.ms", "-5",
                "Invalid value -5 for configuration retention.ms: Value must be at least -1"},
        Refused{"segment.bytes", "10",
                "Invalid value 10 for configuration segment.bytes: Value must be at least 1048576"},
        Refused{"segment.bytes", "99999999999",
                "Invalid value 99999999999 for configuration segment.bytes: Not a number of type "
                "INT"},
        Refused{"min.cleanable.dirty.ratio", "2",
                "Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no "
                "more than 1"},
        Refused{"min.cleanable.dirty.ratio", "x",
                "Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type "
                "DOUBLE"},
        Refused{"preallocate", "yes",
                "Invalid value yes for configuration preallocate: Expected value to be either true "
                "or false"},
        Refused{"compression.gzip.level", "0",
                "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 "
                "and 9 or equal to -1"},
        Refused{"compression.zstd.level", "50",
                "Invalid value 50 for configuration compression.zstd.level: Value must be no more "
                "than 22"},
        Refused{"compression.type", "foo",
                "Invalid value foo for configuration compression.type: String must be one of: "
                "uncompressed, zstd, lz4, snappy, gzip, producer"},
        Refused{"cleanup.policy", "foo",
                "Invalid value foo for configuration cleanup.policy: String must be one of: "
                "compact, delete"},
        Refused{"cleanup.policy", "delete,,compact",
                "Configuration 'cleanup.policy' values must not be empty."},
        Refused{"leader.replication.throttled.replicas", "a:b",
                "Invalid value [a:b] for configuration leader.replication.throttled.replicas: "
                "leader.replication.throttled.replicas must be the literal '*' or a list of "
                "replicas in the following format: "
                "[partitionId]:[brokerId],[partitionId]:[brokerId],..."}));

class BrokerValueTest : public TopicValueTest {};

TEST_P(BrokerValueTest, IsRefusedInKafkasWords) {
    const auto& [key, text, sentence] = GetParam();
    const auto value = parse(ConfigResource::broker, key, text);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().what, sentence);
}

INSTANTIATE_TEST_SUITE_P(
    Values, BrokerValueTest,
    testing::Values(
        Refused{"num.io.threads", "0",
                "Invalid value 0 for configuration num.io.threads: Value must be at least 1"},
        Refused{"group.share.max.size", "5000",
                "Invalid value 5000 for configuration group.share.max.size: Value must be no more "
                "than 1000"},
        Refused{"log.dirs", "/tmp/a,,/tmp/b", "Configuration 'log.dirs' values must not be empty."},
        Refused{"cordoned.log.dirs", "a,a",
                "Configuration 'cordoned.log.dirs' values must not be duplicated."},
        Refused{"listeners", "",
                "Configuration 'listeners' must not be empty. Valid values include: any non-empty "
                "value"},
        Refused{"group.consumer.migration.policy", "foo",
                "Invalid value foo for configuration group.consumer.migration.policy: String must "
                "be one of (case insensitive): DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL"},
        Refused{"ssl.client.auth", "REQUIRED",
                "Invalid value REQUIRED for configuration ssl.client.auth: String must be one of: "
                "required, requested, none"}));

TEST(ConfigValueTest, OffsetResetAndMetricsHaveRulesOfTheirOwn) {
    constexpr auto kGroup = ConfigResource::group;
    for (const auto* good : {"PT1H30M", "P1D", "P+1DT-2H", "pt1.5s", "PT0.123456789S", "PT5.S"}) {
        EXPECT_TRUE(parse(kGroup, "share.auto.offset.reset", "by_duration:" + std::string(good)))
            << good;
    }
    for (const auto* bad : {"", "P", "PT", "P1DT", "-PT1H", "PT 1H", "PTH", "PT1M1H", "P1H",
                            "PT1.H", "PT0.1234567890S"}) {
        EXPECT_FALSE(parse(kGroup, "share.auto.offset.reset", "by_duration:" + std::string(bad)))
            << bad;
    }
    EXPECT_THAT(parse(kGroup, "share.auto.offset.reset", "by_duration:x").error().what,
                HasSubstr("The value must be either 'earliest', 'latest' or of the format"));
    constexpr auto kMetrics = ConfigResource::client_metrics;
    EXPECT_EQ(parse(kMetrics, "interval.ms", "1").error().what,
              "Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)");
    EXPECT_TRUE(parse(kMetrics, "match", "client_id=a.*,client_source_port=90"));
    EXPECT_EQ(parse(kMetrics, "match", "client_id=(").error().what,
              "Illegal client matching pattern: client_id=(");
    EXPECT_FALSE(parse(kMetrics, "match", "foo"));
}

TEST(ConfigValueTest, TextIsTidiedAsDescribeConfigsShowsIt) {
    constexpr auto kTopic = ConfigResource::topic;
    EXPECT_EQ(parse(kTopic, "segment.ms", " 77 ")->to_text(), "77");
    EXPECT_EQ(parse(kTopic, "retention.ms", "+88")->to_text(), "88");
    EXPECT_EQ(parse(kTopic, "retention.ms", "0089")->to_text(), "89");
    EXPECT_EQ(parse(kTopic, "preallocate", "TRUE")->to_text(), "true");
    EXPECT_EQ(parse(kTopic, "min.cleanable.dirty.ratio", "0.50")->to_text(), "0.5");
    EXPECT_EQ(parse(kTopic, "min.cleanable.dirty.ratio", "1")->to_text(), "1.0");
    EXPECT_EQ(parse(kTopic, "cleanup.policy", " compact , delete ")->to_text(), "compact,delete");
    EXPECT_EQ(parse(kTopic, "cleanup.policy", "delete,delete")->to_text(), "delete");
    EXPECT_EQ(parse(kTopic, "cleanup.policy", "")->to_text(), "");
    EXPECT_EQ(parse(ConfigResource::quota, "request_percentage", "20000000")->to_text(), "2.0E7");
}

TEST(ConfigValueTest, PasswordsKeepTheirBlanksAndStayOutOfMessages) {
    EXPECT_EQ(parse(ConfigResource::broker, "ssl.key.password", " a b ")->text(), " a b ");
}

TEST(ConfigValueTest, NumbersEndWhereTheirTypeEnds) {
    constexpr auto kTopic = ConfigResource::topic;
    EXPECT_EQ(parse(kTopic, "flush.ms", "9223372036854775807")->integer(), INT64_MAX);
    EXPECT_FALSE(parse(kTopic, "flush.ms", "9223372036854775808"));
    EXPECT_TRUE(parse(kTopic, "max.message.bytes", "2147483647"));
    EXPECT_FALSE(parse(kTopic, "max.message.bytes", "2147483648"));
    EXPECT_FALSE(parse(kTopic, "max.message.bytes", "1 000"));
    EXPECT_FALSE(parse(kTopic, "max.message.bytes", "0x10"));
    EXPECT_FALSE(parse(kTopic, "max.message.bytes", "+-1"));
}

TEST(ValidateConfigsTest, UnknownNamesAreNamed) {
    EXPECT_EQ(validate_configs(ConfigResource::topic, {{"no.such", "1"}}).error().what,
              "Unknown topic config name: no.such");
    EXPECT_EQ(validate_configs(ConfigResource::group, {{"no.such", "1"}}).error().what,
              "Unknown group config name: no.such");
    EXPECT_EQ(validate_configs(ConfigResource::client_metrics, {{"no.such", "1"}}).error().what,
              "Unknown client metrics configuration: no.such");
}

TEST(ValidateConfigsTest, LocalRetentionStaysWithinRetention) {
    constexpr auto kTopic = ConfigResource::topic;
    const auto check = [](ConfigMap configs) { return validate_configs(kTopic, configs); };
    EXPECT_TRUE(check({{"local.retention.ms", "5"}, {"retention.ms", "5"}}));
    EXPECT_FALSE(check({{"local.retention.ms", "6"}, {"retention.ms", "5"}}));
    EXPECT_FALSE(check({{"local.retention.bytes", "-1"}, {"retention.bytes", "5"}}));
    EXPECT_TRUE(check({{"local.retention.bytes", "6"}, {"retention.bytes", "-1"}}));
    EXPECT_FALSE(check({{"remote.log.copy.disable", "true"}, {"local.retention.ms", "6"}}));
}

TEST(ValidateConfigsTest, TieringAndCompactionExcludeEachOther) {
    EXPECT_FALSE(validate_configs(
        ConfigResource::topic, {{"remote.storage.enable", "true"}, {"cleanup.policy", "compact"}}));
}

}  // namespace
}  // namespace kcore
