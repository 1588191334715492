#include "security/client_quotas.h"

#include <gtest/gtest.h>

namespace kcore::security {
namespace {

class ClientQuotasTest : public testing::Test {
protected:
    void later(std::int64_t ms) { now_ += io::Milliseconds(ms); }
    std::int64_t produce(double bytes, const std::string& user, const std::string& id) {
        return quotas_.charge(Quota::produce, {user, id}, bytes, now_);
    }
    static ClientQuotas::Table producers(
        std::initializer_list<std::pair<ClientQuotas::Entity, double>> rows) {
        ClientQuotas::Table table;
        for (const auto& [entity, rate] : rows) table[entity]["producer_byte_rate"] = rate;
        return table;
    }

    ClientQuotas quotas_{QuotaWindows()};
    io::Instant now_{};
};

TEST_F(ClientQuotasTest, WhoHasNoQuotaNeverWaits) {
    EXPECT_FALSE(quotas_.limits_any());
    EXPECT_EQ(produce(1e12, "ann", "app"), 0);
    quotas_.set(producers({{{{"user", "bob"}}, 1}}));
    EXPECT_TRUE(quotas_.limits(Quota::produce));
    EXPECT_FALSE(quotas_.limits(Quota::fetch));
    EXPECT_EQ(produce(1e12, "ann", "app"), 0);
}

TEST_F(ClientQuotasTest, TheWaitIsWhatTheRateNeedsBeyondItsWindow) {
    quotas_.set(producers({{{{"user", "ann"}}, 1000}}));
    EXPECT_EQ(produce(10'000, "ann", "app"), 0) << "ten samples of a second";
    EXPECT_EQ(produce(500, "ann", "app"), 500);
    later(500);
    EXPECT_EQ(produce(0, "ann", "app"), 0);
    later(60'000);
    EXPECT_EQ(produce(12'000, "ann", "app"), 2000) << "no more than the window is saved up";
}

TEST_F(ClientQuotasTest, TheMostSpecificEntityWins) {
    const std::optional<std::string> any;
    quotas_.set(producers({{{{"client-id", any}}, 1},
                           {{{"client-id", "app"}}, 2},
                           {{{"user", any}}, 3},
                           {{{"user", any}, {"client-id", any}}, 4},
                           {{{"user", any}, {"client-id", "app"}}, 5},
                           {{{"user", "ann"}}, 6},
                           {{{"user", "ann"}, {"client-id", any}}, 7},
                           {{{"user", "ann"}, {"client-id", "app"}}, 8}}));
    const auto rate = [&](const char* user, const char* id) {
        return *quotas_.capacity(Quota::produce, {user, id}) / 10;
    };
    EXPECT_EQ(rate("ann", "app"), 8);
    EXPECT_EQ(rate("ann", "other"), 7);
    EXPECT_EQ(rate("bob", "app"), 5);
    EXPECT_EQ(rate("bob", "other"), 4);
    quotas_.set(producers({{{{"client-id", any}}, 1}, {{{"client-id", "app"}}, 2}}));
    EXPECT_EQ(rate("ann", "app"), 2);
    EXPECT_EQ(rate("ann", "other"), 1);
}

TEST_F(ClientQuotasTest, WhatAnEntityDoesNotNameIsShared) {
    quotas_.set(producers({{{{"user", "ann"}}, 10}}));
    EXPECT_EQ(produce(100, "ann", "one"), 0);
    EXPECT_EQ(produce(10, "ann", "two"), 1000);
    quotas_.set(producers({{{{"client-id", std::nullopt}}, 10}}));
    EXPECT_EQ(produce(100, "ann", "three"), 0);
    EXPECT_EQ(produce(100, "ann", "four"), 0) << "a default gives each client id its own";
}

TEST_F(ClientQuotasTest, AChangedRateAppliesAtOnce) {
    quotas_.set(producers({{{{"user", "ann"}}, 10}}));
    EXPECT_EQ(produce(110, "ann", "app"), 1000);
    quotas_.set(producers({{{{"user", "ann"}}, 100}}));
    EXPECT_EQ(produce(0, "ann", "app"), 100);
}

TEST_F(ClientQuotasTest, AFetchThatIsTooLargeUsesNothing) {
    ClientQuotas::Table table;
    table[{{"user", "ann"}}]["consumer_byte_rate"] = 10;
    quotas_.set(table);
    EXPECT_EQ(quotas_.charge_within(Quota::fetch, {"ann", ""}, 60, now_), 0);
    EXPECT_EQ(quotas_.charge_within(Quota::fetch, {"ann", ""}, 50, now_), 1000);
    EXPECT_EQ(quotas_.charge_within(Quota::fetch, {"ann", ""}, 40, now_), 0);
}

TEST_F(ClientQuotasTest, ThreadTimeMakesNobodyWaitLongerThanASample) {
    ClientQuotas::Table table;
    table[{{"user", "ann"}}]["request_percentage"] = 1;
    quotas_.set(table);
    EXPECT_EQ(quotas_.charge(Quota::request, {"ann", ""}, 60, now_), 1000);
}

TEST_F(ClientQuotasTest, AMutationIsTakenWholeUnlessThereIsADebt) {
    ClientQuotas::Table table;
    table[{{"user", "ann"}}]["controller_mutation_rate"] = 1;
    quotas_.set(table);
    const Client ann{"ann", "app"};
    EXPECT_EQ(quotas_.charge_unless_owing(Quota::mutation, ann, 20, now_), 0);
    EXPECT_EQ(quotas_.charge_unless_owing(Quota::mutation, ann, 1, now_), 9000);
    later(9000);
    EXPECT_EQ(quotas_.charge_unless_owing(Quota::mutation, ann, 1, now_), 0);
}

TEST_F(ClientQuotasTest, AddressesHaveTheirOwnOrTheDefaultRate) {
    ClientQuotas::Table table;
    table[{{"ip", "192.0.2.7"}}]["connection_creation_rate"] = 5;
    table[{{"ip", std::nullopt}}]["connection_creation_rate"] = 1;
    quotas_.set(table);
    EXPECT_EQ(*quotas_.capacity(Quota::connections, {"192.0.2.7", ""}), 50);
    EXPECT_EQ(*quotas_.capacity(Quota::connections, {"192.0.2.8", ""}), 10);
}

}  // namespace
}  // namespace kcore::security
