// ApiVersions: which APIs and features this listener serves. Clients send it first, in a version
// that the broker may not know; KIP-511, KIP-584, KIP-1242.

#include <algorithm>

#include "broker/client_metrics.h"
#include "broker/dispatch.h"
#include "broker/handlers/handlers.h"
#include "broker/services.h"
#include "metadata/features.h"
#include "protocol/api/api_versions.h"

namespace kcore::broker {

namespace {

using protocol::ApiVersionsRequest;
using protocol::ApiVersionsResponse;

constexpr std::int16_t kProduce = 0;
constexpr std::int16_t kApiVersions = 18;
constexpr std::int16_t kFirstWithSoftware = 3;
constexpr std::int16_t kFirstWithFeaturesFromZero = 4;
constexpr std::int16_t kFirstWithTarget = 5;

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?
bool is_software_name(std::string_view text) {
    return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
           std::ranges::all_of(text,
                               [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

ApiVersionsResponse::ApiVersion range_of(const Api& api) {
    ApiVersionsResponse::ApiVersion range;
    range.api_key = api.info->api_key;
    // librdkafka up to 2.11 turns compression and headers off unless Produce begins at 0.
    range.min_version = range.api_key == kProduce ? std::int16_t{0} : api.versions.low;
    range.max_version = api.versions.high;
    return range;
}

Errc judge(const Request& request, const ApiVersionsRequest& body) {
    if (request.version() >= kFirstWithSoftware &&
        !(is_software_name(body.client_software_name) &&
          is_software_name(body.client_software_version))) {
        return Errc::invalid_request;
    }
    if (request.version() < kFirstWithTarget) return Errc::none;
    const bool has_node = body.node_id != -1;
    if (body.cluster_id.has_value() != has_node) return Errc::invalid_request;
    if (!has_node) return Errc::none;
    const bool is_here = *body.cluster_id == request.services.cluster_id &&
                         body.node_id == request.services.config->node_id;
    return is_here ? Errc::none : Errc::rebootstrap_required;
}

void add_features(const metadata::Image& image, bool with_minimum_zero,
                  ApiVersionsResponse& response) {
    for (const auto& feature : metadata::supported_features()) {
        if (feature.min == 0 && !with_minimum_zero) continue;
        auto& added = response.supported_features.emplace_back();
        added.name = feature.name;
        added.min_version = feature.min;
        added.max_version = feature.max;
    }
    response.finalized_features_epoch = image.offset;
    for (const auto& [name, level] : *image.features) {
        if (level == 0) continue;
        auto& added = response.finalized_features.emplace_back();
        added.name = name;
        added.max_version_level = level;
        added.min_version_level = level;
    }
}

}  // namespace

Outcome api_versions(Request& request) {
    ApiVersionsResponse response;
    if (!ApiVersionsRequest::info().versions.contains(request.version())) {
        response.error_code = static_cast<std::int16_t>(Errc::unsupported_version);
        response.api_keys.push_back(range_of(*request.apis.find(kApiVersions)));
        return request.answer_as(response, 0);
    }
    auto body = request.decode<ApiVersionsRequest>();
    if (!body) return request.malformed(body.error());
    const auto verdict = judge(request, *body);
    if (verdict != Errc::none) {
        response.error_code = static_cast<std::int16_t>(verdict);
        return request.answer(response);
    }
    request.sender.software_name = body->client_software_name;
    request.sender.software_version = body->client_software_version;
    const auto* metrics = request.services.client_metrics;
    const bool takes_metrics = metrics != nullptr && metrics->is_on();
    for (const auto* api : request.apis.advertised(takes_metrics)) {
        response.api_keys.push_back(range_of(*api));
    }
    add_features(*request.services.image(), request.version() >= kFirstWithFeaturesFromZero,
                 response);
    return request.answer(response);
}

}  // namespace kcore::broker
