#include "base/server_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ServerProperties check(std::string_view text) {
    return check_server_properties(*parse_properties(as_bytes(text)));
}

TEST(ServerPropertiesTest, GoodSettingsPassInSilence) {
    const auto found = check("node.id=1\nlisteners=PLAINTEXT://:9092\nlog.dirs=/a,/b\n");
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_THAT(found.warnings, IsEmpty());
    EXPECT_EQ(found.settings.at("log.dirs"), "/a,/b");
}

TEST(ServerPropertiesTest, UnknownNamesAreKeptWithAWarningAndAHint) {
    const auto found = check("\nlistners=PLAINTEXT://:9092\nmy.own.plugin.thing=7\n");
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_THAT(found.warnings,
                ElementsAre("line 2: unknown setting listners; did you mean listeners?",
                            "line 3: unknown setting my.own.plugin.thing"));
    EXPECT_EQ(found.settings.at("my.own.plugin.thing"), "7");
}

TEST(ServerPropertiesTest, InvalidValuesSayLineKeyValueAndWhatIsAllowed) {
    EXPECT_THAT(check("num.partitions=0").errors,
                ElementsAre("line 1: Invalid value 0 for configuration num.partitions: Value must "
                            "be at least 1 (allowed: INT, at least 1)"));
}

TEST(ServerPropertiesTest, KeysWithoutEffectWarnOnce) {
    EXPECT_THAT(check("remote.log.reader.threads=7").warnings,
                ElementsAre("line 1: remote.log.reader.threads has no effect yet"));
}

TEST(ServerPropertiesTest, ListenerPrefixesAreLookedThrough) {
    EXPECT_THAT(check("listener.name.ext.max.connections=7").warnings, IsEmpty());
    EXPECT_EQ(check("listener.name.ext.max.connections=x").errors.size(), 1U);
}

TEST(ServerPropertiesTest, WhatIsNoSettingOfAListenerIsNamed) {
    EXPECT_THAT(check("listener.name.ext.foo=7\nlistener.name.ext.log.retention.ms=7\n").warnings,
                ElementsAre("line 1: unknown setting listener.name.ext.foo",
                            "line 2: listener.name.ext.log.retention.ms has no effect: "
                            "log.retention.ms is not set by listener"));
}

TEST(ServerPropertiesTest, PluginKeysAndProvidersAreNotJudged) {
    const auto found = check("config.providers.f.class=X\nnum.partitions=${env:PARTITIONS}\n");
    EXPECT_THAT(found.errors, IsEmpty());
    EXPECT_THAT(found.warnings, IsEmpty());
}

}  // namespace
}  // namespace kcore
