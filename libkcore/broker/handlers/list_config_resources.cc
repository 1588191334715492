// ListConfigResources: what has settings, by type (KIP-714, KIP-1142).

#include "protocol/api/list_config_resources.h"

#include <algorithm>
#include <array>

#include "broker/handlers/handlers.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

using metadata::ResourceType;
using protocol::ListConfigResourcesRequest;
using protocol::ListConfigResourcesResponse;
using Types = std::vector<std::int8_t>;

constexpr std::array kListed = {ResourceType::topic, ResourceType::broker,
                                ResourceType::broker_logger, ResourceType::client_metrics,
                                ResourceType::group};

Types wanted_of(const Request& request, const ListConfigResourcesRequest& body) {
    if (request.version() == 0) return {static_cast<std::int8_t>(ResourceType::client_metrics)};
    if (!body.resource_types.empty()) return body.resource_types;
    Types all;
    for (const auto type : kListed) all.push_back(static_cast<std::int8_t>(type));
    return all;
}

bool is_listed(std::int8_t type) {
    return std::ranges::find(kListed, static_cast<ResourceType>(type)) != kListed.end();
}

std::vector<std::string> names_of(const metadata::Image& image, ResourceType type) {
    std::vector<std::string> names;
    if (type == ResourceType::topic) {
        for (const auto& topic : image.topics_sorted()) names.push_back(topic->name);
    } else if (type == ResourceType::broker || type == ResourceType::broker_logger) {
        for (const auto& [id, broker] : *image.brokers) names.push_back(std::to_string(id));
    } else {
        image.configs.for_each([&](const metadata::ConfigResource& resource, const auto&) {
            if (resource.type == type) names.push_back(resource.name);
        });
        std::ranges::sort(names);
    }
    return names;
}

}  // namespace

Outcome list_config_resources(Request& request) {
    const auto body = request.decode<ListConfigResourcesRequest>();
    if (!body) return request.malformed(body.error());
    const auto wanted = wanted_of(request, *body);
    ListConfigResourcesResponse response;
    if (!std::ranges::all_of(wanted, is_listed)) {
        response.error_code = static_cast<std::int16_t>(Errc::unsupported_version);
        return request.answer(response);
    }
    const auto image = request.services.image();
    for (const auto type : kListed) {
        if (std::ranges::find(wanted, static_cast<std::int8_t>(type)) == wanted.end()) continue;
        for (auto& name : names_of(*image, type)) {
            auto& added = response.config_resources.emplace_back();
            added.resource_name = std::move(name);
            added.resource_type = static_cast<std::int8_t>(type);
        }
    }
    return request.answer(response);
}

}  // namespace kcore::broker
