// What the settings of one topic, group or subscription must hold together.
#include <fmt/format.h>

#include <algorithm>

#include "base/config_value.h"

namespace kcore {

namespace {

std::string unknown(ConfigResource resource, std::string_view name) {
    switch (resource) {
        case ConfigResource::group:
            return fmt::format("Unknown group config name: {}", name);
        case ConfigResource::client_metrics:
            return fmt::format("Unknown client metrics configuration: {}", name);
        default:
            return fmt::format("Unknown topic config name: {}", name);
    }
}

using Values = std::map<std::string_view, ConfigValue>;

const ConfigValue* set_value(const Values& values, std::string_view name) {
    const auto at = values.find(name);
    return at == values.end() ? nullptr : &at->second;
}

bool is_on(const Values& values, std::string_view name) {
    const auto* value = set_value(values, name);
    return value != nullptr && value->flag();
}

// Local retention may not keep longer than retention; -2 follows it, -1 of retention is no limit.
Result<void> check_local(const Values& values, std::string_view local, std::string_view whole) {
    constexpr std::int64_t kFollow = -2, kUnlimited = -1;
    const auto* inner = set_value(values, local);
    const auto* outer = set_value(values, whole);
    if (inner == nullptr || inner->integer() == kFollow) return {};
    if (is_on(values, "remote.log.copy.disable") &&
        (outer == nullptr || outer->integer() != inner->integer())) {
        return fail(Errc::invalid_config,
                    fmt::format("When remote.log.copy.disable is true, {} and {} must be set to "
                                "the identical values or {} must be set to -2.",
                                local, whole, local));
    }
    if (outer == nullptr || outer->integer() == kUnlimited) return {};
    if (inner->integer() == kUnlimited || inner->integer() > outer->integer()) {
        return fail(Errc::invalid_config,
                    fmt::format("Invalid value {} for configuration {}: Value must not be more "
                                "than property {} value",
                                inner->to_text(), local, whole));
    }
    return {};
}

Result<void> check_topic(const Values& values) {
    const auto* policy = set_value(values, "cleanup.policy");
    if (is_on(values, "remote.storage.enable") && policy != nullptr &&
        std::ranges::find(policy->list(), "compact") != policy->list().end()) {
        return fail(Errc::invalid_config,
                    "Remote log storage is unsupported for the compacted topics");
    }
    const auto by_time = check_local(values, "local.retention.ms", "retention.ms");
    return by_time ? check_local(values, "local.retention.bytes", "retention.bytes") : by_time;
}

}  // namespace

Result<void> validate_configs(ConfigResource resource, const ConfigMap& configs) {
    Values values;
    for (const auto& [name, text] : configs) {
        const auto* key = find_config_key(resource, name);
        if (key == nullptr) return fail(Errc::invalid_config, unknown(resource, name));
        auto value = parse_config(*key, text);
        if (!value) return std::unexpected(value.error());
        values.emplace(key->name, std::move(*value));
    }
    return resource == ConfigResource::topic ? check_topic(values) : Result<void>();
}

}  // namespace kcore
