#include "controller/config_rules.h"

#include <fmt/format.h>

#include <utility>

#include "controller/broker_changes.h"

namespace kcore::controller {
namespace {

using metadata::ResourceType;

kcore::ConfigResource table_of(ResourceType type) {
    return static_cast<kcore::ConfigResource>(type);
}

const ConfigKey* find_key(ResourceType type, std::string_view key) {
    const auto name = type == ResourceType::broker ? split_broker_key(key).key : key;
    return find_config_key(table_of(type), name);
}

bool is_true(const ConfigMap& configs, std::string_view name) {
    const auto at = configs.find(name);
    return at != configs.end() && at->second == "true";
}

}  // namespace

ConfigRules::ConfigRules(std::int32_t node_id, ConfigMap fixed)
    : node_id_(node_id), fixed_(std::move(fixed)) {}

Result<void> ConfigRules::check(const metadata::Image& image,
                                const metadata::ConfigResource& resource,
                                const ConfigMap& configs) const {
    if (resource.type == ResourceType::broker) {
        return check_broker_change(levels(image), !resource.name.empty(), configs);
    }
    auto checked = validate_configs(table_of(resource.type), configs);
    if (checked && resource.type == ResourceType::topic &&
        is_true(configs, "remote.storage.enable") &&
        !is_true(fixed_, "remote.log.storage.system.enable")) {
        return fail(Errc::invalid_config,
                    "Tiered Storage functionality is disabled in the broker. Topic cannot be "
                    "configured with remote log storage.");
    }
    if (checked && resource.type == ResourceType::group) return check_group(image, configs);
    // Kafka calls a bad pattern a bad setting, all else a bad request.
    const bool is_pattern = !checked && checked.error().what.starts_with("Illegal client matching");
    if (!checked && !is_pattern && resource.type == ResourceType::client_metrics) {
        return fail(Errc::invalid_request, checked.error().what);
    }
    return checked;
}

// group.<type>.min.X <= <type>.X <= group.<type>.max.X, where the broker has such bounds.
Result<void> ConfigRules::check_group(const metadata::Image& image,
                                      const ConfigMap& configs) const {
    const auto broker = levels(image);
    const auto bound = [&](std::string_view name, std::string_view which) {
        const auto dot = name.find('.');
        auto rest = name.substr(dot + 1);
        if (rest.starts_with("num.")) rest.remove_prefix(4);
        const auto* key =
            find_config_key(kcore::ConfigResource::broker,
                            fmt::format("group.{}.{}.{}", name.substr(0, dot), which, rest));
        return key == nullptr
                   ? ConfigValue()
                   : effective_config(kcore::ConfigResource::broker, *key, {}, broker).value;
    };
    for (const auto& [name, text] : configs) {
        const auto* key = find_key(ResourceType::group, name);
        if (key == nullptr || key->type != ConfigType::int32) continue;
        const auto low = bound(name, "min");
        const auto high = bound(name, "max");
        const auto value = parse_config(*key, text);
        if (!value) return std::unexpected(value.error());
        const auto is_below = !low.is_null() && value->integer() < low.integer();
        const auto is_above = !high.is_null() && value->integer() > high.integer();
        if (!is_below && !is_above) continue;
        return fail(Errc::invalid_config,
                    low.is_null()
                        ? fmt::format("{} must be less than or equal to {}", name, high.integer())
                        : fmt::format("{} must be in the range {} to {} inclusive.", name,
                                      low.integer(), high.integer()));
    }
    return {};
}

bool ConfigRules::is_list(ResourceType type, std::string_view name) const {
    const auto* key = find_key(type, name);
    return key != nullptr && key->type == ConfigType::list;
}

BrokerLevels ConfigRules::levels(const metadata::Image& image) const {
    return {image.config({ResourceType::broker, std::to_string(node_id_)}),
            image.config({ResourceType::broker, ""}), fixed_};
}

std::string ConfigRules::inherited(const metadata::Image& image, ResourceType type,
                                   std::string_view name) const {
    const auto* key = find_key(type, name);
    if (key == nullptr) return {};
    return effective_config(table_of(type), *key, {}, levels(image)).value.to_text();
}

std::vector<EffectiveConfig> ConfigRules::effective(const metadata::Image& image,
                                                    const ConfigMap& topic) const {
    const auto broker = levels(image);
    std::vector<EffectiveConfig> all;
    for (const auto* key : config_keys(kcore::ConfigResource::topic)) {
        if (key->is_hidden()) continue;
        all.push_back(effective_config(kcore::ConfigResource::topic, *key, topic, broker));
    }
    return all;
}

}  // namespace kcore::controller
