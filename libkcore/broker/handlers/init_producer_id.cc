// InitProducerId: an id for an idempotent producer. Transactional producers are refused.

#include "protocol/api/init_producer_id.h"
#include "broker/handlers/handlers.h"
#include "broker/producer_ids.h"
#include "broker/services.h"

namespace kcore::broker {

namespace {

using protocol::InitProducerIdRequest;
using protocol::InitProducerIdResponse;

Done refuse(Request& request, Errc code) {
    InitProducerIdResponse response;
    response.error_code = static_cast<std::int16_t>(code);
    response.producer_epoch = -1;
    return request.answer(response);
}

Done grant(Request& request, std::int64_t id) {
    InitProducerIdResponse response;
    response.producer_id = id;
    return request.answer(response);
}

asio::awaitable<Done> wait_for_id(Request& request) {
    const auto deadline = request.env.clock.in_ms(request.services.config->request_timeout_ms);
    auto id = co_await request.services.producer_ids->next(request.env, deadline);
    if (id) co_return grant(request, *id);
    request.services.logger.warn("no producer id reason=\"{}\"", id.error().what);
    co_return refuse(request, Errc::coordinator_load_in_progress);
}

}  // namespace

Outcome init_producer_id(Request& request) {
    auto body = request.decode<InitProducerIdRequest>();
    if (!body) return request.malformed(body.error());
    if ((body->producer_id == -1) != (body->producer_epoch == -1)) {
        return refuse(request, Errc::invalid_request);
    }
    if (body->transactional_id) {
        if (!body->transactional_id->empty()) {
            return refuse(request, Errc::unsupported_version);
        }
        return refuse(request, Errc::invalid_request);
    }
    const auto id = request.services.producer_ids->take(request.env);
    if (id) return grant(request, *id);
    return wait_for_id(request);
}

}  // namespace kcore::broker
