// GetTelemetrySubscriptions and PushTelemetry: what clients are asked to measure, and what they
// measured (KIP-714). Advertised while a subscription stands; answered at any time, as Kafka does.

#include <array>

#include "broker/client_metrics.h"
#include "broker/handlers/handlers.h"
#include "broker/services.h"
#include "protocol/api/get_telemetry_subscriptions.h"
#include "protocol/api/push_telemetry.h"
#include "record/compression.h"

namespace kcore::broker {

namespace {

using protocol::GetTelemetrySubscriptionsResponse;
using protocol::PushTelemetryRequest;

constexpr std::size_t kPointsMax = 10'000;  // Of one push.

MetricsClient client_of(const Request& request, const Uuid& instance_id) {
    const auto& sender = request.sender;
    MetricsClient client;
    client.instance_id = instance_id;
    client.id = request.header.client_id;
    client.software_name = sender.software_name;
    client.software_version = sender.software_version;
    client.address = sender.peer.host;
    client.port = sender.peer.port;
    return client;
}

Result<void> take(Request& request, const PushTelemetryRequest& body) {
    const auto& services = request.services;
    if (services.client_metrics == nullptr || !services.client_metrics->is_on()) {
        return fail(Errc::invalid_request, "nobody asked for metrics");
    }
    const auto client = client_of(request, body.client_instance_id);
    auto may = services.client_metrics->check_push(client, body.subscription_id, body.terminating);
    if (!may) return may;
    constexpr std::int8_t kCodecs = 5;
    if (body.compression_type < 0 || body.compression_type >= kCodecs) {
        return fail(Errc::unsupported_compression_type, "no such codec");
    }
    const auto most = static_cast<std::size_t>(services.config->telemetry_bytes_max);
    if (body.metrics.size() > most) {
        return fail(Errc::telemetry_too_large, "above telemetry.max.bytes");
    }
    const auto codec = static_cast<record::Codec>(body.compression_type);
    auto& decompressor = request.scratch().decompressor;
    auto plain = codec == record::Codec::none
                     ? Result<BytesView>(body.metrics)
                     : decompressor.decompress(codec, body.metrics,
                                               record::decompressed_bytes_max(body.metrics.size()));
    if (!plain) return std::unexpected(std::move(plain).error());
    const auto points = read_metrics(*plain, kPointsMax);
    if (!points) return std::unexpected(points.error());
    services.client_metrics->add(client, *points);
    return {};
}

}  // namespace

Outcome get_telemetry_subscriptions(Request& request) {
    auto body = request.decode<protocol::GetTelemetrySubscriptionsRequest>();
    if (!body) return request.malformed(body.error());
    GetTelemetrySubscriptionsResponse response;
    response.client_instance_id =
        body->client_instance_id.is_zero() ? request.env.random.uuid() : body->client_instance_id;
    response.accepted_compression_types = {4, 3, 1, 2};  // zstd, lz4, gzip, snappy
    response.push_interval_ms = 300'000;
    response.telemetry_max_bytes = request.services.config->telemetry_bytes_max;
    response.delta_temporality = true;
    auto* metrics = request.services.client_metrics;
    if (metrics == nullptr || !metrics->is_on()) return request.answer(response);
    const auto client = client_of(request, response.client_instance_id);
    auto given = metrics->subscribe(client);
    if (!given) {
        response = GetTelemetrySubscriptionsResponse();
        response.error_code = static_cast<std::int16_t>(given.error().code);
        return request.answer(response);
    }
    response.subscription_id = given->id;
    response.push_interval_ms = static_cast<std::int32_t>(given->interval_ms);
    response.requested_metrics = std::move(given->metrics);
    return request.answer(response);
}

Outcome push_telemetry(Request& request) {
    const auto body = request.decode<PushTelemetryRequest>();
    if (!body) return request.malformed(body.error());
    protocol::PushTelemetryResponse response;
    const auto taken = take(request, *body);
    if (!taken) response.error_code = static_cast<std::int16_t>(taken.error().code);
    return request.answer(response);
}

}  // namespace kcore::broker
