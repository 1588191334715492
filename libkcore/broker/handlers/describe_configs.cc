// DescribeConfigs: what settings come to, and where each value was set.

#include <fmt/format.h>

#include <algorithm>

#include "base/config.h"
#include "base/log_sink.h"
#include "broker/config_levels.h"
#include "broker/config_resource.h"
#include "broker/handlers/handlers.h"
#include "broker/log_levels.h"
#include "broker/services.h"
#include "controller/topic_names.h"
#include "protocol/api/describe_configs.h"

namespace kcore::broker {

namespace {

using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;
using AskedResource = DescribeConfigsRequest::DescribeConfigsResource;
using ResourceAnswer = DescribeConfigsResponse::DescribeConfigsResult;
using metadata::ResourceType;

struct Wanted {
    const DescribeConfigsRequest& body;
    const AskedResource& resource;

    bool has(std::string_view key) const {
        const auto& keys = resource.configuration_keys;
        return !keys || keys->empty() || std::ranges::find(*keys, key) != keys->end();
    }
};

void add(const Wanted& wanted, const EffectiveConfig& effective, ResourceAnswer& answer) {
    const auto& key = *effective.key;
    auto& added = answer.configs.emplace_back();
    const bool is_shown = !key.is_sensitive() && !effective.value.is_null();
    added.name = key.name;
    added.value.reset();
    if (is_shown) added.value = effective.value.to_text();
    added.read_only =
        wanted.resource.resource_type == static_cast<std::int8_t>(ResourceType::broker) &&
        key.is_read_only();
    added.config_source = static_cast<std::int8_t>(effective.source);
    added.is_sensitive = key.is_sensitive();
    added.config_type = static_cast<std::int8_t>(key.type);
    added.documentation.reset();
    if (wanted.body.include_documentation) added.documentation = std::string(key.meaning);
    if (!wanted.body.include_synonyms) return;
    for (const auto& synonym : effective.synonyms) {
        auto& level = added.synonyms.emplace_back();
        level.name = synonym.name;
        level.value.reset();
        if (!key.is_sensitive()) level.value = synonym.value;
        level.source = static_cast<std::int8_t>(synonym.source);
    }
}

void add_all(const Wanted& wanted, ConfigResource kind, const ConfigMap& own,
             const BrokerLevels& levels, ResourceAnswer& answer) {
    for (const auto* key : config_keys(kind)) {
        if (key->is_hidden() || !wanted.has(key->name)) continue;
        add(wanted, effective_config(kind, *key, own, levels), answer);
    }
}

std::unexpected<Error> refuse_resource(std::string what) {
    return fail(Errc::invalid_request, std::move(what));
}

Result<void> describe_topic(const Services& services, const metadata::Image& image,
                            const Wanted& wanted, ResourceAnswer& answer) {
    const auto& name = wanted.resource.resource_name;
    if (auto legal = controller::check_topic_name(name); !legal) return legal;
    if (image.topic(name) == nullptr) return fail(Errc::unknown_topic_or_partition, "");
    add_all(wanted, ConfigResource::topic, image.topic_config(name),
            levels_of(*services.config, image), answer);
    return {};
}

// Groups and client-metrics subscriptions have their defaults whether or not they exist.
Result<void> describe_named(const Services& services, const metadata::Image& image,
                            const Wanted& wanted, ConfigResource kind, ResourceAnswer& answer) {
    const auto& name = wanted.resource.resource_name;
    if (name.empty()) {
        return refuse_resource(kind == ConfigResource::group
                                   ? "Group name must not be empty"
                                   : "Client metrics subscription name must not be empty");
    }
    add_all(wanted, kind, image.config({static_cast<ResourceType>(kind), name}),
            levels_of(*services.config, image), answer);
    return {};
}

// The defaults of all brokers: only what was set.
void describe_brokers(const Wanted& wanted, const BrokerLevels& levels, ResourceAnswer& answer) {
    BrokerLevels only;
    only.dynamic_default = levels.dynamic_default;
    for (const auto& [name, value] : only.dynamic_default) {
        const auto* key = find_config_key(ConfigResource::broker, name);
        if (key == nullptr || !wanted.has(name)) continue;
        add(wanted, effective_config(ConfigResource::broker, *key, {}, only), answer);
    }
}

// What was set under names that the table does not have (plugins' keys, one listener's settings):
// its type is not known, so it counts as sensitive.
void add_unknown(const Wanted& wanted, const ConfigMap& level, ConfigSource source,
                 ResourceAnswer& answer) {
    for (const auto& [name, value] : level) {
        const auto& there = answer.configs;
        if (find_config_key(ConfigResource::broker, name) != nullptr || !wanted.has(name) ||
            std::ranges::find(there, name,
                              &DescribeConfigsResponse::DescribeConfigsResourceResult::name) !=
                there.end()) {
            continue;
        }
        auto& added = answer.configs.emplace_back();
        added.name = name;
        added.value.reset();
        added.config_source = static_cast<std::int8_t>(source);
        added.is_sensitive = true;
        added.documentation.reset();
    }
}

Result<void> describe_broker(const Services& services, const metadata::Image& image,
                             const Wanted& wanted, ResourceAnswer& answer) {
    const auto& name = wanted.resource.resource_name;
    const auto levels = levels_of(*services.config, image);
    if (name.empty()) {
        describe_brokers(wanted, levels, answer);
        return {};
    }
    const auto id = node_id_of("Broker", name);
    if (!id) return std::unexpected(id.error());
    if (*id != services.config->node_id) {
        return refuse_resource(
            fmt::format("Unexpected broker id, expected {} or empty string, but received {}",
                        services.config->node_id, name));
    }
    add_all(wanted, ConfigResource::broker, {}, levels, answer);
    add_unknown(wanted, levels.dynamic, ConfigSource::broker, answer);
    add_unknown(wanted, levels.dynamic_default, ConfigSource::default_broker, answer);
    add_unknown(wanted, levels.fixed, ConfigSource::static_broker, answer);
    return {};
}

void add_logger(const Wanted& wanted, const LogLevels& levels, std::string_view name,
                ResourceAnswer& answer) {
    if (!wanted.has(name)) return;
    auto& added = answer.configs.emplace_back();
    added.name = name;
    added.value = log_level_name(levels.of(name));
    added.config_source = static_cast<std::int8_t>(ConfigSource::broker_logger);
}

Result<void> describe_loggers(const Services& services, const Wanted& wanted,
                              ResourceAnswer& answer) {
    const auto& name = wanted.resource.resource_name;
    if (name.empty()) return refuse_resource("Broker id must not be empty");
    const auto id = node_id_of("Broker", name);
    if (!id) return std::unexpected(id.error());
    if (*id != services.config->node_id) {
        return refuse_resource(fmt::format("Unexpected broker id, expected {} but received {}",
                                           services.config->node_id, name));
    }
    if (services.log_levels == nullptr) return {};
    for (const auto logger : kLoggers) add_logger(wanted, *services.log_levels, logger, answer);
    add_logger(wanted, *services.log_levels, kRootLogger, answer);
    return {};
}

Result<void> describe(const Services& services, const metadata::Image& image, const Wanted& wanted,
                      ResourceAnswer& answer) {
    switch (static_cast<ResourceType>(wanted.resource.resource_type)) {
        case ResourceType::topic:
            return describe_topic(services, image, wanted, answer);
        case ResourceType::broker:
            return describe_broker(services, image, wanted, answer);
        case ResourceType::broker_logger:
            return describe_loggers(services, wanted, answer);
        case ResourceType::client_metrics:
            return describe_named(services, image, wanted, ConfigResource::client_metrics, answer);
        case ResourceType::group:
            return describe_named(services, image, wanted, ConfigResource::group, answer);
        case ResourceType::unknown:
            break;
    }
    return refuse_resource(std::string(error_info(Errc::invalid_request).message));
}

}  // namespace

Outcome describe_configs(Request& request) {
    auto body = request.decode<DescribeConfigsRequest>();
    if (!body) return request.malformed(body.error());
    const auto image = request.services.image();
    DescribeConfigsResponse response;
    for (const auto& resource : body->resources) {
        auto& answer = response.results.emplace_back();
        answer.resource_type = resource.resource_type;
        answer.resource_name = resource.resource_name;
        auto described = describe(request.services, *image, {*body, resource}, answer);
        if (described) continue;
        answer.error_code = static_cast<std::int16_t>(described.error().code);
        answer.error_message = described.error().what;
        answer.configs.clear();
    }
    return request.answer(response);
}

}  // namespace kcore::broker
