#include "controller/quotas.h"

#include <gtest/gtest.h>

#include "controller/one_broker_fixture.h"

namespace kcore::controller {
namespace {

using Request = protocol::AlterClientQuotasRequest;
using Entity = std::vector<std::pair<std::string, std::optional<std::string>>>;

class QuotasTest : public OneBrokerTest {
protected:
    auto change(const Entity& entity, const std::string& key, std::optional<double> value,
                bool validate_only = false) {
        Request request;
        request.validate_only = validate_only;
        auto& entry = request.entries.emplace_back();
        for (const auto& [type, name] : entity) {
            auto& part = entry.entity.emplace_back();
            part.entity_type = type;
            part.entity_name = name;
        }
        auto& op = entry.ops.emplace_back();
        op.key = key;
        op.value = value.value_or(0);
        op.remove = !value.has_value();
        return ask(request).entries.at(0);
    }
    void expect_refused(const Entity& entity, const std::string& key, double value,
                        const std::string& text) {
        const auto answer = change(entity, key, value);
        EXPECT_EQ(answer.error_code, 42) << text;
        EXPECT_EQ(answer.error_message, text);
        EXPECT_TRUE(image().quotas->empty());
    }
};

TEST_F(QuotasTest, AQuotaIsStoredChangedAndRemoved) {
    const Entity entity{{"user", "ann"}, {"client-id", std::nullopt}};
    const metadata::QuotaEntity stored{{"user", "ann"}, {"client-id", std::nullopt}};
    EXPECT_EQ(change(entity, "producer_byte_rate", 1000).error_code, 0);
    EXPECT_EQ(image().quotas->at(stored).at("producer_byte_rate"), 1000);
    EXPECT_EQ(change(entity, "producer_byte_rate", 5, true).error_code, 0);
    EXPECT_EQ(image().quotas->at(stored).at("producer_byte_rate"), 1000);
    EXPECT_EQ(change(entity, "producer_byte_rate", std::nullopt).error_code, 0);
    EXPECT_TRUE(image().quotas->empty());
    EXPECT_EQ(change(entity, "producer_byte_rate", std::nullopt).error_code, 0);
}

TEST_F(QuotasTest, EntitiesThatAreNoneAreRefused) {
    const std::string key = "producer_byte_rate";
    expect_refused({}, key, 5, "Invalid empty client quota entity");
    expect_refused({{"planet", "x"}}, key, 5, "Unhandled client quota entity type: planet");
    expect_refused({{"user", ""}}, key, 5, "Empty user not supported");
    expect_refused({{"ip", "192.0.2.8"}, {"user", "a"}}, key, 5,
                   "Invalid quota entity combination, IP entity shouldnot be combined with User or "
                   "ClientId");
    expect_refused({{"ip", "no-such-host.invalid"}}, "connection_creation_rate", 1,
                   "no-such-host.invalid is not a valid IP or resolvable host.");
}

TEST_F(QuotasTest, AHostThatHasAnAddressMayHaveAQuota) {
    Request request;
    auto& entry = request.entries.emplace_back();
    auto& part = entry.entity.emplace_back();
    part.entity_type = "ip";
    part.entity_name = "build-7";
    auto& op = entry.ops.emplace_back();
    op.key = "connection_creation_rate";
    op.value = 10;
    EXPECT_EQ(hosts_in(request), std::vector<std::string>{"build-7"});
    Moment moment;
    moment.resolves = [](const std::string& host) { return host == "build-7"; };
    const auto& asked = request;
    EXPECT_EQ(controller_.decide(asked, moment).response.entries.at(0).error_code, 0);
    part.entity_name = "build-8";
    EXPECT_EQ(controller_.decide(asked, moment).response.entries.at(0).error_code, 42);
    part.entity_name = "192.0.2.8";
    EXPECT_TRUE(hosts_in(request).empty());
}

TEST_F(QuotasTest, KeysAndValuesMustFitTheEntity) {
    const Entity user{{"user", "a"}};
    expect_refused(user, "speed", 1, "Invalid configuration key speed");
    expect_refused(user, "connection_creation_rate", 1,
                   "Invalid configuration key connection_creation_rate");
    expect_refused({{"ip", "::1"}}, "producer_byte_rate", 1,
                   "Invalid configuration key producer_byte_rate");
    expect_refused(user, "producer_byte_rate", 0,
                   "Quota producer_byte_rate must be greater than 0");
    expect_refused(user, "producer_byte_rate", 0.5,
                   "producer_byte_rate cannot be a fractional value.");
    EXPECT_EQ(change(user, "request_percentage", 0.5).error_code, 0);
    EXPECT_EQ(change({{"ip", "::1"}}, "connection_creation_rate", 7).error_code, 0);
}

}  // namespace
}  // namespace kcore::controller
