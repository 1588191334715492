// Clients' metrics over the wire: asked for, pushed, and shown with the broker's own.

#include <cstring>

#include "broker/test_server.h"
#include "protocol/api/api_versions.h"
#include "protocol/api/get_telemetry_subscriptions.h"
#include "protocol/api/incremental_alter_configs.h"
#include "protocol/api/push_telemetry.h"

namespace kcore::broker {
namespace {

class TelemetryTest : public ServerTest {
protected:
    std::int16_t subscribe(const ConfigMap& configs) {
        protocol::IncrementalAlterConfigsRequest request;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = 16;
        resource.resource_name = "some";
        for (const auto& [name, value] : configs) {
            auto& config = resource.configs.emplace_back();
            config.name = name;
            config.value = value;
        }
        return ask(std::move(request)).responses.at(0).error_code;
    }
    bool is_advertised() {
        protocol::ApiVersionsRequest request;
        request.client_software_name = "test";
        request.client_software_version = "1";
        const auto keys = ask(std::move(request)).api_keys;
        const auto is_push = [](const auto& api) { return api.api_key == 72; };
        return std::ranges::any_of(keys, is_push);
    }
    auto subscription() {
        protocol::GetTelemetrySubscriptionsRequest request;
        request.client_instance_id = id;
        return ask_in(0, request);
    }
    std::int16_t push(std::int32_t subscription_id, const std::string& metrics,
                      std::int8_t codec = 0) {
        protocol::PushTelemetryRequest request;
        request.client_instance_id = id;
        request.subscription_id = subscription_id;
        request.compression_type = codec;
        request.metrics = to_bytes(metrics);
        return ask_in(0, request).error_code;
    }
    // MetricsData of one gauge named a.b.
    static std::string gauge(double value) {
        std::string number(8, 0);
        std::memcpy(number.data(), &value, 8);
        return "\x0a\x16\x12\x14\x12\x12\x0a\x03"
               "a.b"
               "\x2a\x0b\x0a\x09\x21" +
               number;
    }

    Uuid id{5, 5};
};

TEST_F(TelemetryTest, NobodyIsAskedUntilThereIsASubscription) {
    ASSERT_TRUE(start());
    EXPECT_FALSE(is_advertised());
    EXPECT_TRUE(subscription().requested_metrics.empty());
    EXPECT_EQ(push(0, gauge(1)), 42);
    ASSERT_EQ(subscribe({{"metrics", "a."}, {"interval.ms", "1000"}}), 0);
    EXPECT_TRUE(is_advertised());
}

TEST_F(TelemetryTest, WhatIsPushedStandsOnTheMetricsPage) {
    ASSERT_TRUE(start());
    ASSERT_EQ(subscribe({{"metrics", "a."}, {"interval.ms", "1000"}}), 0);
    const auto asked = subscription();
    EXPECT_EQ(asked.error_code, 0);
    EXPECT_EQ(asked.requested_metrics, std::vector<std::string>{"a."});
    EXPECT_EQ(asked.push_interval_ms, 1'000);
    EXPECT_EQ(subscription().error_code, 89);
    EXPECT_EQ(push(asked.subscription_id + 1, gauge(2.5)), 117);
    EXPECT_EQ(push(asked.subscription_id, gauge(2.5)), 0);
    const auto body = server->page("/metrics").body;
    EXPECT_NE(body.find("client_a_b{client_id="), body.npos);
    EXPECT_NE(body.find("\"} 2.5\n"), body.npos);
    loop.advance(io::Milliseconds(1'000));
    EXPECT_EQ(push(asked.subscription_id, "damaged"), 87);
    loop.advance(io::Milliseconds(1'000));
    EXPECT_EQ(push(asked.subscription_id, gauge(1), 9), 76);
    loop.advance(io::Milliseconds(1'000));
    EXPECT_EQ(push(asked.subscription_id, std::string((1 << 20) + 1, 'x')), 118);
}

}  // namespace
}  // namespace kcore::broker
