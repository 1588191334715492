#pragma once
// Admin requests that a broker hands on to the active controller, wrapped in an Envelope with who
// sent them (KIP-590), and the controller's answer handed back as it is.

#include <asio/awaitable.hpp>

#include "broker/controller_link.h"
#include "broker/refusal.h"
#include "broker/request.h"
#include "broker/services.h"

namespace kcore::broker {

// Type, name and token flag in the form that travels in an Envelope.
Bytes encode_principal(const Principal& principal);
//   principal_deserialization_failure  not such bytes
Result<Principal> decode_principal(BytesView bytes);

// The answer's header and body, or why there is none. `frame` is the request's own, or one with the
// same header.
io::Async<Bytes> forward(Request& request, Bytes frame);
inline io::Async<Bytes> forward(Request& request) {
    return forward(request, to_bytes(request.frame));
}

// The body behind the header of such an answer.
template <class Response>
Result<Response> answer_in(const Request& request, BytesView header_and_body) {
    const std::size_t header_bytes = Response::info().flexible.contains(request.version()) ? 5 : 4;
    if (header_and_body.size() < header_bytes) {
        return fail(Errc::unknown_server_error, "the controller's answer is too short");
    }
    return protocol::decode<Response>(header_and_body.subspan(header_bytes), request.version());
}

// Forwards a request that has been decoded; `refuse` makes the answer when no controller gives one.
template <class Body>
asio::awaitable<Done> forwarded(Request& request, Body body,
                                typename Body::Response (*refuse)(const Body&, const Error&)) {
    auto answer = co_await forward(request);
    if (!answer) co_return request.answer(refuse(body, answer.error()));
    if (!request.is_metered()) co_return request.answer_raw(*answer);
    auto opened = answer_in<typename Body::Response>(request, *answer);
    if (!opened) co_return request.answer(refuse(body, opened.error()));
    if constexpr (requires { opened->throttle_time_ms; }) {
        request.throttle(opened->throttle_time_ms);
    }
    co_return request.answer(*opened);
}

}  // namespace kcore::broker
