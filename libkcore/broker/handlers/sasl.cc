// SaslHandshake and SaslAuthenticate where nobody authenticates: they come too late, as they would
// after an authentication.

#include "broker/handlers/handlers.h"
#include "broker/refusal.h"
#include "protocol/api/sasl_authenticate.h"
#include "protocol/api/sasl_handshake.h"

namespace kcore::broker {

namespace {

template <class Body>
Outcome refuse(Request& request) {
    const auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    const Error late(Errc::illegal_sasl_state, "this listener authenticates nobody");
    return request.answer(refusal<typename Body::Response>(late));
}

}  // namespace

Outcome sasl_authenticate(Request& request) {
    return refuse<protocol::SaslAuthenticateRequest>(request);
}
Outcome sasl_handshake(Request& request) { return refuse<protocol::SaslHandshakeRequest>(request); }

}  // namespace kcore::broker
