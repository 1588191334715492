#include "controller/broker_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace kcore::controller {
namespace {

using Names = std::vector<std::string_view>;

// Key and trust stores: of one listener only, so that a slip does not shut every listener.
constexpr std::array<std::string_view, 10> kStores = {"ssl.key.password",
                                                      "ssl.keystore.certificate.chain",
                                                      "ssl.keystore.key",
                                                      "ssl.keystore.location",
                                                      "ssl.keystore.password",
                                                      "ssl.keystore.type",
                                                      "ssl.truststore.certificates",
                                                      "ssl.truststore.location",
                                                      "ssl.truststore.password",
                                                      "ssl.truststore.type"};

// Settings of one listener that may also be set for all brokers.
constexpr std::array<std::string_view, 3> kOfListenersAnywhere = {
    "max.connection.creation.rate", "max.connections", "num.network.threads"};

// Pools of threads, which may at most double or halve at once.
constexpr std::array<std::string_view, 6> kPools = {
    "background.threads",  "log.cleaner.threads",  "num.io.threads",
    "num.network.threads", "num.replica.fetchers", "num.recovery.threads.per.data.dir"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

Result<void> none_of(const Names& names, std::string_view why) {
    if (names.empty()) return {};
    return fail(Errc::invalid_request, fmt::format("{}: [{}]", why, fmt::join(names, ", ")));
}

// Why a setting does not change this way.
struct Refused {
    Names read_only;
    Names without_listener;
    Names for_one_only;
};

Refused sort_out(const ConfigMap& next, bool for_one) {
    Refused refused;
    for (const auto& [name, text] : next) {
        const auto split = split_broker_key(name);
        const auto* key = find_config_key(ConfigResource::broker, split.key);
        if (key == nullptr) continue;
        const bool of_listener = !split.listener.empty();
        if (!of_listener && key->is_read_only()) refused.read_only.push_back(name);
        if (!of_listener && is_one_of(kStores, key->name)) refused.without_listener.push_back(name);
        const bool anywhere = of_listener ? is_one_of(kOfListenersAnywhere, key->name)
                                          : key->reach.change != ConfigChange::per_broker;
        if (!for_one && !anywhere) refused.for_one_only.push_back(name);
    }
    return refused;
}

std::string pool_refusal(const ConfigKey& key, std::int64_t wanted, std::int64_t have) {
    const bool is_more = wanted > have;
    if (key.name == "log.cleaner.threads") {
        return fmt::format("Log cleaner threads cannot be {} the current value {}",
                           is_more ? "increased to more than double" : "reduced to less than half",
                           have);
    }
    return fmt::format(
        "Dynamic thread count update validation failed for {}={}, value should {} "
        "the current value {}",
        key.name, wanted, is_more ? "not be greater than double" : "be at least half", have);
}

Result<void> check_pool(const BrokerLevels& now, const ConfigKey& key, std::int64_t wanted) {
    const auto current = effective_config(ConfigResource::broker, key, {}, now).value;
    if (current.is_null() || wanted == current.integer()) return {};
    const auto have = current.integer();
    if (wanted >= have / 2 && wanted <= have * 2) return {};
    return fail(Errc::invalid_request,
                fmt::format("Invalid value org.apache.kafka.common.config.ConfigException: {} for "
                            "configuration Invalid dynamic configuration",
                            pool_refusal(key, wanted, have)));
}

}  // namespace

Result<void> check_broker_change(const BrokerLevels& now, bool for_one, const ConfigMap& next) {
    const auto refused = sort_out(next, for_one);
    if (auto ok = none_of(refused.read_only, "Cannot update these configs dynamically"); !ok) {
        return ok;
    }
    if (auto ok = none_of(refused.without_listener,
                          "These security configs can be dynamically updated only per-listener "
                          "using the listener prefix");
        !ok) {
        return ok;
    }
    if (auto ok = none_of(refused.for_one_only,
                          "Cannot update these configs at default cluster level, broker id must be "
                          "specified");
        !ok) {
        return ok;
    }
    for (const auto& [name, text] : next) {
        const auto* key = find_config_key(ConfigResource::broker, split_broker_key(name).key);
        if (key == nullptr) continue;
        const auto value = parse_config(*key, text);
        if (!value) return fail(Errc::invalid_request, value.error().what);
        if (!is_one_of(kPools, name)) continue;
        if (auto ok = check_pool(now, *key, value->integer()); !ok) return ok;
    }
    return {};
}

}  // namespace kcore::controller
