#include "broker/client_metrics.h"

#include <gtest/gtest.h>

#include <memory>

#include "io/virtual_loop.h"

namespace kcore::broker {
namespace {

class ClientMetricsTest : public testing::Test {
protected:
    ClientMetricsTest() {
        subscribe_all({{"all", {{"metrics", "a.,b."}, {"interval.ms", "1000"}}}});
        client.instance_id = {7, 7};
        client.id = "app";
        client.software_name = "librdkafka";
        client.address = "127.0.0.1";
    }
    void subscribe_all(const std::map<std::string, metadata::Configs>& resources) {
        metadata::Image image;
        for (const auto& [name, configs] : resources) {
            image.configs.set({metadata::ResourceType::client_metrics, name},
                              std::make_shared<const metadata::Configs>(configs));
        }
        metrics.set(image);
    }
    Errc push(std::int32_t subscription, bool is_terminating = false) {
        const auto may = metrics.check_push(client, subscription, is_terminating);
        return may ? Errc::none : may.error().code;
    }
    void pass(int ms) { loop.advance(io::Milliseconds(ms)); }

    io::VirtualClock clock;
    io::VirtualLoop loop{clock};
    ClientMetrics metrics{clock};
    MetricsClient client;
};

TEST_F(ClientMetricsTest, AllSubscriptionsThatMatchCountTogether) {
    subscribe_all({{"one", {{"metrics", "a.,b."}, {"interval.ms", "5000"}}},
                   {"two", {{"metrics", "b.,c."}, {"match", "client_id=ap+"}}},
                   {"three", {{"metrics", "*"}, {"match", "client_software_name=other"}}}});
    const auto given = metrics.subscribe(client);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->interval_ms, 5'000);
    EXPECT_EQ(given->metrics, (std::vector<std::string>{"a.", "b.", "c."}));
    client.instance_id = {8, 8};
    client.software_name = "other";
    EXPECT_EQ(metrics.subscribe(client)->metrics, std::vector<std::string>{"*"});
}

TEST_F(ClientMetricsTest, EachComesOnceInItsInterval) {
    const auto id = metrics.subscribe(client)->id;
    EXPECT_FALSE(metrics.subscribe(client));
    EXPECT_EQ(push(id), Errc::none) << "the first at any time";
    EXPECT_EQ(push(id), Errc::throttling_quota_exceeded);
    pass(1000);
    EXPECT_EQ(push(id), Errc::none);
    EXPECT_EQ(push(id, true), Errc::none) << "and the last one";
    EXPECT_EQ(push(id), Errc::invalid_request);
    client.instance_id = {};
    EXPECT_EQ(push(id), Errc::invalid_request);
}

TEST_F(ClientMetricsTest, AChangedSubscriptionIsAskedForAnew) {
    const auto id = metrics.subscribe(client)->id;
    EXPECT_EQ(push(id + 1), Errc::unknown_subscription_id);
    EXPECT_EQ(metrics.subscribe(client)->id, id) << "at once";
    subscribe_all({{"all", {{"metrics", "z."}}}});
    EXPECT_EQ(push(id), Errc::unknown_subscription_id);
    EXPECT_NE(metrics.subscribe(client)->id, id);
    subscribe_all({});
    EXPECT_FALSE(metrics.is_on());
}

TEST_F(ClientMetricsTest, ValuesStandInTheTextUntilTheClientIsSilent) {
    metrics.subscribe(client);
    MetricPoint gauge{"org.apache.kafka.x", {{"topic", "a\"b"}}, 1.5, false, false};
    MetricPoint sum{"sent", {}, 2, true, true};
    metrics.add(client, {gauge, sum});
    gauge.value = 3;
    metrics.add(client, {gauge, sum});
    const auto text = metrics.text();
    EXPECT_NE(text.find("client_org_apache_kafka_x{client_id=\"app\",client_instance_id=\""),
              text.npos);
    EXPECT_NE(text.find("topic=\"a\\\"b\"} 3\n"), text.npos) << text;
    EXPECT_NE(text.find("# TYPE client_sent counter"), text.npos);
    EXPECT_NE(text.find("} 4\n"), text.npos) << "deltas add up";
    pass(4'000);
    EXPECT_NE(metrics.text().find("kcore_client_metrics_instances 0"), text.npos);
}

}  // namespace
}  // namespace kcore::broker
