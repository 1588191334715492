#include "base/environment_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcore {
namespace {

using testing::ElementsAre;

TEST(EnvironmentPropertiesTest, UnderscoresStandForDotsUnderscoresAndHyphens) {
    EXPECT_EQ(property_of_variable("LOG_DIRS"), "log.dirs");
    EXPECT_EQ(property_of_variable("A__B"), "a_b");
    EXPECT_EQ(property_of_variable("A___B"), "a-b");
    EXPECT_EQ(property_of_variable("A____B"), "a-.b");
}

TEST(EnvironmentPropertiesTest, SettingsAreTakenAndTheirValuesKept) {
    const std::vector<std::string> entries = {
        "KAFKA_NODE_ID=7", "PATH=/bin", "KAFKA_LISTENERS=PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_LISTENER_NAME_TLS_SSL_KEYSTORE_LOCATION=/k=1"};
    const auto found = environment_properties(entries);
    ASSERT_EQ(found.properties.size(), 3U);
    EXPECT_EQ(found.properties[0].key, "listener.name.tls.ssl.keystore.location");
    EXPECT_EQ(found.properties[0].value, "/k=1");
    EXPECT_EQ(found.properties[1].value, "PLAINTEXT://:9092,CONTROLLER://:9093");
    EXPECT_EQ(found.properties[2].key, "node.id");
    EXPECT_TRUE(found.unknown.empty());
}

TEST(EnvironmentPropertiesTest, WhatNamesNoSettingIsSaidUnlessItIsTheImagesOwn) {
    const std::vector<std::string> entries = {"KAFKA_HEAP_OPTS=-Xmx1g", "KAFKA_VERSION=4.4.0",
                                              "KAFKA_BOOTSTRAP_SERVERS=a:1", "KAFKA_NOD_ID=7"};
    const auto found = environment_properties(entries);
    EXPECT_TRUE(found.properties.empty());
    EXPECT_THAT(found.unknown, ElementsAre("KAFKA_NOD_ID"));
}

}  // namespace
}  // namespace kcore
