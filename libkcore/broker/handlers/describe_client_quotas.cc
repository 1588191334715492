// DescribeClientQuotas: the quotas stored for the entities that a filter picks (KIP-546).

#include "protocol/api/describe_client_quotas.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "broker/handlers/handlers.h"
#include "broker/services.h"
#include "metadata/quotas.h"

namespace kcore::broker {

namespace {

using protocol::DescribeClientQuotasRequest;
using protocol::DescribeClientQuotasResponse;
using Component = DescribeClientQuotasRequest::ComponentData;

constexpr std::int8_t kExact = 0;
constexpr std::int8_t kDefault = 1;
constexpr std::int8_t kAny = 2;

std::unexpected<Error> refuse_filter(std::string what) {
    return fail(Errc::invalid_request, std::move(what));
}

Result<void> check(const DescribeClientQuotasRequest& body) {
    std::set<std::string_view> types;
    for (const auto& component : body.components) {
        const auto& type = component.entity_type;
        if (component.match_type < kExact || component.match_type > kAny) {
            return refuse_filter(fmt::format("Unknown match type {}", component.match_type));
        }
        if (component.match_type == kExact && !component.match) {
            return refuse_filter(
                "Request specified MATCH_TYPE_EXACT, but set match string to null.");
        }
        if (type.empty()) return refuse_filter("Invalid empty entity type.");
        if (!types.insert(type).second) {
            return refuse_filter(
                fmt::format("Entity type {} cannot appear more than once in the filter.", type));
        }
        if (type != "user" && type != "client-id" && type != "ip") {
            return fail(Errc::unsupported_version, fmt::format("Unsupported entity type {}", type));
        }
    }
    if (types.contains("ip") && types.size() > 1) {
        return refuse_filter(
            "Invalid entity filter component combination. IP filter component should not be used "
            "with user or clientId filter component.");
    }
    return {};
}

bool matches(const Component& component, const metadata::QuotaEntity& entity) {
    const auto at = entity.find(component.entity_type);
    if (at == entity.end()) return false;
    if (component.match_type == kAny) return true;
    return component.match_type == kDefault ? !at->second.has_value()
                                            : at->second == component.match;
}

bool is_picked(const DescribeClientQuotasRequest& body, const metadata::QuotaEntity& entity) {
    if (body.strict && entity.size() != body.components.size()) return false;
    return std::ranges::all_of(body.components,
                               [&](const auto& component) { return matches(component, entity); });
}

}  // namespace

Outcome describe_client_quotas(Request& request) {
    const auto body = request.decode<DescribeClientQuotasRequest>();
    if (!body) return request.malformed(body.error());
    DescribeClientQuotasResponse response;
    if (const auto ok = check(*body); !ok) {
        response.error_code = static_cast<std::int16_t>(ok.error().code);
        response.error_message = ok.error().what;
        response.entries.reset();
        return request.answer(response);
    }
    const auto image = request.services.image();
    for (const auto& [entity, quotas] : *image->quotas) {
        if (!is_picked(*body, entity)) continue;
        auto& entry = response.entries->emplace_back();
        metadata::put_entity(entity, entry.entity);
        for (const auto& [key, value] : quotas) {
            auto& quota = entry.values.emplace_back();
            quota.key = key;
            quota.value = value;
        }
    }
    return request.answer(response);
}

}  // namespace kcore::broker
