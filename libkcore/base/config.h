#pragma once
// What settings come to: of a broker over its levels, of a topic or group over what was set for it
// and its broker. A Config is a snapshot of all values of one resource; DescribeConfigs wants where
// they came from too: effective_config.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_value.h"

namespace kcore {

// The numbers are ConfigSource on the wire (DescribeConfigs).
enum class ConfigSource : std::int8_t {
    unknown = 0,
    topic = 1,
    broker = 2,          // Set while running, for this broker.
    default_broker = 3,  // Set while running, for all brokers.
    static_broker = 4,   // In the file.
    built_in = 5,
    broker_logger = 6,
    client_metrics = 7,
    group = 8,
};

// Where a broker setting may be set, most specific first. Values in them must have been validated;
// one that is not counts as not set.
struct BrokerLevels {
    ConfigMap dynamic;          // config records of this broker's id
    ConfigMap dynamic_default;  // config records of the empty broker name
    ConfigMap fixed;            // server.properties
};

struct ConfigSynonym {
    std::string name;
    std::string value;
    ConfigSource source;
};

struct EffectiveConfig {
    const ConfigKey* key;
    ConfigValue value;
    ConfigSource source = ConfigSource::built_in;
    std::vector<ConfigSynonym> synonyms;  // Most specific first; none for null values.
};

// One key of `resource`. `own` is what was set for the topic, group or subscription; unused for
// broker keys.
EffectiveConfig effective_config(ConfigResource resource, const ConfigKey& key,
                                 const ConfigMap& own, const BrokerLevels& broker);

// An immutable snapshot. Readers ask by name and by the type the table gives the key; another name
// or type is a programmer's mistake. Thread-safe.
class Config {
public:
    Config(ConfigResource resource, const ConfigMap& own, const BrokerLevels& broker);

    static Config of_broker(const BrokerLevels& levels) {
        return {ConfigResource::broker, {}, levels};
    }
    static Config of_topic(const ConfigMap& own, const BrokerLevels& levels) {
        return {ConfigResource::topic, own, levels};
    }

    const ConfigValue& value(std::string_view name) const;

    bool flag(std::string_view name) const { return value(name).flag(); }
    std::int64_t integer(std::string_view name) const { return value(name).integer(); }
    double number(std::string_view name) const { return value(name).number(); }
    const std::string& text(std::string_view name) const { return value(name).text(); }

    // Empty for null.
    ConfigValue::List list(std::string_view name) const;

    // Nothing for null.
    std::optional<std::int64_t> optional_integer(std::string_view name) const;
    std::optional<std::string> optional_text(std::string_view name) const;

    // Somebody set it, so it is not the built-in default.
    bool is_set(std::string_view name) const;

private:
    std::size_t index_of(std::string_view name) const;

    ConfigResource resource_;
    std::vector<ConfigValue> values_;  // In the order of config_keys().
    std::vector<bool> is_set_;
};

}  // namespace kcore
