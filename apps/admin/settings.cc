// Settings of brokers, their loggers, and what clients are asked to report.
#include <fmt/format.h>

#include <algorithm>

#include "admin/admin.h"

namespace kcore::admin {

namespace {

using cli::Json;
using cli::Kind;
using client::ConfigSource;
using client::ResourceType;

// The broker that is named, or the only one.
Result<std::string> broker_of(Session& session, const std::string& named) {
    auto ids = broker_ids(session);
    if (!ids) return std::unexpected(std::move(ids).error());
    std::int64_t number = 0;
    if (!named.empty()) {
        const bool is_known =
            cli::parse_integer(named, number) && std::ranges::find(*ids, number) != ids->end();
        if (is_known) return named;
    } else if (ids->size() == 1) {
        return fmt::format("{}", ids->front());
    }
    const auto known = fmt::format("{}", fmt::join(*ids, ", "));
    return fail(Errc::broker_not_available,
                named.empty() ? fmt::format("name one of the brokers {}", known)
                              : fmt::format("there is no broker {}: there are {}", named, known));
}

bool is_number(const std::string& text) {
    std::int64_t number = 0;
    return cli::parse_integer(text, number);
}

// LOGGER=LEVEL words behind an id that may be left out.
std::string leading_id(const Options& options) {
    const bool has_id = !options.words.empty() && is_number(options.words.front());
    return has_id ? options.words.front() : "";
}

struct Subscription {
    std::string name;
    std::map<std::string, std::string> configs;

    Json of(const std::string& key) const {
        const auto found = configs.find(key);
        return found == configs.end() ? Json() : Json(found->second);
    }
};

const std::vector<cli::Field<Subscription>> kSubscriptionFields{
    {{"name", "NAME"}, [](const Subscription& s) { return Json(s.name); }},
    {{"interval_ms", "INTERVAL", Kind::duration_ms},
     [](const Subscription& s) {
         std::int64_t ms = 0;
         const auto text = s.of("interval.ms");
         const bool is_there = text.is_string() && cli::parse_integer(text.get<std::string>(), ms);
         return is_there ? Json(ms) : Json();
     }},
    {{"metrics", "METRICS"}, [](const Subscription& s) { return s.of("metrics"); }},
    {{"match", "MATCH"}, [](const Subscription& s) { return s.of("match"); }}};

constexpr std::int8_t kClientMetrics = 16;

// Those whose names are given, or all. KIP-1000.
Result<std::vector<Subscription>> subscriptions(Session& session,
                                                const std::vector<std::string>& wanted) {
    auto names = wanted;
    if (names.empty()) {
        auto answer = ask(session, "ListConfigResources", {{"resourceTypes", {kClientMetrics}}});
        if (!answer) return std::unexpected(std::move(answer).error());
        for (const auto& one : (*answer)["configResources"]) {
            const bool is_one = one.value("resourceType", kClientMetrics) == kClientMetrics;
            if (is_one) names.push_back(one["resourceName"].get<std::string>());
        }
    }
    std::vector<Subscription> out;
    if (names.empty()) return out;
    std::ranges::sort(names);
    auto configs = session.admin().describe_configs(ResourceType::client_metrics, names, false);
    if (!configs) return std::unexpected(std::move(configs).error());
    for (auto& resource : *configs) {
        if (resource.error) return std::unexpected(std::move(*resource.error));
        auto& one = out.emplace_back();
        one.name = resource.name;
        for (const auto& entry : resource.entries) {
            if (entry.source == ConfigSource::client_metrics) {
                one.configs[entry.name] = entry.value.value_or("");
            }
        }
    }
    return out;
}

}  // namespace

int config(Session& session, const Options& options) {
    auto& console = session.console();
    auto mine = options.config;
    auto words = options.words;
    std::string id;
    if (!words.empty() && is_number(words.front())) {
        id = words.front();
        words.erase(words.begin());
    }
    if (!words.empty()) mine.key = words.front();
    if (words.size() > 1) return console.usage(fmt::format("'{}' is one word too many", words[1]));
    if (options.is_default) {
        if (!id.empty()) return console.usage("give either a broker or --default");
        return cli::show_or_change_configs(
            session, mine,
            {ResourceType::broker, "", "all brokers", ConfigSource::dynamic_default_broker});
    }
    auto broker = broker_of(session, id);
    if (!broker) return console.fail({id, broker.error()});
    return cli::show_or_change_configs(
        session, mine,
        {ResourceType::broker, *broker, "broker " + *broker, ConfigSource::dynamic_broker});
}

int list_loggers(Session& session, const Options& options) {
    auto broker = broker_of(session, leading_id(options));
    if (!broker) return session.console().fail({"", broker.error()});
    cli::ConfigOptions all;
    all.all = true;
    return cli::show_or_change_configs(
        session, all,
        {ResourceType::broker_logger, *broker, "", ConfigSource::dynamic_broker_logger});
}

int set_loggers(Session& session, const Options& options) {
    const auto id = leading_id(options);
    cli::ConfigOptions change;
    change.set.assign(options.words.begin() + (id.empty() ? 0 : 1), options.words.end());
    if (change.set.empty()) return session.console().usage("LOGGER=LEVEL is missing");
    auto broker = broker_of(session, id);
    if (!broker) return session.console().fail({id, broker.error()});
    return cli::show_or_change_configs(
        session, change,
        {ResourceType::broker_logger, *broker, "", ConfigSource::dynamic_broker_logger});
}

cli::Sheet client_metrics_fields() {
    return cli::make_sheet<Subscription>("client_metrics", kSubscriptionFields, {});
}

int list_client_metrics(Session& session, const Options& options) {
    auto rows = subscriptions(session, options.words);
    if (!rows) return session.console().fail({"", rows.error()});
    return session.console().show(cli::make_sheet("client_metrics", kSubscriptionFields, *rows));
}

int set_client_metrics(Session& session, const Options& options) {
    cli::ConfigOptions change;
    if (options.interval_ms >= 0) {
        change.set.push_back(fmt::format("interval.ms={}", options.interval_ms));
    }
    if (!options.metrics.empty()) change.set.push_back("metrics=" + options.metrics);
    if (!options.match.empty()) change.set.push_back("match=" + options.match);
    if (change.set.empty()) {
        return session.console().usage("give --interval, --metrics or --match");
    }
    return cli::show_or_change_configs(
        session, change,
        {ResourceType::client_metrics, options.words.front(), "", ConfigSource::client_metrics});
}

int delete_client_metrics(Session& session, const Options& options) {
    auto& console = session.console();
    const auto& name = options.words.front();
    auto found = subscriptions(session, {name});
    if (!found) return console.fail({name, found.error()});
    const auto& configs = found->front().configs;
    if (configs.empty()) {
        return console.fail(
            {name, Error(Errc::resource_not_found, "there is no such subscription")});
    }
    const cli::Changes plan{"client_metrics", {{name, "would delete"}}};
    if (!console.agree(plan, fmt::format("delete {}?", name))) return cli::kPending;
    std::vector<client::ConfigChange> changes;
    for (const auto& [key, value] : configs) {
        changes.push_back({key, client::ConfigOperation::remove, ""});
    }
    auto done = session.admin().alter_configs(ResourceType::client_metrics, name,
                                              std::move(changes), false);
    if (!done) return console.fail({name, done.error()});
    return session.show({"client_metrics", {{name, "deleted"}}});
}

}  // namespace kcore::admin
