#include <cstdlib>
#include <utility>

#include "client/admin_calls.h"
#include "protocol/api/describe_configs.h"
#include "protocol/api/incremental_alter_configs.h"

namespace kcore::client {

namespace {

ConfigEntry to_entry(const protocol::DescribeConfigsResponse::DescribeConfigsResourceResult& from) {
    ConfigEntry entry;
    entry.name = from.name;
    entry.value = from.value;
    entry.source = static_cast<ConfigSource>(from.config_source);
    entry.is_read_only = from.read_only;
    entry.is_sensitive = from.is_sensitive;
    entry.documentation = from.documentation.value_or("");
    // The synonyms stand from the strongest to the weakest; the default is the last of them.
    for (const auto& synonym : from.synonyms) {
        const bool is_own = synonym.source == static_cast<std::int8_t>(ConfigSource::topic);
        if (!is_own) entry.default_value = synonym.value;
    }
    // Some have a default of several other keys, which is told of by no synonym.
    const bool is_default = entry.source == ConfigSource::default_config;
    if (is_default && !entry.default_value) entry.default_value = entry.value;
    return entry;
}

// Those of a running broker are known to itself only.
std::int32_t node_of(ResourceType type, const std::string& name) {
    if (type != ResourceType::broker && type != ResourceType::broker_logger) return -1;
    return static_cast<std::int32_t>(std::strtol(name.empty() ? "-1" : name.c_str(), nullptr, 10));
}

template <class Response, class Request>
io::Async<Response> ask_owner(Cluster& cluster, std::int32_t node, Request request) {
    if (node < 0) {
        auto answer = co_await ask_controller<Response>(cluster, std::move(request));
        co_return answer;
    }
    const auto deadline = admin_limit(cluster);
    std::vector<std::string> none;
    auto view = co_await cluster.refresh(std::move(none), deadline);
    if (!view) co_return std::unexpected(std::move(view).error());
    auto answer = co_await cluster.call<Response>(node, Lane::calls, std::move(request), deadline);
    co_return answer;
}

}  // namespace

List<ResourceConfigs> describe_configs(Cluster& cluster, ResourceType type,
                                       std::vector<std::string> names, bool documentation) {
    protocol::DescribeConfigsRequest request;
    request.include_synonyms = true;
    request.include_documentation = documentation;
    for (const auto& name : names) {
        auto& resource = request.resources.emplace_back();
        resource.resource_type = static_cast<std::int8_t>(type);
        resource.resource_name = name;
        resource.configuration_keys.reset();
    }
    const auto node = names.empty() ? -1 : node_of(type, names.front());
    auto answer =
        co_await ask_owner<protocol::DescribeConfigsResponse>(cluster, node, std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    std::vector<ResourceConfigs> out;
    for (const auto& result : answer->results) {
        auto& resource = out.emplace_back();
        resource.name = result.resource_name;
        resource.error = outcome(result.error_code, result.error_message);
        for (const auto& config : result.configs) resource.entries.push_back(to_entry(config));
    }
    co_return out;
}

io::Async<void> alter_configs(Cluster& cluster, ResourceType type, std::string name,
                              std::vector<ConfigChange> changes, bool validate_only) {
    protocol::IncrementalAlterConfigsRequest request;
    request.validate_only = validate_only;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = static_cast<std::int8_t>(type);
    resource.resource_name = name;
    for (const auto& change : changes) {
        auto& config = resource.configs.emplace_back();
        config.name = change.name;
        config.config_operation = static_cast<std::int8_t>(change.operation);
        config.value.reset();
        if (change.operation != ConfigOperation::remove) config.value = change.value;
    }
    const auto node = node_of(type, name);
    auto answer = co_await ask_owner<protocol::IncrementalAlterConfigsResponse>(cluster, node,
                                                                                std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    for (const auto& result : answer->responses) {
        const auto code = errc_from_wire(result.error_code);
        if (code != Errc::none) co_return refused(code, result.error_message, name);
    }
    co_return Result<void>();
}

}  // namespace kcore::client
