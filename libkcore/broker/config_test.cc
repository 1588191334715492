#include "broker/config.h"

#include <gtest/gtest.h>

namespace kcore::broker {
namespace {

class BrokerConfigTest : public testing::Test {
protected:
    // A combined node on one host, with these settings changed; an empty value removes one.
    static Result<BrokerConfig> made(const ConfigMap& changes) {
        ConfigMap settings{{"process.roles", "broker,controller"},
                           {"node.id", "1"},
                           {"listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"},
                           {"controller.listener.names", "CONTROLLER"},
                           {"controller.quorum.voters", "1@localhost:9093"},
                           {"log.dirs", "/data/a,/data/b"}};
        for (const auto& [key, value] : changes) {
            settings[key] = value;
            if (value.empty()) settings.erase(key);
        }
        return make_broker_config(settings);
    }
    static std::string refusal(const ConfigMap& changes) {
        const auto config = made(changes);
        return config ? "accepted" : config.error().what;
    }
};

TEST_F(BrokerConfigTest, ACombinedNodeNeedsLittle) {
    const auto config = made({});
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->node_id, 1);
    EXPECT_TRUE(config->is_broker && config->is_controller);
    ASSERT_EQ(config->listeners.size(), 2U);
    EXPECT_EQ(config->listeners[0].advertised, (io::Address{"localhost", 9092}));
    EXPECT_TRUE(config->listeners[0].is_advertised);
    EXPECT_TRUE(config->listeners[1].is_controller);
    EXPECT_FALSE(config->listeners[1].is_advertised);
    EXPECT_EQ(config->inter_broker_listener, "PLAINTEXT");
    EXPECT_EQ(config->metadata_log_dir, "/data/a");
    EXPECT_EQ(config->sockets.send_buffer_bytes, -1);
    EXPECT_EQ(config->loops, 0U);
}

TEST_F(BrokerConfigTest, AddressesOfAllKindsAreRead) {
    const auto config = made({{"listeners", "PLAINTEXT://[::1]:0,CONTROLLER://:9093"}});
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->listeners[0].bind, (io::Address{"::1", 0}));
    EXPECT_EQ(config->listeners[1].bind, (io::Address{"", 9093}));
}

TEST_F(BrokerConfigTest, AListenerMayHaveLimitsOfItsOwn) {
    const auto config = made({{"listener.name.plaintext.max.connections", "7"},
                              {"listener.name.plaintext.max.connection.creation.rate", "3"},
                              {"max.connections", "9"}});
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->connections.max, 9);
    EXPECT_EQ(config->listeners[0].connections_max, 7);
    EXPECT_EQ(config->listeners[0].connection_rate_max, 3);
    EXPECT_EQ(config->listeners[1].connections_max, INT32_MAX);
}

TEST_F(BrokerConfigTest, SettingsOfAListenerThatIsNotThereAreNamed) {
    const auto config = made({{"listener.name.ext.max.connections", "7"}});
    ASSERT_TRUE(config) << config.error().what;
    ASSERT_EQ(config->remarks.size(), 1U);
    EXPECT_TRUE(config->remarks[0].starts_with("listener.name.ext.max.connections has no effect"));
}

TEST_F(BrokerConfigTest, BrokerIdAloneNamesTheNode) {
    EXPECT_EQ(made({{"node.id", ""}, {"broker.id", "1"}})->node_id, 1);
}

TEST_F(BrokerConfigTest, AListenerOfItsOwnNameTakesTheMapsProtocol) {
    const auto config = made(
        {{"listeners", "EXT://h:9092,INT://h:9094,CONTROLLER://h:9093"},
         {"listener.security.protocol.map", "EXT:PLAINTEXT,INT:PLAINTEXT,CONTROLLER:PLAINTEXT"},
         {"inter.broker.listener.name", "INT"}});
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->inter_broker_listener, "INT");
}

TEST_F(BrokerConfigTest, TheChecksOfStartUpNameKeyAndReason) {
    const std::vector<std::pair<ConfigMap, std::string>> cases{
        {{{"process.roles", ""}}, "process.roles"},
        {{{"node.id", ""}}, "node.id"},
        {{{"broker.id", "2"}}, "broker.id=2 must be the same"},
        {{{"controller.quorum.voters", "2@localhost:9093"}}, "a controller must be in it"},
        {{{"controller.quorum.voters", "1:localhost"}}, "a voter is id@host:port"},
        {{{"controller.quorum.voters", ""}}, "bootstrap.servers"},
        {{{"controller.listener.names", ""}, {"listeners", "PLAINTEXT://a:1"}},
         "at least one controller listener"},
        {{{"controller.listener.names", "OTHER"}, {"listeners", "PLAINTEXT://a:1"}},
         "a controller must have it"},
        {{{"process.roles", "broker"}}, "must not"},
        {{{"process.roles", "controller"}}, "only a controller"},
        {{{"listeners", "PLAINTEXT:localhost"}}, "NAME://host:port"},
        {{{"listeners", "PLAINTEXT://localhost:99999,CONTROLLER://:1"}}, "65535"},
        {{{"listeners", "PLAINTEXT://a:1,PLAINTEXT://b:2,CONTROLLER://:3"}}, "name of its own"},
        {{{"listeners", "PLAINTEXT://a:1,CONTROLLER://b:1"}}, "different port"},
        {{{"listeners", "PLAINTEXT://0.0.0.0:1,CONTROLLER://b:2"}}, "nobody can dial"},
        {{{"listeners", "FOO://a:1,CONTROLLER://b:2"}}, "has no protocol"},
        {{{"listeners", "SSL://a:1,CONTROLLER://b:2"}}, "PLAINTEXT listeners only"},
        {{{"advertised.listeners", "OTHER://a:1"}}, "not in listeners"},
        {{{"inter.broker.listener.name", "NONE"}}, "advertised listener"},
        {{{"inter.broker.listener.name", "PLAINTEXT"},
          {"security.inter.broker.protocol", "PLAINTEXT"}},
         "as well"},
        {{{"cordoned.log.dirs", "/data/c"}}, "not in log.dirs"},
        {{{"queued.max.request.bytes", "1000"}}, "socket.request.max.bytes"},
        {{{"max.connections.per.ip", "0"}}, "nobody could connect"},
        {{{"max.connections.per.ip.overrides", "a"}}, "host:count"},
        {{{"connection.failed.authentication.delay.ms", "600000"}}, "connections.max.idle.ms"},
        {{{"replica.fetch.wait.max.ms", "60000"}}, "replica.socket.timeout.ms"},
        {{{"log.cleaner.dedupe.buffer.size", "1048576"}}, "1 MiB"},
    };
    for (const auto& [changes, want] : cases) {
        EXPECT_NE(refusal(changes).find(want), std::string::npos)
            << changes.begin()->first << ": " << refusal(changes);
    }
}

TEST_F(BrokerConfigTest, TwoFamiliesMayShareAPort) {
    EXPECT_EQ(refusal({{"listeners", "PLAINTEXT://127.0.0.1:1,CONTROLLER://[::1]:1"}}), "accepted");
}

TEST_F(BrokerConfigTest, AHeartbeatTooSlowForTheSessionIsRemarkedOnly) {
    const auto config = made({{"broker.heartbeat.interval.ms", "5000"}});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->remarks.size(), 1U);
}

}  // namespace
}  // namespace kcore::broker
