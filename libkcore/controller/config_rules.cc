#include "controller/config_rules.h"

#include <utility>

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

// Unknown settings of brokers belong to plugins and pass.
Result<void> check_broker(const ConfigMap& configs) {
    for (const auto& [name, text] : configs) {
        const auto* key = find_key(ResourceType::broker, name);
        if (key == nullptr) continue;
        if (auto value = parse_config(*key, text); !value) return std::unexpected(value.error());
    }
    return {};
}

}  // namespace

ConfigRules::ConfigRules(std::int32_t node_id, ConfigMap fixed)
    : node_id_(node_id), fixed_(std::move(fixed)) {}

Result<void> ConfigRules::check(const metadata::ConfigResource& resource,
                                const ConfigMap& configs) const {
    if (resource.type == ResourceType::broker) return check_broker(configs);
    auto checked = validate_configs(table_of(resource.type), configs);
    if (checked && resource.type == ResourceType::topic &&
        is_true(configs, "remote.storage.enable") &&
        !is_true(fixed_, "remote.log.storage.system.enable")) {
        return fail(Errc::invalid_config,
                    "Tiered Storage functionality is disabled in the broker. Topic cannot be "
                    "configured with remote log storage.");
    }
    if (!checked && resource.type == ResourceType::client_metrics) {
        return fail(Errc::invalid_request, checked.error().what);
    }
    return checked;
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
