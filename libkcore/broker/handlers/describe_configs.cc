// DescribeConfigs: what settings come to, and where each value was set.

#include <algorithm>
#include <charconv>

#include "base/config.h"
#include "broker/config_levels.h"
#include "broker/handlers/handlers.h"
#include "broker/services.h"
#include "broker/topic_view.h"
#include "protocol/api/describe_configs.h"

namespace kcore::broker {

namespace {

using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;
using Resource = DescribeConfigsRequest::DescribeConfigsResource;
using ResourceAnswer = DescribeConfigsResponse::DescribeConfigsResult;
using metadata::ResourceType;

struct Wanted {
    const DescribeConfigsRequest& body;
    const Resource& resource;

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

Result<void> describe_topic(const Services& services, const metadata::Image& image,
                            const Wanted& wanted, ResourceAnswer& answer) {
    const auto& name = wanted.resource.resource_name;
    if (!is_legal_topic(name)) {
        return fail(Errc::invalid_topic_exception, "\"" + name + "\" is no legal topic name");
    }
    if (image.topic(name) == nullptr) {
        return fail(Errc::unknown_topic_or_partition, "there is no topic " + name);
    }
    add_all(wanted, ConfigResource::topic, image.topic_config(name),
            levels_of(*services.config, image), answer);
    return {};
}

Result<void> describe_broker(const Services& services, const metadata::Image& image,
                             const Wanted& wanted, ResourceAnswer& answer) {
    const auto& name = wanted.resource.resource_name;
    const auto levels = levels_of(*services.config, image);
    if (name.empty()) {  // The defaults of all brokers: only what was set.
        for (const auto& [key_name, value] : levels.dynamic_default) {
            const auto* key = find_config_key(ConfigResource::broker, key_name);
            if (key == nullptr || !wanted.has(key_name)) continue;
            BrokerLevels only;
            only.dynamic_default = levels.dynamic_default;
            add(wanted, effective_config(ConfigResource::broker, *key, {}, only), answer);
        }
        return {};
    }
    std::int32_t id = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size() ||
        id != services.config->node_id) {
        return fail(Errc::invalid_request, "broker settings are asked of the broker itself, here " +
                                               std::to_string(services.config->node_id) +
                                               ", not \"" + name + "\"");
    }
    add_all(wanted, ConfigResource::broker, {}, levels, answer);
    return {};
}

Result<void> describe(const Services& services, const metadata::Image& image, const Wanted& wanted,
                      ResourceAnswer& answer) {
    switch (static_cast<ResourceType>(wanted.resource.resource_type)) {
        case ResourceType::topic:
            return describe_topic(services, image, wanted, answer);
        case ResourceType::broker:
            return describe_broker(services, image, wanted, answer);
        default:
            return fail(Errc::invalid_request, "resource type " +
                                                   std::to_string(wanted.resource.resource_type) +
                                                   " is not served");
    }
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
