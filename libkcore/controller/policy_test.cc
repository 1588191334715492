#include "controller/policy.h"

#include <gtest/gtest.h>

namespace kcore::controller {
namespace {

bool allows(std::string_view rules, const ConfigMap& values) {
    const auto policy = parse_policy(rules);
    EXPECT_TRUE(policy) << policy.error().what;
    return policy && check_policy(*policy, values).has_value();
}

TEST(PolicyTest, NumbersAreComparedAndTextIsMatchedWhole) {
    EXPECT_TRUE(allows("partitions<=100", {{"partitions", "100"}}));
    EXPECT_FALSE(allows("partitions<=100", {{"partitions", "101"}}));
    EXPECT_FALSE(allows("retention.ms>=5", {{"retention.ms", "-1"}}));
    EXPECT_TRUE(allows("cleanup.policy=delete", {{"cleanup.policy", "delete"}}));
    EXPECT_FALSE(allows("name~[a-z]+", {{"name", "orders2"}}));
    EXPECT_TRUE(allows("name~(a|b)*", {{"name", std::string(1 << 20, 'a')}}));
}

TEST(PolicyTest, WhatIsNotSetBreaksNoRule) {
    EXPECT_TRUE(allows("retention.ms<=5; name~x", {}));
    EXPECT_TRUE(allows("", {{"name", "x"}}));
}

TEST(PolicyTest, ABrokenRuleIsNamed) {
    const auto broken = check_policy(*parse_policy("partitions<=2"), {{"partitions", "3"}});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, Errc::policy_violation);
    EXPECT_EQ(broken.error().what,
              "partitions=3 is against the rule partitions<=2 of this cluster.");
}

TEST(PolicyTest, RulesThatAreNoneAreRefused) {
    for (const auto* text : {"partitions", "<=3", "partitions<=x", "partitions<3", "name~["}) {
        EXPECT_FALSE(parse_policy(text)) << text;
    }
}

}  // namespace
}  // namespace kcore::controller
