#include "base/config.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace kcore {

namespace {

// Broker keys that speak for another one while that is null.
struct Fallback {
    std::string_view key;
    std::string_view other;
    std::int64_t factor;  // The other's unit in units of the key.
};

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

constexpr std::array kFallbacks = {
    Fallback{"log.retention.ms", "log.retention.minutes", kMinuteMs},
    Fallback{"log.retention.ms", "log.retention.hours", kHourMs},
    Fallback{"log.roll.ms", "log.roll.hours", kHourMs},
    Fallback{"log.roll.jitter.ms", "log.roll.jitter.hours", kHourMs},
    Fallback{"log.flush.interval.ms", "log.flush.scheduler.interval.ms", 1},
    Fallback{"log.dirs", "log.dir", 1},
    Fallback{"node.id", "broker.id", 1},
    Fallback{"broker.id", "node.id", 1},
};

void add_level(EffectiveConfig& out, std::string_view name, const ConfigMap& level,
               ConfigSource source) {
    const auto at = level.find(name);
    if (at == level.end()) return;
    auto value = parse_config(*out.key, at->second);
    if (!value) return;
    out.synonyms.push_back({std::string(name), value->to_text(), source});
    if (out.synonyms.size() == 1) {
        out.value = std::move(*value);
        out.source = source;
    }
}

// The levels of the broker's key, under `out.key`'s type.
void add_broker_levels(EffectiveConfig& out, const ConfigKey& key, const BrokerLevels& broker) {
    add_level(out, key.name, broker.dynamic, ConfigSource::broker);
    add_level(out, key.name, broker.dynamic_default, ConfigSource::default_broker);
    add_level(out, key.name, broker.fixed, ConfigSource::static_broker);
    if (key.initial == nullptr) return;
    ConfigMap built_in;
    built_in.emplace(key.name, key.initial);
    add_level(out, key.name, built_in, ConfigSource::built_in);
}

ConfigValue scaled(const ConfigValue& value, std::int64_t factor) {
    if (factor == 1 || value.integer() < 0) return value;
    return ConfigValue(value.integer() * factor);
}

EffectiveConfig effective_broker(const ConfigKey& key, const BrokerLevels& broker) {
    EffectiveConfig out{&key, {}, ConfigSource::built_in, {}};
    add_broker_levels(out, key, broker);
    return out;
}

// A key's own value, or that of the keys that speak for it while it is null. A broker describes the
// null; topics live by the value.
ConfigValue resolved_broker(const ConfigKey& key, const BrokerLevels& broker) {
    auto value = effective_broker(key, broker).value;
    for (const auto& fallback : kFallbacks) {
        const bool unset = value.is_null() || (key.name == "broker.id" && value.integer() < 0);
        if (!unset) break;
        if (fallback.key != key.name) continue;
        const auto* other = find_config_key(ConfigResource::broker, fallback.other);
        const auto stand_in = effective_broker(*other, broker).value;
        if (!stand_in.is_null()) value = scaled(stand_in, fallback.factor);
    }
    return value;
}

ConfigSource own_source(ConfigResource resource) {
    switch (resource) {
        case ConfigResource::topic:
            return ConfigSource::topic;
        case ConfigResource::group:
            return ConfigSource::group;
        case ConfigResource::client_metrics:
            return ConfigSource::client_metrics;
        default:
            return ConfigSource::unknown;
    }
}

// What a topic or group takes where nothing was set for it.
ConfigValue inherited(const ConfigKey& key, const ConfigKey* broker_key,
                      const BrokerLevels& broker) {
    auto value = broker_key != nullptr ? resolved_broker(*broker_key, broker) : ConfigValue();
    return value.is_null() ? default_config(key) : value;
}

}  // namespace

EffectiveConfig effective_config(ConfigResource resource, const ConfigKey& key,
                                 const ConfigMap& own, const BrokerLevels& broker) {
    if (resource == ConfigResource::broker) return effective_broker(key, broker);
    const ConfigKey* broker_key = nullptr;
    if (!key.reach.broker_key.empty()) {
        broker_key = find_config_key(ConfigResource::broker, key.reach.broker_key);
    }
    EffectiveConfig out{&key, {}, ConfigSource::built_in, {}};
    add_level(out, key.name, own, own_source(resource));
    if (broker_key != nullptr) add_broker_levels(out, *broker_key, broker);
    if (out.synonyms.empty()) out.value = inherited(key, broker_key, broker);
    return out;
}

Config::Config(ConfigResource resource, const ConfigMap& own, const BrokerLevels& broker)
    : resource_(resource) {
    const auto keys = config_keys(resource);
    values_.reserve(keys.size());
    is_set_.reserve(keys.size());
    for (const auto* key : keys) {
        auto found = effective_config(resource, *key, own, broker);
        is_set_.push_back(found.source != ConfigSource::built_in);
        if (resource == ConfigResource::broker) found.value = resolved_broker(*key, broker);
        values_.push_back(std::move(found.value));
    }
}

std::size_t Config::index_of(std::string_view name) const {
    const auto keys = config_keys(resource_);
    const auto at = std::ranges::lower_bound(keys, name, {}, &ConfigKey::name);
    assert(at != keys.end() && (*at)->name == name);
    return static_cast<std::size_t>(at - keys.begin());
}

const ConfigValue& Config::value(std::string_view name) const { return values_[index_of(name)]; }

bool Config::is_set(std::string_view name) const { return is_set_[index_of(name)]; }

ConfigValue::List Config::list(std::string_view name) const {
    const auto& found = value(name);
    return found.is_null() ? ConfigValue::List() : found.list();
}

std::optional<std::int64_t> Config::optional_integer(std::string_view name) const {
    const auto& found = value(name);
    return found.is_null() ? std::nullopt : std::optional(found.integer());
}

std::optional<std::string> Config::optional_text(std::string_view name) const {
    const auto& found = value(name);
    return found.is_null() ? std::nullopt : std::optional(found.text());
}

}  // namespace kcore
