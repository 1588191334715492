#include "base/config_keys.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/config_rows.h"

namespace kcore {

namespace {

using Index = std::vector<const ConfigKey*>;

Index sorted(std::initializer_list<std::span<const ConfigKey>> parts) {
    Index index;
    for (const auto part : parts) {
        for (const auto& key : part) index.push_back(&key);
    }
    std::ranges::sort(index, {}, &ConfigKey::name);
    return index;
}

// Edits (insert, drop, replace, swap of neighbours) that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = a[i - 1] == b[j - 1];
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

// What is compared is lower case with dots, so that "Log-Dirs" and "log_dirs" are near "log.dirs".
std::string plain(std::string_view name) {
    std::string out(name);
    for (auto& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '_' || c == '-') c = '.';
    }
    return out;
}

constexpr std::string_view kListenerPrefix = "listener.name.";

}  // namespace

std::span<const ConfigKey* const> config_keys(ConfigResource resource) {
    static const Index topic = sorted({topic_rows()});
    static const Index group = sorted({group_rows()});
    static const Index client_metrics = sorted({client_metrics_rows()});
    static const Index quota = sorted({quota_rows()});
    static const Index broker =
        sorted({node_rows(), log_rows(), coordinator_rows(), security_rows(), tier_rows()});
    switch (resource) {
        case ConfigResource::topic:
            return topic;
        case ConfigResource::group:
            return group;
        case ConfigResource::client_metrics:
            return client_metrics;
        case ConfigResource::quota:
            return quota;
        case ConfigResource::broker:
            return broker;
    }
    return {};
}

const ConfigKey* find_config_key(ConfigResource resource, std::string_view name) {
    const auto keys = config_keys(resource);
    const auto at = std::ranges::lower_bound(keys, name, {}, &ConfigKey::name);
    return at != keys.end() && (*at)->name == name ? *at : nullptr;
}

std::string nearest_config_key(ConfigResource resource, std::string_view name) {
    constexpr std::size_t kNameMax = 256;
    if (name.empty() || name.size() > kNameMax) return {};
    const auto wanted = plain(name);
    // The name of a topic setting in a broker's file is a common slip.
    if (resource == ConfigResource::broker) {
        const auto* topic = find_config_key(ConfigResource::topic, wanted);
        if (topic != nullptr && !topic->reach.broker_key.empty()) {
            return std::string(topic->reach.broker_key);
        }
    }
    auto best = std::max<std::size_t>(2, name.size() / 5) + 1;
    std::string_view found;
    for (const auto* key : config_keys(resource)) {
        const auto longer = std::max(key->name.size(), wanted.size());
        const auto shorter = std::min(key->name.size(), wanted.size());
        if (longer - shorter >= best) continue;
        const auto distance = edit_distance(wanted, key->name);
        if (distance < best) {
            best = distance;
            found = key->name;
        }
    }
    return std::string(found);
}

BrokerKeyName split_broker_key(std::string_view name) {
    if (!name.starts_with(kListenerPrefix)) return {{}, {}, name};
    auto rest = name.substr(kListenerPrefix.size());
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos || dot == 0) return {{}, {}, name};
    const auto listener = rest.substr(0, dot);
    rest.remove_prefix(dot + 1);
    if (find_config_key(ConfigResource::broker, rest) != nullptr) return {listener, {}, rest};
    const auto next = rest.find('.');
    if (next != std::string_view::npos && next > 0) {
        const auto key = rest.substr(next + 1);
        if (find_config_key(ConfigResource::broker, key) != nullptr) {
            return {listener, rest.substr(0, next), key};
        }
    }
    return {listener, {}, rest};
}

bool is_plugin_key(std::string_view name) {
    constexpr std::array<std::string_view, 4> kPrefixes = {"config.providers.", "rsm.config.",
                                                           "rlmm.config.", "metrics.context."};
    return std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

}  // namespace kcore
