// GetTelemetrySubscriptions and PushTelemetry: nobody takes clients' metrics here, so clients are
// told to send none (KIP-714). Not advertised, but answered, as Kafka does.

#include "broker/handlers/handlers.h"
#include "protocol/api/get_telemetry_subscriptions.h"
#include "protocol/api/push_telemetry.h"

namespace kcore::broker {

Outcome get_telemetry_subscriptions(Request& request) {
    auto body = request.decode<protocol::GetTelemetrySubscriptionsRequest>();
    if (!body) return request.malformed(body.error());
    protocol::GetTelemetrySubscriptionsResponse response;
    response.client_instance_id =
        body->client_instance_id.is_zero() ? request.env.random.uuid() : body->client_instance_id;
    response.accepted_compression_types = {4, 3, 1, 2};  // zstd, lz4, gzip, snappy
    response.push_interval_ms = 300'000;
    response.telemetry_max_bytes = 1 << 20;
    response.delta_temporality = true;
    return request.answer(response);
}

Outcome push_telemetry(Request& request) {
    auto body = request.decode<protocol::PushTelemetryRequest>();
    if (!body) return request.malformed(body.error());
    protocol::PushTelemetryResponse response;
    response.error_code = static_cast<std::int16_t>(Errc::invalid_request);
    return request.answer(response);
}

}  // namespace kcore::broker
