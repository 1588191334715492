#pragma once
// Rules of this installation for new topics and changed settings, written in the configuration
// (create.topic.policy.rules, alter.config.policy.rules): "partitions<=100; name~[a-z.]+;
// retention.ms<=604800000". They stand where Kafka has policy plugins.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_value.h"
#include "base/pattern.h"
#include "base/result.h"

namespace kcore::controller {

// One condition on one value: <= and >= compare numbers, = the text, ~ matches all of it with a
// regular expression.
struct PolicyRule {
    enum class Is : std::uint8_t { at_most, at_least, equal, like };

    std::string subject;  // name, partitions, replication.factor, or a setting.
    Is is = Is::equal;
    std::string value;
    double number = 0;               // With at_most and at_least.
    std::optional<Pattern> pattern;  // With like.

    bool allows(const std::string& actual) const;
    std::string to_text() const;
};
using Policy = std::vector<PolicyRule>;

// Rules separated by semicolons; none for blank text.
//   invalid_config  a rule that is none
Result<Policy> parse_policy(std::string_view text);

// Rules whose subject has no value do not count.
//   policy_violation  the first rule that is broken
Result<void> check_policy(const Policy& policy, const ConfigMap& values);

}  // namespace kcore::controller
