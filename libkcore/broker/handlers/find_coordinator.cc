// FindCoordinator: which broker coordinates a group. The topic that holds the groups is made when
// the first of them is looked for.

#include "protocol/api/find_coordinator.h"
#include "broker/handlers/handlers.h"
#include "broker/internal_topics.h"
#include "broker/on_demand_topics.h"
#include "broker/services.h"
#include "broker/topic_view.h"
#include "group/java_text.h"

namespace kcore::broker {

namespace {

using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using FoundCoordinator = FindCoordinatorResponse::Coordinator;

constexpr std::int8_t kGroup = 0;
constexpr std::int8_t kTransaction = 1;
constexpr std::int16_t kFirstBatched = 4;

FoundCoordinator refused(Errc code, std::string why) {
    FoundCoordinator found;
    found.node_id = -1;
    found.port = -1;
    found.error_code = static_cast<std::int16_t>(code);
    found.error_message = std::move(why);
    return found;
}

FoundCoordinator coordinator_of(Request& request, std::int8_t type, const std::string& key) {
    if (type == kTransaction) {
        // Not 15, which clients take for "soon" and ask again for as long as they are patient.
        return refused(Errc::unsupported_version, "this broker serves no transactions");
    }
    if (type != kGroup) return refused(Errc::invalid_request, "unknown type of coordinator");
    const auto image = request.services.image();
    const auto* topic = image->topic(kOffsetsTopic);
    if (topic == nullptr) {
        request.services.on_demand_topics->create(request.env.loop, {std::string(kOffsetsTopic)});
        return refused(Errc::coordinator_not_available, "its topic is being made");
    }
    const auto number = group::partition_of(key, topic->partition_count());
    const auto* partition = topic->partition(number);
    const auto view = leader_of(*image, *partition, request.sender.listener.name);
    const auto address =
        view.error == Errc::none ? address_of(request, *image->broker(view.leader)) : std::nullopt;
    if (!address) return refused(Errc::coordinator_not_available, "it has no leader");
    FoundCoordinator found;
    found.node_id = view.leader;
    found.host = address->host;
    found.port = address->port;
    return found;
}

}  // namespace

Outcome find_coordinator(Request& request) {
    auto body = request.decode<FindCoordinatorRequest>();
    if (!body) return request.malformed(body.error());
    FindCoordinatorResponse response;
    if (request.version() >= kFirstBatched) {
        for (const auto& key : body->coordinator_keys) {
            auto& added = response.coordinators.emplace_back();
            added = coordinator_of(request, body->key_type, key);
            added.key = key;
        }
    } else {
        auto found = coordinator_of(request, body->key_type, body->key);
        response.error_code = found.error_code;
        response.error_message = std::move(found.error_message);
        response.node_id = found.node_id;
        response.host = std::move(found.host);
        response.port = found.port;
    }
    return request.answer(response);
}

}  // namespace kcore::broker
