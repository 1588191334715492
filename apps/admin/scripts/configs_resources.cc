// kafka-configs: settings of topics, brokers, loggers, groups and subscriptions to metrics.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "admin/scripts/configs.h"

namespace kcore::admin {

namespace {

using cli::Json;
using client::ConfigSource;
using client::ResourceType;

struct Kind {
    ResourceType type = ResourceType::topic;
    ConfigSource own = ConfigSource::topic;
};

const std::map<std::string, Kind> kKinds{
    {"topics", {ResourceType::topic, ConfigSource::topic}},
    {"brokers", {ResourceType::broker, ConfigSource::dynamic_broker}},
    {"broker-loggers", {ResourceType::broker_logger, ConfigSource::dynamic_broker_logger}},
    {"client-metrics", {ResourceType::client_metrics, ConfigSource::client_metrics}},
    {"groups", {ResourceType::group, ConfigSource::group}}};

std::string source_name(std::int64_t source) {
    switch (static_cast<ConfigSource>(source)) {
        case ConfigSource::topic:
            return "DYNAMIC_TOPIC_CONFIG";
        case ConfigSource::dynamic_broker:
            return "DYNAMIC_BROKER_CONFIG";
        case ConfigSource::dynamic_default_broker:
            return "DYNAMIC_DEFAULT_BROKER_CONFIG";
        case ConfigSource::static_broker:
            return "STATIC_BROKER_CONFIG";
        case ConfigSource::default_config:
            return "DEFAULT_CONFIG";
        case ConfigSource::dynamic_broker_logger:
            return "DYNAMIC_BROKER_LOGGER_CONFIG";
        case ConfigSource::client_metrics:
            return "DYNAMIC_CLIENT_METRICS_CONFIG";
        case ConfigSource::group:
            return "DYNAMIC_GROUP_CONFIG";
        case ConfigSource::unknown:
            break;
    }
    return "UNKNOWN";
}

std::string value_of(const Json& config) {
    return config["value"].is_null() ? "null" : config["value"].get<std::string>();
}

std::string line_of(const Json& config) {
    std::string synonyms;
    for (const auto& one : config["synonyms"]) {
        synonyms += fmt::format("{}{}:{}={}", synonyms.empty() ? "" : ", ",
                                source_name(one["source"].get<std::int64_t>()),
                                one["name"].get<std::string>(), value_of(one));
    }
    return fmt::format("  {}={} sensitive={} synonyms={{{}}}\n", config["name"].get<std::string>(),
                       value_of(config), config["isSensitive"].get<bool>(), synonyms);
}

// Those of a running broker are known to itself only.
Result<std::int32_t> node_of(const ConfigEntity& entity) {
    const bool is_of_broker = entity.type == "brokers" || entity.type == "broker-loggers";
    if (!is_of_broker || entity.name == "") return -1;
    std::int64_t id = -1;
    if (cli::parse_integer(*entity.name, id) && id >= 0 && id <= INT32_MAX) {
        return static_cast<std::int32_t>(id);
    }
    return fail(Errc::invalid_request,
                fmt::format("The entity name for {} must be a valid integer broker id, but it is: "
                            "{}",
                            entity.type, *entity.name));
}

// Subscriptions and groups that have settings.
Result<std::set<std::string>> configured(Session& session, ResourceType type) {
    auto answer = ask(session, "ListConfigResources",
                      {{"resourceTypes", Json::array({static_cast<int>(type)})}});
    if (!answer) return std::unexpected(std::move(answer).error());
    std::set<std::string> out;
    for (const auto& one : (*answer)["configResources"]) {
        out.insert(one["resourceName"].get<std::string>());
    }
    return out;
}

Result<std::set<std::string>> every_name(Session& session, const std::string& type) {
    std::set<std::string> out;
    if (type == "client-metrics" || type == "groups") {
        auto names = configured(session, kKinds.at(type).type);
        if (!names) return names;
        out = std::move(*names);
    }
    if (type == "groups") {
        auto groups = session.admin().list_groups({}, {});
        if (!groups) return std::unexpected(std::move(groups).error());
        for (const auto& group : groups->groups) out.insert(group.group);
    }
    if (type != "topics" && type != "brokers") return out;
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return std::unexpected(std::move(view).error());
    if (type == "topics") {
        for (const auto& [name, topic] : (*view)->topics) out.insert(name);
    } else {
        for (const auto& [id, broker] : (*view)->brokers) out.insert(std::to_string(id));
    }
    return out;
}

std::string headline(const ConfigEntity& entity, bool wants_all) {
    if (entity.name == "")
        return fmt::format("Default configs for {} in the cluster are:\n", entity.type);
    return fmt::format("{} configs for {} {} are:\n", wants_all ? "All" : "Dynamic",
                       singular(entity.type), *entity.name);
}

Result<std::string> text_of(Session& session, const ConfigEntity& entity, bool wants_all) {
    const auto node = node_of(entity);
    if (!node) return std::unexpected(node.error());
    const auto& kind = kKinds.at(entity.type);
    const Json resource{{"resourceType", static_cast<int>(kind.type)},
                        {"resourceName", *entity.name},
                        {"configurationKeys", nullptr}};
    auto answer = ask(session, "DescribeConfigs",
                      {{"resources", Json::array({resource})}, {"includeSynonyms", true}}, *node);
    if (!answer) return std::unexpected(std::move(answer).error());
    const auto& result = (*answer)["results"][0];
    if (auto error = error_of(result)) return std::unexpected(std::move(*error));
    const auto own = entity.name == "" ? ConfigSource::dynamic_default_broker : kind.own;
    auto configs = result["configs"].get<std::vector<Json>>();
    std::ranges::sort(configs, {}, [](const Json& one) { return one["name"].get<std::string>(); });
    auto out = headline(entity, wants_all);
    for (const auto& config : configs) {
        const auto source = config["configSource"].get<std::int64_t>();
        const bool is_own = source == static_cast<std::int64_t>(own);
        if (wants_all || is_own || entity.type == "broker-loggers") out += line_of(config);
    }
    return out;
}

}  // namespace

bool is_resource(const std::string& type) { return kKinds.contains(type); }

Result<void> describe_resource(Session& session, const ConfigFlags& flags,
                               const ConfigEntity& entity) {
    auto names = every_name(session, entity.type);
    if (!names) return std::unexpected(std::move(names).error());
    if (entity.type == "topics" && entity.name && !names->contains(*entity.name)) {
        session.console().print(fmt::format(
            "The topic '{}' doesn't exist and doesn't have dynamic config.\n", *entity.name));
        return fail(Errc::unknown_topic_or_partition, *entity.name + ": there is no such topic");
    }
    std::vector<std::string> wanted;
    if (entity.name) {
        wanted.push_back(*entity.name);
    } else {
        wanted.assign(names->begin(), names->end());
        if (entity.type == "brokers") wanted.emplace_back();
    }
    for (const auto& name : wanted) {
        auto text = text_of(session, {entity.type, name}, flags.wants_all);
        if (!text) return std::unexpected(std::move(text).error());
        session.console().print(*text);
    }
    return {};
}

Result<void> alter_resource(Session& session, const ConfigEntity& entity,
                            const ConfigChanges& changes) {
    const auto node = node_of(entity);
    if (!node) return std::unexpected(node.error());
    std::vector<client::ConfigChange> out;
    for (const auto& [key, value] : changes.added) {
        out.push_back({key, client::ConfigOperation::set, value});
    }
    for (const auto& key : changes.deleted) {
        out.push_back({key, client::ConfigOperation::remove, ""});
    }
    return session.admin().alter_configs(kKinds.at(entity.type).type, *entity.name, std::move(out),
                                         false);
}

}  // namespace kcore::admin
