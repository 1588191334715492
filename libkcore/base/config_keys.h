#pragma once
// Every configuration key of Kafka 4.4, once: type, default, rule, how it changes while running,
// and what it means. The rows stand in config_*_keys.cc; values are read by config_value.h.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kcore {

// The numbers are ConfigType on the wire (DescribeConfigs).
enum class ConfigType : std::int8_t {
    boolean = 1,
    text = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    float64 = 6,
    list = 7,
    java_class = 8,
    password = 9,  // Never shown.
};

// What the key is a setting of; the numbers are resource types on the wire. Quotas have none.
enum class ConfigResource : std::int8_t {
    quota = 0,
    topic = 2,
    broker = 4,
    client_metrics = 16,
    group = 32,
};

// Which values the type alone would let through are refused.
struct ConfigRule {
    enum class Kind : std::uint8_t {
        any,
        at_least,            // low
        between,             // low..high
        between_or,          // low..high, or extra
        one_of,              // words, letter case as given
        one_of_any_case,     // words
        list_of,             // each one of words; no empty list, nothing twice
        set_of,              // each one of words; may be empty, repeated words are dropped
        distinct,            // list: no empty entry, nothing twice
        distinct_non_empty,  // the same, and at least one
        non_empty,           // text
        replica_list,        // * or partition:broker, ...
        offset_reset,        // latest, earliest, by_duration:<ISO-8601>
        metrics_interval,
        client_match,  // key=regex, ...
    };

    Kind kind = Kind::any;
    double low = 0;
    double high = 0;
    double extra = 0;
    std::string_view words = {};  // "a, b, c", in the order in which messages list them.
};

enum class ConfigChange : std::uint8_t {
    restart,     // Read only while running.
    cluster,     // For all brokers at once, or for one.
    per_broker,  // For one broker id.
};

// Broker keys: how they change while running. Topic and group keys always may; they name the broker
// key that holds their default.
struct ConfigReach {
    constexpr ConfigReach(ConfigChange how) : change(how) {}
    constexpr ConfigReach(const char* broker) : broker_key(broker) {}

    ConfigChange change = ConfigChange::cluster;
    std::string_view broker_key;
};

struct ConfigKey {
    std::string_view name;
    ConfigType type;
    const char* initial;  // The default as written in a file; nullptr is null.
    ConfigRule rule;
    ConfigReach reach;
    std::uint8_t marks;
    std::string_view meaning;

    static constexpr std::uint8_t kActs = 1;    // kcore does what it says; else it is only kept.
    static constexpr std::uint8_t kHidden = 2;  // Accepted, but not part of DescribeConfigs.

    bool is_effective() const { return (marks & kActs) != 0; }
    bool is_hidden() const { return (marks & kHidden) != 0; }
    bool is_sensitive() const { return type == ConfigType::password; }
    bool is_read_only() const { return reach.change == ConfigChange::restart; }
};

// All keys of a resource, sorted by name.
std::span<const ConfigKey* const> config_keys(ConfigResource resource);

// Nothing (nullptr) for unknown names. Prefixes are the caller's: see split_broker_key.
const ConfigKey* find_config_key(ConfigResource resource, std::string_view name);

// A known name that `name` is likely to be a slip of; empty when none is near.
std::string nearest_config_key(ConfigResource resource, std::string_view name);

// A broker setting as it stands in a file: listener.name.<listener>.[<mechanism>.]<key>.
struct BrokerKeyName {
    std::string_view listener;   // Empty: for all listeners.
    std::string_view mechanism;  // Empty: for all mechanisms.
    std::string_view key;
};
BrokerKeyName split_broker_key(std::string_view name);

// Keys below these prefixes belong to plugins and are kept unread (config.providers.x.class, ...).
bool is_plugin_key(std::string_view name);

}  // namespace kcore
