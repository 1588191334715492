// AlterConfigs and IncrementalAlterConfigs: the levels of this broker's loggers are changed here,
// everything else by the controller, which gets what is left of the request.

#include "protocol/api/alter_configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "broker/config_levels.h"
#include "broker/config_resource.h"
#include "broker/forwarding.h"
#include "broker/handlers/handlers.h"
#include "broker/listener_config.h"
#include "broker/log_levels.h"
#include "broker/services.h"
#include "protocol/api/incremental_alter_configs.h"

namespace kcore::broker {

namespace {

using metadata::ResourceType;
using protocol::AlterConfigsRequest;
using protocol::IncrementalAlterConfigsRequest;

// Settings of a broker are changed through the broker itself.
Result<void> check_name(const Services& services, ResourceType type, const std::string& name) {
    const auto id = node_id_of("Node", name);
    if (!id) return std::unexpected(id.error());
    if (*id == services.config->node_id) return {};
    if (type == ResourceType::broker_logger) {
        return fail(Errc::invalid_request,
                    fmt::format("Unexpected node id. Expected {}, but received {}",
                                services.config->node_id, name));
    }
    return fail(Errc::invalid_request,
                fmt::format("Unexpected broker id, expected {}, but received {}",
                            services.config->node_id, name));
}

Result<void> change_loggers(const Services& services, const std::string& name,
                            const std::vector<LoggerChange>& changes, bool validate_only) {
    if (auto ok = check_name(services, ResourceType::broker_logger, name); !ok) {
        return ok;
    }
    std::set<std::string_view> names;
    for (const auto& change : changes) {
        if (names.insert(change.name).second) continue;
        return fail(Errc::invalid_request, "Error due to duplicate config keys");
    }
    return change_log_levels(services.log_levels, changes, validate_only);
}

// The dynamic settings of this broker as they would be.
ConfigMap changed(const ConfigMap& /*now*/, const AlterConfigsRequest::AlterConfigsResource& to) {
    ConfigMap next;
    for (const auto& config : to.configs) {
        if (config.value) next[config.name] = *config.value;
    }
    return next;
}

ConfigMap changed(const ConfigMap& now,
                  const IncrementalAlterConfigsRequest::AlterConfigsResource& by) {
    constexpr std::int8_t kSet = 0;
    ConfigMap next = now;
    for (const auto& config : by.configs) {
        next.erase(config.name);
        if (config.config_operation == kSet && config.value) next[config.name] = *config.value;
    }
    return next;
}

// Only the broker itself knows what it listens on.
template <class Resource>
Result<void> check_listeners(const Services& services, const Resource& resource) {
    const auto is_of_listeners = [](const auto& config) {
        return config.name == "listeners" || config.name == "listener.security.protocol.map";
    };
    if (std::ranges::none_of(resource.configs, is_of_listeners)) return {};
    auto levels = levels_of(*services.config, *services.image());
    levels.dynamic = changed(levels.dynamic, resource);
    const auto next = changed_listeners(*services.config, Config::of_broker(levels));
    if (next) return {};
    return fail(Errc::invalid_request, next.error().what);
}

// What is settled here; nothing for what the controller decides.
template <class Resource>
std::optional<Result<void>> settle(const Services& services, const Resource& resource,
                                   bool validate_only) {
    const auto type = static_cast<ResourceType>(resource.resource_type);
    const auto& name = resource.resource_name;
    if (type == ResourceType::broker && !name.empty()) {
        auto ok = check_name(services, type, name);
        if (ok) ok = check_listeners(services, resource);
        if (!ok) return ok;
    }
    if constexpr (requires { resource.configs.front().config_operation; }) {
        if (type == ResourceType::broker_logger) {
            return change_loggers(services, name, resource.configs, validate_only);
        }
    }
    return std::nullopt;
}

template <class Answer, class Resource>
Answer answer_to(const Resource& resource, const Result<void>& outcome) {
    Answer answer;
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    answer.error_message.reset();
    if (outcome) return answer;
    answer.error_code = static_cast<std::int16_t>(outcome.error().code);
    answer.error_message = outcome.error().what;
    return answer;
}

// The request's header in front of another body.
template <class Body>
Bytes frame_with(const Request& request, const Body& body) {
    const auto header_bytes = request.frame.size() - request.header.body.size();
    auto frame = to_bytes(request.frame.first(header_bytes));
    if (!protocol::encode(body, request.version(), frame)) frame.clear();
    return frame;
}

// Asks the controller for `rest` and puts its answers behind those there are.
template <class Body>
asio::awaitable<Done> ask_for_rest(Request& request, Body rest, typename Body::Response response) {
    auto frame = frame_with(request, rest);
    auto bytes = co_await forward(request, std::move(frame));
    auto answer = bytes ? answer_in<typename Body::Response>(request, *bytes)
                        : Result<typename Body::Response>(std::unexpected(bytes.error()));
    using Answer = typename decltype(response.responses)::value_type;
    if (answer) {
        for (auto& one : answer->responses) response.responses.push_back(std::move(one));
    } else {
        const Result<void> refused = std::unexpected(answer.error());
        for (const auto& resource : rest.resources) {
            response.responses.push_back(answer_to<Answer>(resource, refused));
        }
    }
    co_return request.answer(response);
}

template <class Body>
Outcome alter(Request& request) {
    auto body = request.decode<Body>();
    if (!body) return request.malformed(body.error());
    typename Body::Response response;
    using Answer = typename decltype(response.responses)::value_type;
    Body rest;
    rest.validate_only = body->validate_only;
    for (auto& resource : body->resources) {
        const auto outcome = settle(request.services, resource, body->validate_only);
        if (outcome) {
            response.responses.push_back(answer_to<Answer>(resource, *outcome));
        } else {
            rest.resources.push_back(std::move(resource));
        }
    }
    if (rest.resources.empty()) return request.answer(response);
    return ask_for_rest<Body>(request, std::move(rest), std::move(response));
}

}  // namespace

Outcome alter_configs(Request& request) { return alter<AlterConfigsRequest>(request); }
Outcome incremental_alter_configs(Request& request) {
    return alter<IncrementalAlterConfigsRequest>(request);
}

}  // namespace kcore::broker
