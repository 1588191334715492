#include "base/environment_properties.h"

#include <algorithm>
#include <array>

#include "base/config_keys.h"

namespace kcore {

namespace {

constexpr std::string_view kPrefix = "KAFKA_";

// Of the image and of tools, without the prefix; whatever ends in _OPTS is theirs too.
constexpr std::array<std::string_view, 10> kOthers = {
    "BOOTSTRAP_SERVERS",    "CREATE_TOPICS", "HEAP_OPT",      "HOME",
    "JMX_HOSTNAME",         "JMX_PORT",      "LOG4J_LOGGERS", "LOG4J_ROOT_LOGLEVEL",
    "TOOLS_LOG4J_LOGLEVEL", "VERSION"};

bool is_of_others(std::string_view name) {
    return name.ends_with("_OPTS") || name == "OPTS" ||
           std::ranges::find(kOthers, name) != kOthers.end();
}

bool is_setting(std::string_view name) {
    return is_plugin_key(name) ||
           find_config_key(ConfigResource::broker, split_broker_key(name).key) != nullptr;
}

}  // namespace

std::string property_of_variable(std::string_view name) {
    constexpr std::array<char, 4> kSigns = {0, '.', '_', '-'};
    std::string out;
    while (!name.empty()) {
        const auto run = std::min<std::size_t>(
            {name.size(), std::min(name.find_first_not_of('_'), name.size()), 3});
        if (run > 0) {
            out += kSigns[run];
            name.remove_prefix(run);
            continue;
        }
        const char c = name.front();
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        name.remove_prefix(1);
    }
    return out;
}

EnvironmentProperties environment_properties(std::span<const std::string> entries) {
    EnvironmentProperties out;
    for (const auto& entry : entries) {
        const auto equals = entry.find('=');
        if (!entry.starts_with(kPrefix) || equals == std::string::npos) continue;
        const auto name = std::string_view(entry).substr(0, equals);
        const auto variable = name.substr(kPrefix.size());
        if (is_of_others(variable)) continue;
        auto key = property_of_variable(variable);
        if (is_setting(key)) {
            out.properties.push_back({std::move(key), entry.substr(equals + 1), 0});
        } else {
            out.unknown.emplace_back(name);
        }
    }
    std::ranges::sort(out.properties, {}, &Property::key);
    std::ranges::sort(out.unknown);
    return out;
}

}  // namespace kcore
