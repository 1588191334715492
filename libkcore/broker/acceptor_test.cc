#include "broker/acceptor.h"

#include <gtest/gtest.h>

#include "broker/services.h"
#include "io/test_env.h"

namespace kcore::broker {
namespace {

using asio::awaitable;

class AcceptorTest : public testing::Test, public io::TestEnv {
protected:
    ~AcceptorTest() override {
        clients.clear();
        loop.run(acceptor->stop());
        loop.run(worker.stop(clock.in_ms(1000)));
        EXPECT_EQ(quota.total(), 0);
    }

    void start() {
        auto listener = *net->listen({"127.0.0.1", 9092}, io::SocketOptions());
        quota.set_caps(caps);
        Acceptor::Target target{apis, {&worker}, quota, client_quotas, of_listener_max};
        acceptor = std::make_unique<Acceptor>(env, std::move(listener), ListenerInfo(),
                                              std::move(target), Logger());
        loop.spawn(acceptor->run());
        loop.settle();
    }
    void dial(int count) {
        for (int i = 0; i < count; ++i) {
            auto made = loop.run(net->connect({"127.0.0.1", 9092}, io::kNever));
            clients.push_back(std::move(*made));
        }
        loop.settle();
    }

    ConnectionCaps caps;
    std::int64_t of_listener_max = INT32_MAX;
    ConnectionQuota quota{ConnectionCaps()};
    security::ClientQuotas client_quotas{security::QuotaWindows()};
    Services services;
    Dispatch apis{{}, false};
    Worker worker{env, services, ConnectionLimits()};
    std::unique_ptr<Acceptor> acceptor;
    std::vector<std::unique_ptr<io::Stream>> clients;
};

TEST_F(AcceptorTest, ConnectionsAreServedAndCountedUntilTheyEnd) {
    start();
    dial(3);
    EXPECT_EQ(quota.total(), 3);
    clients.pop_back();
    loop.settle();
    EXPECT_EQ(quota.total(), 2);
}

TEST_F(AcceptorTest, OverTheLimitOneWaitsForAnothersEnd) {
    caps.max = 2;
    start();
    dial(4);
    EXPECT_EQ(quota.total(), 2);
    clients.erase(clients.begin());
    loop.settle();
    EXPECT_EQ(quota.total(), 2) << "nobody took the place that became free";
    clients.erase(clients.begin(), clients.begin() + 2);
    loop.settle();
    EXPECT_EQ(quota.total(), 1);
}

TEST_F(AcceptorTest, AListenersOwnLimitHoldsBesideTheNodes) {
    of_listener_max = 1;
    start();
    dial(2);
    EXPECT_EQ(quota.total(), 1);
    clients.erase(clients.begin());
    loop.settle();
    EXPECT_EQ(quota.total(), 1) << "nobody took the place that became free";
}

TEST_F(AcceptorTest, AnAddressOverItsLimitIsTurnedAway) {
    caps.per_ip["127.0.0.1"] = 1;
    start();
    dial(3);
    EXPECT_EQ(quota.total(), 1);
}

TEST_F(AcceptorTest, NewConnectionsComeNoFasterThanTheirRate) {
    caps.rate_max = 10;
    start();
    dial(5);
    EXPECT_LE(quota.total(), 2);
    loop.advance(io::Milliseconds(1000));
    EXPECT_EQ(quota.total(), 5);
}

TEST_F(AcceptorTest, AnAddressThatConnectsTooOftenIsHeldAndThenClosed) {
    security::ClientQuotas::Table table;
    table[{{"ip", std::nullopt}}]["connection_creation_rate"] = 1;
    client_quotas.set(table);
    start();
    dial(12);
    EXPECT_EQ(quota.total(), 10) << "a window of ten seconds";
    loop.advance(io::Milliseconds(2000));
    dial(1);
    EXPECT_EQ(quota.total(), 11);
}

TEST_F(AcceptorTest, CapsThatAreRaisedLetTheWaitingIn) {
    caps.max = 1;
    start();
    dial(2);
    EXPECT_EQ(quota.total(), 1);
    caps.max = 2;
    quota.set_caps(caps);
    loop.settle();
    EXPECT_EQ(quota.total(), 2);
}

TEST_F(AcceptorTest, AfterStopNobodyGetsIn) {
    start();
    dial(1);
    loop.run(acceptor->stop());
    const auto late = loop.run(net->connect({"127.0.0.1", 9092}, io::kNever));
    EXPECT_FALSE(late.has_value());
}

}  // namespace
}  // namespace kcore::broker
