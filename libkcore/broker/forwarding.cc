#include "broker/forwarding.h"

#include <utility>

#include "protocol/data/default_principal_data.h"

namespace kcore::broker {

Bytes encode_principal(const Principal& principal) {
    protocol::DefaultPrincipalData data;
    data.type = principal.type;
    data.name = principal.name;
    data.token_authenticated = principal.token_authenticated;
    Bytes bytes;
    append_be<std::int16_t>(bytes, 0);
    if (!protocol::encode(data, 0, bytes)) bytes.clear();
    return bytes;
}

Result<Principal> decode_principal(BytesView bytes) {
    const auto bad = [] {
        return fail(Errc::principal_deserialization_failure, "the principal cannot be read");
    };
    if (bytes.size() < 2 || load_be<std::int16_t>(bytes.data()) != 0) return bad();
    auto data = protocol::decode<protocol::DefaultPrincipalData>(bytes.subspan(2), 0);
    if (!data) return bad();
    return Principal{std::move(data->type), std::move(data->name), data->token_authenticated};
}

io::Async<Bytes> forward(Request& request, Bytes frame) {
    protocol::EnvelopeRequest envelope;
    envelope.request_data = std::move(frame);
    envelope.request_principal = encode_principal(request.sender.principal);
    envelope.client_host_address = request.sender.peer.host_bytes();
    const auto deadline = request.env.clock.in_ms(request.services.config->request_timeout_ms);
    auto answer =
        co_await request.services.controller->call(request.env.loop, std::move(envelope), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    const auto code = errc_from_wire(answer->error_code);
    if (code != Errc::none) co_return fail(code, std::string(error_info(code).message));
    if (!answer->response_data) co_return fail(Errc::unknown_server_error, "an empty envelope");
    co_return std::move(*answer->response_data);
}

}  // namespace kcore::broker
