#include "controller/configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "controller/topic_names.h"

namespace kcore::controller {
namespace {

using metadata::ConfigResource;
using metadata::ResourceType;

constexpr std::string_view kMinInsync = "min.insync.replicas";

enum class Operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

std::unexpected<Error> invalid(std::string what) {
    return fail(Errc::invalid_request, std::move(what));
}

Result<void> check_broker_name(const State& state, const std::string& name) {
    if (name.empty()) return {};
    const bool is_number = std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number || name.size() > 9) return invalid("Invalid broker name " + name);
    if (state.image->broker(std::stoi(name)) == nullptr) {
        return fail(Errc::broker_id_not_registered,
                    fmt::format("No broker with id {} found.", name));
    }
    return {};
}

// Whether there is such a resource to have settings.
Result<void> check_resource(const State& state, const ConfigResource& resource) {
    switch (resource.type) {
        case ResourceType::topic:
            if (resource.name.empty()) return invalid("Default topic resources are not allowed.");
            if (auto legal = check_topic_name(resource.name); !legal) return legal;
            if (state.image->topic(resource.name) == nullptr) {
                return fail(Errc::unknown_topic_or_partition,
                            fmt::format("The topic '{}' does not exist.", resource.name));
            }
            return {};
        case ResourceType::broker:
            return check_broker_name(state, resource.name);
        case ResourceType::client_metrics:
            if (resource.name.empty()) return invalid("Subscription name can't be empty");
            return {};
        case ResourceType::group:
            if (resource.name.empty()) return invalid("Default group resources are not allowed.");
            return {};
        case ResourceType::unknown:
        case ResourceType::broker_logger:
            break;
    }
    return invalid(fmt::format("Unknown resource type {}", static_cast<int>(resource.type)));
}

// With eligible leader replicas every topic's min.insync.replicas comes from one cluster-wide
// value.
Result<void> check_elr(const State& state, const ConfigResource& resource, const ConfigMap& next) {
    if (!state.image->elr_enabled() || resource.type != ResourceType::broker) return {};
    const auto& now = state.image->config(resource);
    if (resource.name.empty()) {
        if (now.contains(kMinInsync) && !next.contains(kMinInsync)) {
            return fail(
                Errc::invalid_config,
                "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
        }
    } else if (next.contains(kMinInsync)) {
        return fail(Errc::invalid_config,
                    "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
    }
    return {};
}

Result<void> check_next(const State& state, const ConfigResource& resource, const ConfigMap& next) {
    if (auto ok = state.rules.check(*state.image, resource, next); !ok) return ok;
    if (auto ok = check_policy(state.settings.alter_policy, next); !ok) return ok;
    return check_elr(state, resource, next);
}

template <class Configs>
Result<void> check_keys(const Configs& configs) {
    std::set<std::string_view> names;
    for (const auto& config : configs) {
        if (!names.insert(config.name).second) return invalid("Error due to duplicate config keys");
    }
    return {};
}

using ConfigChange = protocol::IncrementalAlterConfigsRequest::AlterableConfig;

std::string changed_list(const std::string& now, const std::string& items, Operation how) {
    auto list = split_list(now);
    for (auto& item : split_list(items)) {
        const auto at = std::ranges::find(list, item);
        if (how == Operation::subtract && at != list.end()) list.erase(at);
        if (how == Operation::append && at == list.end()) list.push_back(std::move(item));
    }
    return fmt::format("{}", fmt::join(list, ","));
}

Result<void> change_one(const State& state, const ConfigResource& resource,
                        const ConfigChange& change, ConfigMap& next) {
    const auto how = static_cast<Operation>(change.config_operation);
    if (how == Operation::remove) {
        next.erase(change.name);
        return {};
    }
    if (!change.value) return invalid("Null value not supported for : " + change.name);
    if (how == Operation::set) {
        next[change.name] = *change.value;
        return {};
    }
    if (!state.rules.is_list(resource.type, change.name)) {
        return fail(Errc::invalid_config,
                    fmt::format("Can't {} to key {} because its type is not LIST.",
                                how == Operation::append ? "APPEND" : "SUBTRACT", change.name));
    }
    const auto at = next.find(change.name);
    const auto now = at == next.end()
                         ? state.rules.inherited(*state.image, resource.type, change.name)
                         : at->second;
    next[change.name] = changed_list(now, *change.value, how);
    return {};
}

Result<ConfigMap> next_of(const State& state, const ConfigResource& resource,
                          const std::vector<ConfigChange>& changes) {
    if (auto ok = check_keys(changes); !ok) return std::unexpected(ok.error());
    const auto is_unknown = [](const ConfigChange& c) {
        return c.config_operation < 0 || c.config_operation > 3;
    };
    if (std::ranges::any_of(changes, is_unknown)) return fail(Errc::unknown_server_error, "");
    if (std::ranges::any_of(
            changes, [](const ConfigChange& c) { return c.config_operation != 1 && !c.value; })) {
        const auto at =
            std::ranges::find_if(changes, [](const ConfigChange& c) { return !c.value; });
        return invalid("Null value not supported for : " + at->name);
    }
    if (auto ok = check_resource(state, resource); !ok) return std::unexpected(ok.error());
    auto next = state.image->config(resource);
    for (const auto& change : changes) {
        if (auto ok = change_one(state, resource, change, next); !ok)
            return std::unexpected(ok.error());
    }
    if (auto ok = check_next(state, resource, next); !ok) return std::unexpected(ok.error());
    return next;
}

using Setting = protocol::AlterConfigsRequest::AlterableConfig;

Result<ConfigMap> next_of(const State& state, const ConfigResource& resource,
                          const std::vector<Setting>& settings) {
    if (auto ok = check_keys(settings); !ok) return std::unexpected(ok.error());
    ConfigMap next;
    for (const auto& setting : settings) {
        if (!setting.value) return invalid("Null value not supported for : " + setting.name);
        next[setting.name] = *setting.value;
    }
    if (auto ok = check_resource(state, resource); !ok) return std::unexpected(ok.error());
    if (auto ok = check_next(state, resource, next); !ok) return std::unexpected(ok.error());
    return next;
}

// Both APIs: each resource for itself, none of them twice.
template <class Response, class Request>
Decision<Response> alter(const State& state, const Request& request) {
    Decision<Response> decision;
    std::map<std::pair<std::int8_t, std::string>, int> counts;
    for (const auto& r : request.resources) ++counts[{r.resource_type, r.resource_name}];
    for (const auto& asked : request.resources) {
        auto& answer = decision.response.responses.emplace_back();
        answer.resource_type = asked.resource_type;
        answer.resource_name = asked.resource_name;
        answer.error_message.reset();
        const auto refuse = [&](const Error& error) {
            answer.error_code = static_cast<std::int16_t>(error.code);
            answer.error_message = text_of(error);
        };
        if (counts[{asked.resource_type, asked.resource_name}] > 1) {
            refuse({Errc::invalid_request, "Each resource must appear at most once."});
            continue;
        }
        const ConfigResource resource{static_cast<ResourceType>(asked.resource_type),
                                      asked.resource_name};
        const auto next = next_of(state, resource, asked.configs);
        if (!next) {
            refuse(next.error());
        } else if (!request.validate_only) {
            std::ranges::move(config_records(state, resource, *next),
                              std::back_inserter(decision.records));
        }
    }
    return decision;
}

metadata::Record config_record(const ConfigResource& resource, const std::string& name,
                               std::optional<std::string> value) {
    protocol::ConfigRecord r;
    r.resource_type = static_cast<std::int8_t>(resource.type);
    r.resource_name = resource.name;
    r.name = name;
    r.value = std::move(value);
    return {std::move(r), 0};
}

}  // namespace

std::vector<metadata::Record> config_records(const State& state, const ConfigResource& resource,
                                             const ConfigMap& next) {
    std::vector<metadata::Record> out;
    const auto& now = state.image->config(resource);
    for (const auto& [name, value] : next) {
        const auto at = now.find(name);
        if (at == now.end() || at->second != value)
            out.push_back(config_record(resource, name, value));
    }
    for (const auto& [name, value] : now) {
        if (!next.contains(name)) out.push_back(config_record(resource, name, std::nullopt));
    }
    const auto of = [](const ConfigMap& map) {
        const auto at = map.find(kMinInsync);
        return at == map.end() ? std::optional<std::string>() : std::optional(at->second);
    };
    const bool clears = resource.type == ResourceType::topic ||
                        (resource.type == ResourceType::broker && resource.name.empty());
    if (clears && state.image->elr_enabled() && of(now) != of(next)) {
        protocol::ClearElrRecord r;
        r.topic_name = resource.name;
        out.push_back({std::move(r), 0});
    }
    return out;
}

Decision<protocol::AlterConfigsResponse> alter_configs(
    const State& state, const protocol::AlterConfigsRequest& request) {
    return alter<protocol::AlterConfigsResponse>(state, request);
}

Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const State& state, const protocol::IncrementalAlterConfigsRequest& request) {
    return alter<protocol::IncrementalAlterConfigsResponse>(state, request);
}

}  // namespace kcore::controller
