// DescribeCluster: the brokers behind a broker listener, the controllers behind a controller
// listener (KIP-700, KIP-919).

#include "protocol/api/describe_cluster.h"
#include "broker/handlers/handlers.h"
#include "broker/services.h"
#include "broker/topic_view.h"

namespace kcore::broker {

namespace {

using protocol::DescribeClusterRequest;
using protocol::DescribeClusterResponse;

constexpr std::int8_t kBrokers = 1;
constexpr std::int8_t kControllers = 2;

void add(DescribeClusterResponse& response, std::int32_t id, const io::Address& address) {
    auto& added = response.brokers.emplace_back();
    added.broker_id = id;
    added.host = address.host;
    added.port = address.port;
}

void add_brokers(const Request& request, bool with_fenced, const metadata::Image& image,
                 DescribeClusterResponse& response) {
    for (const auto& [id, broker] : *image.brokers) {
        if (broker->fenced && !with_fenced) continue;
        const auto address = address_of(request, *broker);
        if (!address) continue;
        add(response, id, *address);
        response.brokers.back().rack = broker->rack;
        response.brokers.back().is_fenced = broker->fenced;
    }
    response.controller_id = some_live_broker(image, request.services.config->node_id);
}

void add_controllers(const Request& request, const metadata::Image& image,
                     DescribeClusterResponse& response) {
    for (const auto& [id, controller] : *image.controllers) {
        for (const auto& endpoint : controller.endpoints) {
            if (endpoint.name != request.sender.listener.name) continue;
            add(response, id, {endpoint.host, endpoint.port});
        }
    }
    response.controller_id = request.services.config->node_id;
}

Done refuse(Request& request, Errc code, std::string why) {
    DescribeClusterResponse response;
    response.error_code = static_cast<std::int16_t>(code);
    response.error_message = std::move(why);
    return request.answer(response);
}

}  // namespace

Outcome describe_cluster(Request& request) {
    auto body = request.decode<DescribeClusterRequest>();
    if (!body) return request.malformed(body.error());
    if (body->endpoint_type != kBrokers && body->endpoint_type != kControllers) {
        return refuse(request, Errc::unsupported_endpoint_type,
                      "endpoint types are 1 (brokers) and 2 (controllers)");
    }
    const bool is_controller = request.sender.listener.is_controller;
    if ((body->endpoint_type == kControllers) != is_controller) {
        return refuse(
            request, Errc::mismatched_endpoint_type,
            is_controller ? "this is a controller's listener" : "this is a broker's listener");
    }
    const auto image = request.services.image();
    DescribeClusterResponse response;
    response.endpoint_type = body->endpoint_type;
    response.cluster_id = request.services.cluster_id;
    if (is_controller) {
        add_controllers(request, *image, response);
    } else {
        add_brokers(request, body->include_fenced_brokers, *image, response);
    }
    if (body->include_cluster_authorized_operations) {
        response.cluster_authorized_operations = kClusterOperations;
    }
    return request.answer(response);
}

}  // namespace kcore::broker
