#pragma once
// Admin requests that a broker hands on to the active controller, wrapped in an Envelope with who
// sent them (KIP-590), and the controller's answer handed back as it is.

#include <asio/awaitable.hpp>

#include "broker/controller_link.h"
#include "broker/request.h"
#include "broker/services.h"

namespace kcore::broker {

// Type, name and token flag in the form that travels in an Envelope.
Bytes encode_principal(const Principal& principal);
//   principal_deserialization_failure  not such bytes
Result<Principal> decode_principal(BytesView bytes);

// The answer's header and body, or why there is none.
io::Async<Bytes> forward(Request& request);

// Forwards a request that has been decoded; `refuse` makes the answer when no controller gives one.
template <class Body>
asio::awaitable<Done> forwarded(Request& request, Body body,
                                typename Body::Response (*refuse)(const Body&, const Error&)) {
    auto answer = co_await forward(request);
    if (answer) co_return request.answer_raw(*answer);
    co_return request.answer(refuse(body, answer.error()));
}

}  // namespace kcore::broker
