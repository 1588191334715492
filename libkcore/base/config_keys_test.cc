#include "base/config_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/config_value.h"

namespace kcore {
namespace {

constexpr ConfigResource kAll[] = {ConfigResource::topic, ConfigResource::broker,
                                   ConfigResource::group, ConfigResource::client_metrics,
                                   ConfigResource::quota};

TEST(ConfigKeysTest, EveryDefaultIsValidUnderItsOwnRule) {
    for (const auto resource : kAll) {
        for (const auto* key : config_keys(resource)) {
            if (key->initial == nullptr) continue;
            const auto value = parse_config(*key, key->initial);
            ASSERT_TRUE(value) << key->name << ": " << value.error().what;
            EXPECT_EQ(value->to_text(), key->initial) << key->name;
        }
    }
}

TEST(ConfigKeysTest, NoKeyIsThereTwice) {
    for (const auto resource : kAll) {
        std::set<std::string_view> names;
        for (const auto* key : config_keys(resource)) {
            EXPECT_TRUE(names.insert(key->name).second) << key->name;
        }
    }
}

TEST(ConfigKeysTest, AllOfKafkasKeysAreKnown) {
    EXPECT_EQ(config_keys(ConfigResource::topic).size(), 38U);
    const auto is_kafkas = [](const ConfigKey* key) { return !key->name.starts_with("kcore."); };
    EXPECT_EQ(std::ranges::count_if(config_keys(ConfigResource::broker), is_kafkas), 394);
    EXPECT_EQ(config_keys(ConfigResource::group).size(), 27U);
    EXPECT_EQ(config_keys(ConfigResource::client_metrics).size(), 3U);
    EXPECT_EQ(config_keys(ConfigResource::quota).size(), 5U);
}

TEST(ConfigKeysTest, EveryMeaningIsASentence) {
    for (const auto resource : kAll) {
        for (const auto* key : config_keys(resource)) {
            EXPECT_THAT(std::string(key->meaning), testing::EndsWith(".")) << key->name;
        }
    }
}

TEST(ConfigKeysTest, BrokerKeysThatOthersNameExistAndHaveTheirType) {
    for (const auto resource : {ConfigResource::topic, ConfigResource::group}) {
        for (const auto* key : config_keys(resource)) {
            if (key->reach.broker_key.empty()) continue;
            const auto* broker = find_config_key(ConfigResource::broker, key->reach.broker_key);
            ASSERT_NE(broker, nullptr) << key->name;
            EXPECT_EQ(broker->type, key->type) << key->name;
        }
    }
}

TEST(ConfigKeysTest, UnknownNamesAreNotFound) {
    EXPECT_EQ(find_config_key(ConfigResource::topic, "no.such"), nullptr);
    EXPECT_EQ(find_config_key(ConfigResource::topic, ""), nullptr);
    EXPECT_EQ(find_config_key(ConfigResource::broker, "retention.ms"), nullptr);
    EXPECT_NE(find_config_key(ConfigResource::topic, "retention.ms"), nullptr);
}

TEST(ConfigKeysTest, PasswordsAreSensitive) {
    const auto* key = find_config_key(ConfigResource::broker, "ssl.keystore.password");
    ASSERT_NE(key, nullptr);
    EXPECT_TRUE(key->is_sensitive());
}

struct Slip {
    const char* written;
    const char* meant;
};

class NearestKeyTest : public testing::TestWithParam<Slip> {};

TEST_P(NearestKeyTest, IsTheOneThatWasMeant) {
    EXPECT_EQ(nearest_config_key(ConfigResource::broker, GetParam().written), GetParam().meant);
}

INSTANTIATE_TEST_SUITE_P(
    Slips, NearestKeyTest,
    testing::Values(Slip{"listners", "listeners"}, Slip{"log_dirs", "log.dirs"},
                    Slip{"Log.Dirs", "log.dirs"}, Slip{"num.partitoins", "num.partitions"},
                    Slip{"retention.ms", "log.retention.ms"},
                    Slip{"max.message.bytes", "message.max.bytes"},
                    Slip{"auto.create.topic.enable", "auto.create.topics.enable"},
                    Slip{"my.plugins.secret.sauce", ""}, Slip{"", ""}));

TEST(NearestKeyTest, OfAMonstrousNameIsNone) {
    EXPECT_EQ(nearest_config_key(ConfigResource::broker, std::string(100'000, 'a')), "");
}

TEST(BrokerKeyNameTest, ListenerAndMechanismPrefixesAreTakenOff) {
    const auto plain = split_broker_key("num.network.threads");
    EXPECT_EQ(plain.key, "num.network.threads");
    EXPECT_EQ(plain.listener, "");

    const auto listener = split_broker_key("listener.name.external.ssl.keystore.location");
    EXPECT_EQ(listener.listener, "external");
    EXPECT_EQ(listener.mechanism, "");
    EXPECT_EQ(listener.key, "ssl.keystore.location");

    const auto both = split_broker_key("listener.name.ext.scram-sha-256.sasl.jaas.config");
    EXPECT_EQ(both.listener, "ext");
    EXPECT_EQ(both.mechanism, "scram-sha-256");
    EXPECT_EQ(both.key, "sasl.jaas.config");
}

TEST(BrokerKeyNameTest, BrokenPrefixesAreJustNames) {
    EXPECT_EQ(split_broker_key("listener.name.").key, "listener.name.");
    EXPECT_EQ(split_broker_key("listener.name.x").key, "listener.name.x");
    EXPECT_EQ(split_broker_key("listener.name..log.dirs").key, "listener.name..log.dirs");
}

}  // namespace
}  // namespace kcore
