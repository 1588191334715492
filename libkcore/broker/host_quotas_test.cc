#include "broker/host_quotas.h"

#include <gtest/gtest.h>

#include "io/test_env.h"

namespace kcore::broker {
namespace {

class HostQuotasTest : public testing::Test, public io::TestEnv {
protected:
    HostQuotasTest() { hosts.start(); }
    ~HostQuotasTest() override { loop.run(hosts.stop()); }

    bool admits(const std::string& address, int count) {
        for (int i = 0; i < count; ++i) {
            if (!connections.admit(address)) return false;
        }
        return true;
    }
    bool is_limited(const std::string& address) {
        return clients.capacity(security::Quota::connections, {address, ""}).has_value();
    }

    ConnectionQuota connections{ConnectionCaps()};
    security::ClientQuotas clients{security::QuotaWindows()};
    std::map<std::string, std::vector<std::string>> known{{"build-7", {"192.0.2.7", "::7"}}};
    HostQuotas hosts{env, [this](const std::string& host) { return known[host]; }, connections,
                     clients};
};

TEST_F(HostQuotasTest, AHostsLimitCountsForItsAddresses) {
    ConnectionCaps caps;
    caps.per_ip = {{"build-7", 2}, {"::7", 5}};
    hosts.set(caps);
    loop.settle();
    EXPECT_FALSE(admits("192.0.2.7", 3));
    EXPECT_TRUE(admits("::7", 5)) << "it has a limit of its own";
    EXPECT_TRUE(admits("192.0.2.8", 10));
}

TEST_F(HostQuotasTest, AHostsQuotaFollowsItsAddresses) {
    hosts.set({{{{"ip", "build-7"}}, {{"connection_creation_rate", 5}}}});
    loop.settle();
    EXPECT_TRUE(is_limited("192.0.2.7"));
    EXPECT_FALSE(is_limited("192.0.2.9"));
    known["build-7"] = {"192.0.2.9"};
    loop.advance(io::Milliseconds(61'000));
    EXPECT_FALSE(is_limited("192.0.2.7"));
    EXPECT_TRUE(is_limited("192.0.2.9"));
}

}  // namespace
}  // namespace kcore::broker
