// The APIs of delegation tokens on a node without delegation.token.secret.key: there are none, and
// whoever asks without having authenticated is not even told that.

#include "broker/handlers/handlers.h"
#include "protocol/api/create_delegation_token.h"
#include "protocol/api/describe_delegation_token.h"
#include "protocol/api/expire_delegation_token.h"
#include "protocol/api/renew_delegation_token.h"

namespace kcore::broker {

namespace {

std::int16_t refusal_for(const Sender& sender) {
    const bool may_ask =
        sender.principal.name != Principal().name && !sender.principal.token_authenticated;
    return static_cast<std::int16_t>(may_ask ? Errc::delegation_token_auth_disabled
                                             : Errc::delegation_token_request_not_allowed);
}

}  // namespace

Outcome create_delegation_token(Request& request) {
    const auto body = request.decode<protocol::CreateDelegationTokenRequest>();
    if (!body) return request.malformed(body.error());
    const auto& principal = request.sender.principal;
    protocol::CreateDelegationTokenResponse response;
    response.error_code = refusal_for(request.sender);
    response.principal_type = principal.type;
    response.principal_name = principal.name;
    if (request.version() >= 3) {
        response.token_requester_principal_type = principal.type;
        response.token_requester_principal_name = principal.name;
    }
    response.issue_timestamp_ms = -1;
    response.expiry_timestamp_ms = -1;
    response.max_timestamp_ms = -1;
    return request.answer(response);
}

Outcome renew_delegation_token(Request& request) {
    const auto body = request.decode<protocol::RenewDelegationTokenRequest>();
    if (!body) return request.malformed(body.error());
    protocol::RenewDelegationTokenResponse response;
    response.error_code = refusal_for(request.sender);
    response.expiry_timestamp_ms = -1;
    return request.answer(response);
}

Outcome expire_delegation_token(Request& request) {
    const auto body = request.decode<protocol::ExpireDelegationTokenRequest>();
    if (!body) return request.malformed(body.error());
    protocol::ExpireDelegationTokenResponse response;
    response.error_code = refusal_for(request.sender);
    response.expiry_timestamp_ms = -1;
    return request.answer(response);
}

Outcome describe_delegation_token(Request& request) {
    const auto body = request.decode<protocol::DescribeDelegationTokenRequest>();
    if (!body) return request.malformed(body.error());
    protocol::DescribeDelegationTokenResponse response;
    response.error_code = refusal_for(request.sender);
    return request.answer(response);
}

}  // namespace kcore::broker
