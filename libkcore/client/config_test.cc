#include "client/config.h"

#include <gtest/gtest.h>

#include "client/address.h"

namespace kcore::client {
namespace {

TEST(ConfigTest, NamesOfBothClientsSetTheSameThing) {
    Config config;
    EXPECT_TRUE(set_property(config, "linger.ms", "7"));
    EXPECT_EQ(config.producer.linger_ms, 7);
    EXPECT_TRUE(set_property(config, "queue.buffering.max.ms", "8"));
    EXPECT_EQ(config.producer.linger_ms, 8);
    EXPECT_TRUE(set_property(config, "metadata.broker.list", "a:1, b:2"));
    EXPECT_EQ(config.bootstrap, (std::vector<std::string>{"a:1", "b:2"}));
    EXPECT_TRUE(set_property(config, "compression.codec", "zstd"));
    EXPECT_EQ(config.producer.codec, Codec::zstd);
    EXPECT_TRUE(set_property(config, "partition.assignment.strategy",
                             "org.apache.kafka.clients.consumer.RoundRobinAssignor"));
    EXPECT_EQ(config.consumer.assignors, (std::vector<std::string>{"roundrobin"}));
}

TEST(ConfigTest, WrongValuesSayWhatIsAllowed) {
    Config config;
    EXPECT_EQ(set_property(config, "acks", "2").error().what,
              "acks: '2' is not one of all, -1, 0, 1");
    EXPECT_EQ(set_property(config, "linger.ms", "-1").error().code, Errc::invalid_config);
    EXPECT_EQ(set_property(config, "enable.idempotence", "yes").error().what,
              "enable.idempotence: 'yes' is not true or false");
    EXPECT_EQ(set_property(config, "security.protocol", "SSL").error().code,
              Errc::unsupported_version);
}

TEST(ConfigTest, EveryPropertyIsDescribedAndTakesBackItsValue) {
    Config config;
    for (const auto& property : describe_properties(config)) {
        EXPECT_TRUE(set_property(config, property.name, property.value)) << property.name;
        EXPECT_FALSE(property.help.empty()) << property.name;
    }
}

TEST(AddressTest, HostsPortsAndBrackets) {
    EXPECT_EQ(parse_address("h:1"), (io::Address{"h", 1}));
    EXPECT_EQ(parse_address("h"), (io::Address{"h", 9092}));
    EXPECT_EQ(parse_address("[::1]:7"), (io::Address{"::1", 7}));
    for (const auto* text : {"", ":1", "h:", "h:x", "h:0", "h:70000", "::1", "[::1]x"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

}  // namespace
}  // namespace kcore::client
