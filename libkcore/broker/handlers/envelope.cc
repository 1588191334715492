// Envelope: a client's admin request that a broker hands on. The answer inside is what the client
// gets, byte for byte; errors of the envelope itself are for the broker (KIP-590).

#include "protocol/api/envelope.h"
#include "broker/controller_runner.h"
#include "broker/forwarding.h"
#include "broker/handlers/controller_handlers.h"
#include "broker/services.h"
#include "rpc/header.h"

namespace kcore::broker {

namespace {

using protocol::EnvelopeRequest;
using protocol::EnvelopeResponse;

using Embedded = io::Async<Bytes> (*)(ControllerRunner&, rpc::RequestHeader, Caller);

// The header and body of the answer.
template <class Body>
io::Async<Bytes> embedded(ControllerRunner& runner, rpc::RequestHeader header, Caller caller) {
    const auto version = header.api_version;
    auto body = protocol::decode<Body>(header.body, version, protocol::Trailing::allow);
    if (!body) co_return fail(Errc::invalid_request, body.error().what);
    auto answer = co_await runner.handle(std::move(*body), std::move(caller));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    Bytes bytes;
    append_be(bytes, header.correlation_id);
    if (Body::info().flexible.contains(version)) bytes.push_back(std::byte{0});
    auto encoded = protocol::encode(*answer, version, bytes);
    if (!encoded) co_return std::unexpected(std::move(encoded).error());
    co_return bytes;
}

struct Row {
    const protocol::MessageInfo& info;
    Embedded decide;
};

template <class Body>
Row row() {
    return {Body::info(), embedded<Body>};
}

const Row* find_row(std::int16_t key) {
    using namespace protocol;
    static const Row kRows[] = {row<AddRaftVoterRequest>(),
                                row<AlterClientQuotasRequest>(),
                                row<AlterConfigsRequest>(),
                                row<AlterPartitionReassignmentsRequest>(),
                                row<AlterUserScramCredentialsRequest>(),
                                row<CreatePartitionsRequest>(),
                                row<CreateTopicsRequest>(),
                                row<DeleteTopicsRequest>(),
                                row<DescribeQuorumRequest>(),
                                row<ElectLeadersRequest>(),
                                row<IncrementalAlterConfigsRequest>(),
                                row<ListPartitionReassignmentsRequest>(),
                                row<RemoveRaftVoterRequest>(),
                                row<UnregisterBrokerRequest>(),
                                row<UnregisterControllerRequest>(),
                                row<UpdateFeaturesRequest>()};
    for (const auto& found : kRows) {
        if (found.info.api_key == key) return &found;
    }
    return nullptr;
}

struct Opened {
    const Row* row = nullptr;
    rpc::RequestHeader header;
    Caller caller;
};

// Everything of the embedded request that must be right before it is decided.
Result<Opened> open(const EnvelopeRequest& envelope) {
    if (!envelope.request_principal) {
        return fail(Errc::principal_deserialization_failure, "an envelope without a principal");
    }
    const auto principal = decode_principal(*envelope.request_principal);
    if (!principal) return std::unexpected(principal.error());
    auto header = rpc::RequestHeader::parse_start(envelope.request_data);
    if (!header) return fail(Errc::invalid_request, header.error().what);
    const auto* found = find_row(header->api_key);
    if (found == nullptr) return fail(Errc::invalid_request, "an API that is not forwarded");
    if (!found->info.versions.contains(header->api_version)) {
        return fail(Errc::unsupported_version, "a version that is not served");
    }
    const bool is_flexible = found->info.flexible.contains(header->api_version);
    auto rest = header->parse_rest(envelope.request_data, is_flexible);
    if (!rest) return fail(Errc::invalid_request, rest.error().what);
    Caller caller(*principal, *header);
    return Opened{found, std::move(*header), std::move(caller)};
}

Done refuse(Request& request, const Error& error) {
    EnvelopeResponse response;
    response.error_code = static_cast<std::int16_t>(error.code);
    return request.answer(response);
}

// `body` owns the bytes that the header points into.
asio::awaitable<Done> carry_out(Request& request, EnvelopeRequest body) {
    auto opened = open(body);
    if (!opened) co_return refuse(request, opened.error());
    const auto decide = opened->row->decide;
    auto answer = co_await decide(*request.services.controller_runner, std::move(opened->header),
                                  std::move(opened->caller));
    if (!answer) co_return refuse(request, answer.error());
    EnvelopeResponse response;
    response.response_data = std::move(*answer);
    co_return request.answer(response);
}

}  // namespace

Outcome envelope(Request& request) {
    auto body = request.decode<EnvelopeRequest>();
    if (!body) return request.malformed(body.error());
    return carry_out(request, std::move(*body));
}

}  // namespace kcore::broker
