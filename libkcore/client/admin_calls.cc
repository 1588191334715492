#include "client/admin_calls.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "protocol/any_message.h"
#include "protocol/api_table.h"
#include "protocol/codec.h"
#include "protocol/json.h"

namespace kcore::client {

io::Deadline admin_limit(Cluster& cluster) {
    return cluster.env().clock.in_ms(cluster.config().api_timeout_ms);
}

std::int32_t broker_limit_ms(Cluster& cluster) {
    return static_cast<std::int32_t>(
        std::min<std::int64_t>(cluster.config().api_timeout_ms, 60'000));
}

std::optional<Error> outcome(std::int16_t wire, const std::optional<std::string>& message,
                             std::string_view name) {
    const auto code = errc_from_wire(wire);
    if (code == Errc::none) return std::nullopt;
    return refused(code, message, name).error();
}

bool is_moving(Errc code) {
    const auto retry = error_info(code).retry;
    return retry == Retry::coordinator || retry == Retry::yes;
}

namespace {

io::Async<rpc::Channel*> peer_of(Cluster& cluster, std::int32_t node, io::Deadline deadline) {
    if (node < 0) {
        auto some = co_await cluster.any(deadline);
        co_return some;
    }
    std::vector<std::string> none;
    auto view = co_await cluster.refresh(std::move(none), deadline);
    if (!view) co_return std::unexpected(std::move(view).error());
    co_return cluster.channel(node, Lane::calls);
}

// The request as bytes. `backing` must live until they are encoded.
Result<void> encode_json(const protocol::ApiInfo& api, const std::string& json,
                         rpc::Outgoing& outgoing) {
    const auto parsed = nlohmann::json::parse(json, nullptr, false);
    if (parsed.is_discarded()) return fail(Errc::invalid_request, "the request is not JSON");
    protocol::AnyMessage message(*api.request);
    protocol::RecordsBacking backing;
    auto done = protocol::from_json(*api.request, parsed, message.data(), backing);
    if (!done) return done;
    return protocol::encode_append(*api.request, message.data(), outgoing.version, outgoing.body);
}

}  // namespace

io::Async<std::string> ask_in_json(Cluster& cluster, std::string api, std::string request,
                                   std::int32_t node, std::int16_t version) {
    const auto* known = protocol::find_api(api);
    if (known == nullptr) {
        co_return fail(Errc::invalid_request, fmt::format("there is no API {}", api));
    }
    const auto deadline = admin_limit(cluster);
    auto peer = co_await peer_of(cluster, node, deadline);
    if (!peer) co_return std::unexpected(std::move(peer).error());
    if (version < 0) {
        auto best = co_await (*peer)->version_for(*known->request, deadline);
        if (!best) co_return std::unexpected(std::move(best).error());
        version = *best;
    }
    if (!known->versions.contains(version)) {
        co_return fail(Errc::unsupported_version,
                       fmt::format("{} has no version {}", known->name, version));
    }
    rpc::Outgoing outgoing(*known->request, version);
    auto encoded = encode_json(*known, request, outgoing);
    if (!encoded) co_return std::unexpected(std::move(encoded).error());
    auto answer = co_await (*peer)->exchange(std::move(outgoing), deadline);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    auto response =
        protocol::decode_any(*known->response, answer->body, version, protocol::Trailing::allow);
    if (!response) co_return std::unexpected(std::move(response).error());
    co_return protocol::to_json(*known->response, response->data(), version).dump();
}

}  // namespace kcore::client
