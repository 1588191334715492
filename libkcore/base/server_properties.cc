#include "base/server_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kcore {

namespace {

// Where a sentence is about: nowhere in particular for what is not from a file.
std::string place_of(const Property& property) {
    return property.line > 0 ? fmt::format("line {}: ", property.line) : "";
}

std::string unknown(const Property& property, std::string_view key) {
    const auto nearest = nearest_config_key(ConfigResource::broker, key);
    const auto hint = nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
    return fmt::format("{}unknown setting {}{}", place_of(property), property.key, hint);
}

// What one listener may have of its own.
bool is_of_listeners(std::string_view key) {
    constexpr std::array<std::string_view, 2> kKeys = {"max.connection.creation.rate",
                                                       "max.connections"};
    return std::ranges::find(kKeys, key) != kKeys.end();
}

// Values that name a provider are resolved elsewhere and cannot be judged as they stand.
bool names_a_provider(std::string_view text) { return text.contains("${"); }

}  // namespace

ServerProperties check_server_properties(const std::vector<Property>& properties) {
    ServerProperties out;
    for (const auto& property : properties) {
        out.settings.insert_or_assign(property.key, property.value);
        if (is_plugin_key(property.key)) continue;
        const auto name = split_broker_key(property.key);
        const auto* key = find_config_key(ConfigResource::broker, name.key);
        if (key == nullptr) {
            out.warnings.push_back(unknown(property, name.key));
            continue;
        }
        const auto value = parse_config(*key, property.value);
        if (!value && !names_a_provider(property.value)) {
            out.errors.push_back(fmt::format("{}{} (allowed: {})", place_of(property),
                                             value.error().what, describe_allowed(*key)));
        } else if (!key->is_effective()) {
            out.warnings.push_back(
                fmt::format("{}{} has no effect yet", place_of(property), property.key));
        } else if (!name.listener.empty() && !is_of_listeners(name.key)) {
            out.warnings.push_back(fmt::format("{}{} has no effect: {} is not set by listener",
                                               place_of(property), property.key, name.key));
        }
    }
    return out;
}

}  // namespace kcore
