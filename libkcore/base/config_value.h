#pragma once
// The value of one configuration key: read from text under the key's type and rule, and written
// back as DescribeConfigs shows it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/config_keys.h"
#include "base/result.h"

namespace kcore {

// Settings as text, by name. What somebody set; never defaults.
using ConfigMap = std::map<std::string, std::string, std::less<>>;

class ConfigValue {
public:
    using List = std::vector<std::string>;

    ConfigValue() = default;  // null
    explicit ConfigValue(bool value) : value_(value) {}
    explicit ConfigValue(std::int64_t value) : value_(value) {}
    explicit ConfigValue(double value) : value_(value) {}
    explicit ConfigValue(std::string value) : value_(std::move(value)) {}
    explicit ConfigValue(List value) : value_(std::move(value)) {}

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }

    // Asking for another type than the key has is a programmer's mistake.
    bool flag() const { return std::get<bool>(value_); }
    std::int64_t integer() const { return std::get<std::int64_t>(value_); }
    double number() const { return std::get<double>(value_); }
    const std::string& text() const { return std::get<std::string>(value_); }
    const List& list() const { return std::get<List>(value_); }

    // As Kafka prints values of the type: numbers in decimal, lists joined by commas. Empty for
    // null.
    std::string to_text() const;

    friend bool operator==(const ConfigValue&, const ConfigValue&) = default;

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, List> value_;
};

// Surrounding white space does not count, except in passwords.
//   invalid_config  not of the type, or against the rule; the sentence is Kafka's
Result<ConfigValue> parse_config(const ConfigKey& key, std::string_view text);

// The key's default; null where it has none.
ConfigValue default_config(const ConfigKey& key);

// For messages: what the key takes, as "INT, at least 1".
std::string describe_allowed(const ConfigKey& key);

// "LONG", "BOOLEAN", ...
std::string_view config_type_name(ConfigType type);

// The items of a list setting; none for blank text.
ConfigValue::List split_list(std::string_view text);

// All that was set for one topic, group or client-metrics subscription: every key known, every
// value valid, no value against another. The first error by name.
//   invalid_config  Kafka's sentence
Result<void> validate_configs(ConfigResource resource, const ConfigMap& configs);

}  // namespace kcore
