#include "controller/broker_changes.h"

#include <gtest/gtest.h>

namespace kcore::controller {
namespace {

// Nothing when the settings may be changed so, else the refusal.
std::string refusal(const ConfigMap& next, bool for_one = true, const BrokerLevels& now = {}) {
    const auto ok = check_broker_change(now, for_one, next);
    if (ok) return "";
    EXPECT_EQ(ok.error().code, Errc::invalid_request);
    return ok.error().what;
}

TEST(BrokerChangesTest, WhatNeedsARestartIsRefused) {
    EXPECT_EQ(refusal({{"log.dirs", "x"}, {"node.id", "3"}, {"log.retention.ms", "1"}}),
              "Cannot update these configs dynamically: [log.dirs, node.id]");
}

TEST(BrokerChangesTest, UnknownKeysBelongToPlugins) {
    EXPECT_EQ(refusal({{"no.such", "1"}}, false), "");
}

TEST(BrokerChangesTest, ValuesMustFitTheirKey) {
    EXPECT_EQ(refusal({{"log.retention.ms", "x"}}),
              "Invalid value x for configuration log.retention.ms: Not a number of type LONG");
}

TEST(BrokerChangesTest, StoresChangeForOneListenerOnly) {
    EXPECT_NE(refusal({{"ssl.keystore.location", "/k"}}), "");
    EXPECT_EQ(refusal({{"listener.name.tls.ssl.keystore.location", "/k"}}), "");
}

TEST(BrokerChangesTest, SomeSettingsBelongToOneBroker) {
    EXPECT_EQ(refusal({{"listener.name.tls.ssl.keystore.location", "/k"}}, false),
              "Cannot update these configs at default cluster level, broker id must be specified: "
              "[listener.name.tls.ssl.keystore.location]");
    EXPECT_EQ(refusal({{"listener.name.tls.max.connections", "5"}}, false), "");
}

TEST(BrokerChangesTest, PoolsAtMostDoubleOrHalve) {
    EXPECT_EQ(refusal({{"num.io.threads", "16"}}), "");
    EXPECT_EQ(refusal({{"num.io.threads", "4"}}), "");
    EXPECT_NE(refusal({{"num.io.threads", "3"}}), "");
    EXPECT_EQ(refusal({{"num.io.threads", "9000"}}),
              "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count "
              "update validation failed for num.io.threads=9000, value should not be greater than "
              "double the current value 8 for configuration Invalid dynamic configuration");
    BrokerLevels now;
    now.dynamic["num.io.threads"] = "16";
    EXPECT_EQ(refusal({{"num.io.threads", "32"}}, true, now), "");
}

}  // namespace
}  // namespace kcore::controller
