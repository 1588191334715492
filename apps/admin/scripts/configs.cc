// kafka-configs.
#include "admin/scripts/configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "admin/scripts/scripts.h"
#include "cli/settings.h"

namespace kcore::admin {

namespace {

const std::vector<std::string> kEntityTypes{"topics", "clients",        "users",          "brokers",
                                            "ips",    "broker-loggers", "client-metrics", "groups"};

bool has_type(const ConfigFlags& flags, std::string_view type) {
    return std::ranges::find(flags.entities, type, &ConfigEntity::type) != flags.entities.end();
}

bool is_quota(const std::string& type) {
    return type == "users" || type == "clients" || type == "ips";
}

cli::Parsed<ConfigChanges> changes_of(const ConfigFlags& flags) {
    ConfigChanges out;
    for (const auto& text : flags.added) {
        auto pairs = parse_configs(text);
        if (!pairs) return cli::refuse(std::move(pairs).error());
        out.added.insert(out.added.end(), pairs->begin(), pairs->end());
    }
    for (const auto& path : flags.files) {
        auto properties = cli::read_properties(path);
        if (!properties) return cli::refuse(std::move(properties).error());
        for (auto& one : *properties) {
            out.added.emplace_back(std::move(one.key), std::move(one.value));
        }
    }
    for (const auto& text : flags.deleted) {
        for (auto& key : cli::split_commas(text)) out.deleted.push_back(std::move(key));
    }
    return out;
}

void judge_entities(cli::FlagRules& rules, const ConfigFlags& flags) {
    const auto& entities = flags.entities;
    rules.refuse_if(entities.empty(), "At least one entity type must be specified");
    for (const auto& one : entities) {
        rules.refuse_if(std::ranges::find(kEntityTypes, one.type) == kEntityTypes.end(),
                        fmt::format("Invalid entity type {}, the entity type must be one of {}",
                                    one.type, fmt::join(kEntityTypes, ", ")));
    }
    const bool is_pair =
        entities.size() == 2 && has_type(flags, "users") && has_type(flags, "clients");
    rules.refuse_if(entities.size() > 1 && !is_pair,
                    "Only 'users' and 'clients' entity types can be specified together");
    rules.refuse_if(flags.named > entities.size(),
                    "there are more names of entities than types of them");
    if (entities.empty()) return;
    const auto& first = entities.front();
    const bool has_default = first.type == "brokers" || is_quota(first.type);
    rules.refuse_if(first.name == "" && !has_default,
                    fmt::format("there is no default of {}", first.type));
    rules.refuse_if(first.type == "broker-loggers" && !first.name,
                    "broker-loggers need the id of a broker: --entity-name");
}

bool are_right(const ConfigFlags& flags) {
    cli::FlagRules rules;
    rules.refuse_if(flags.describes == flags.alters,
                    "Command must include exactly one action: --describe, --alter");
    judge_entities(rules, flags);
    rules.refuse_if(flags.common.bootstrap.empty(),
                    "Exactly one of the arguments is required: --bootstrap-server, "
                    "--bootstrap-controller");
    const bool changes = !flags.added.empty() || !flags.files.empty() || !flags.deleted.empty();
    rules.exclude("add-config", !flags.added.empty(), "add-config-file", !flags.files.empty());
    rules.refuse_if(flags.describes && changes,
                    "--add-config, --add-config-file and --delete-config go with --alter");
    rules.exclude("all", flags.wants_all, "alter", flags.alters);
    rules.refuse_if(flags.alters && !changes,
                    "At least one of --add-config, --add-config-file, or --delete-config must be "
                    "specified with --alter");
    const bool is_nameless = std::ranges::any_of(
        flags.entities, [](const ConfigEntity& one) { return !one.name.has_value(); });
    rules.refuse_if(flags.alters && is_nameless,
                    "--alter needs the name of each entity, or its default");
    return !rules.are_broken();
}

Result<void> describe(Session& session, const ConfigFlags& flags) {
    const auto& first = flags.entities.front();
    if (is_resource(first.type)) return describe_resource(session, flags, first);
    auto done = describe_quotas(session, flags.entities);
    const bool has_credentials = first.type == "users" && flags.entities.size() == 1;
    if (!done || !has_credentials || first.name == "") return done;
    return describe_credentials(session, first);
}

Result<void> alter_entities(Session& session, const ConfigFlags& flags) {
    auto changes = changes_of(flags);
    if (!changes) return fail(Errc::invalid_config, std::move(changes).error());
    const auto& first = flags.entities.front();
    const bool is_of_user = first.type == "users" && flags.entities.size() == 1;
    const auto is_secret = [](const auto& pair) { return is_credential(pair.first); };
    const auto secrets = std::ranges::count_if(changes->added, is_secret) +
                         std::ranges::count_if(changes->deleted, is_credential);
    const auto all = static_cast<std::ptrdiff_t>(changes->added.size() + changes->deleted.size());
    if (is_resource(first.type)) {
        if (auto done = alter_resource(session, first, *changes); !done) return done;
    } else if (!is_of_user || secrets == 0) {
        if (auto done = alter_quotas(session, flags.entities, *changes); !done) return done;
    } else if (first.name == "") {
        return fail(Errc::invalid_request,
                    "The use of --entity-default or --user-defaults is not allowed with User SCRAM "
                    "Credentials using --bootstrap-server.");
    } else if (secrets != all) {
        return fail(Errc::invalid_request,
                    "quotas and credentials of a user are changed one after the other");
    } else if (auto done = alter_credentials(session, first, *changes); !done) {
        return done;
    }
    const auto what = first.name == ""
                          ? fmt::format("default config for {} in the cluster", first.type)
                          : fmt::format("config for {} {}", singular(first.type), *first.name);
    session.console().print(fmt::format("Completed updating {}.\n", what));
    return {};
}

int run_configs(Session& session, const ConfigFlags& flags) {
    const auto done = flags.describes ? describe(session, flags) : alter_entities(session, flags);
    if (done) return cli::kDone;
    return session.console().fail({"", done.error()});
}

// --topic NAME and the like: type and name at once.
cli::Option shortcut(ConfigFlags& f, const std::string& name, std::string type, bool is_default) {
    return {.names = "--" + name,
            .placeholder = is_default ? "" : "NAME",
            .help = is_default ? "the default of " + type : "one of " + type,
            .set = [&f, type = std::move(type)](const std::string& text) -> cli::Parsed<void> {
                f.entities.push_back({type, text});
                ++f.named;
                return {};
            }};
}

void add_entities(std::vector<cli::Option>& to, ConfigFlags& f) {
    to.push_back({.names = "--entity-type",
                  .placeholder = "TYPE",
                  .help = "topics, clients, users, brokers, ips, broker-loggers, client-metrics, "
                          "groups",
                  .set = [&f](const std::string& type) -> cli::Parsed<void> {
                      f.entities.push_back({type});
                      return {};
                  }});
    // One option, since the order of names and defaults is that of the types.
    to.push_back({.names = "--entity-name,--entity-default",
                  .placeholder = "NAME",
                  .help = "name of the entity of that type, or the default of all",
                  .set = [&f](const std::string& name) -> cli::Parsed<void> {
                      if (f.named < f.entities.size()) f.entities[f.named].name = name;
                      ++f.named;
                      return {};
                  },
                  .is_optional_value = true});
    for (const auto& [name, type] : {std::pair{"topic", "topics"},
                                     {"broker", "brokers"},
                                     {"broker-logger", "broker-loggers"},
                                     {"client", "clients"},
                                     {"user", "users"},
                                     {"ip", "ips"},
                                     {"client-metrics", "client-metrics"},
                                     {"group", "groups"}}) {
        to.push_back(shortcut(f, name, type, false));
    }
    for (const auto& [name, type] : {std::pair{"broker-defaults", "brokers"},
                                     {"client-defaults", "clients"},
                                     {"user-defaults", "users"},
                                     {"ip-defaults", "ips"}}) {
        to.push_back(shortcut(f, name, type, true));
    }
}

}  // namespace

std::string singular(const std::string& type) { return type.substr(0, type.size() - 1); }

cli::Parsed<std::vector<std::pair<std::string, std::string>>> parse_configs(
    const std::string& text) {
    std::vector<std::pair<std::string, std::string>> out;
    for (std::size_t from = 0; from < text.size();) {
        auto end = from;
        for (bool is_inside = false; end < text.size(); ++end) {
            if (text[end] == '[') is_inside = true;
            if (text[end] == ']') is_inside = false;
            if (text[end] == ',' && !is_inside) break;
        }
        const auto one = text.substr(from, end - from);
        from = end + 1;
        auto pair = cli::split_pair(one);
        if (!pair) return cli::refuse(std::move(pair).error());
        auto& [key, value] = *pair;
        if (value.starts_with('[') && value.ends_with(']')) {
            value = value.substr(1, value.size() - 2);
        }
        out.push_back(std::move(*pair));
    }
    return out;
}

cli::Command kafka_configs() {
    const auto flags = std::make_shared<ConfigFlags>();
    auto& f = *flags;
    cli::Command out{.name = "kafka-configs",
                     .summary = "Settings, quotas and credentials: describe or alter_entities."};
    out.options = cli::connection_options(f.common);
    out.options.front().aliases = "--bootstrap-controller";
    out.options.push_back(cli::flag("--describe", "show them", f.describes));
    out.options.push_back(cli::flag("--alter", "change them", f.alters));
    add_entities(out.options, f);
    out.options.push_back(cli::list("--add-config", "K=V,K=[A,B]", "set these", f.added));
    out.options.push_back(cli::list("--add-config-file", "FILE", "set what it says", f.files)
                              .completing(cli::Complete::files));
    out.options.push_back(cli::list("--delete-config", "K,K", "no longer set these", f.deleted));
    out.options.push_back(cli::flag("--all", "with what is not set", f.wants_all));
    out.options.push_back(cli::flag("--force", "nothing is asked anyway", f.common.yes));
    out.run = [flags] {
        if (!are_right(*flags)) return static_cast<int>(cli::kFailed);
        return cli::run_in_session(flags->common,
                                   [&](Session& session) { return run_configs(session, *flags); });
    };
    return out;
}

}  // namespace kcore::admin
