#include "admin/admin.h"

namespace kcore::admin {

namespace {

using cli::Command;
using cli::duration;
using cli::flag;
using cli::number;
using cli::Positional;
using cli::text;

Positional words(Options& o, std::string name, std::string help, std::size_t least,
                 std::size_t most) {
    return {.name = std::move(name),
            .help = std::move(help),
            .least = least,
            .most = most,
            .set = cli::to_list(o.words)};
}

// A command that holds others.
Command family(std::string name, std::string summary, std::vector<Command> members) {
    Command out{.name = std::move(name), .summary = std::move(summary)};
    for (const auto& member : members) out.examples.push_back(member.examples.front());
    out.commands = std::move(members);
    return out;
}

Command config_command(Options& o) {
    Command out{.name = "config",
                .summary = "Show or change the settings of a broker, or of all.",
                .positionals = {words(o, "BROKER", "id; the only one when not given", 0, 1),
                                words(o, "KEY", "one setting", 0, 1)},
                .options = cli::config_options(o.config),
                .examples = {{"kbroker config 1", ""},
                             {"kbroker config --default --set log.retention.ms=3600000", ""},
                             {"kbroker config 1 num.io.threads -o json", ""}},
                .changes = [&o] { return o.config.changes(); },
                .fields = cli::fields_of("configs", cli::config_fields()),
                .run = cli::in_session(o, admin::config)};
    out.options.push_back(
        flag("--default", "of all brokers that have none of their own", o.is_default));
    return out;
}

Command loggers_command(Options& o) {
    Command list{.name = "list",
                 .summary = "Show the loggers of a broker and their levels.",
                 .positionals = {words(o, "BROKER", "id", 0, 1)},
                 .examples = {{"kbroker loggers list 1", ""},
                              {"kbroker loggers list -o json", ""},
                              {"kbroker loggers list -o name", ""}},
                 .fields = cli::fields_of("configs", cli::config_fields()),
                 .run = cli::in_session(o, admin::list_loggers)};
    Command set{.name = "set",
                .summary = "Set levels of loggers of a broker until it stops.",
                .positionals = {words(o, "[BROKER] LOGGER=LEVEL", "id, and levels", 1, 0)},
                .examples = {{"kbroker loggers set 1 root=DEBUG", ""},
                             {"kbroker loggers set root=INFO", ""},
                             {"kbroker loggers set root=DEBUG --dry-run", ""}},
                .changes = cli::always,
                .run = cli::in_session(o, admin::set_loggers)};
    return family("loggers", "Loggers of brokers.", {std::move(list), std::move(set)});
}

Command client_metrics_command(Options& o) {
    const auto name = [&o] { return words(o, "NAME", "of the subscription", 1, 1); };
    Command list{.name = "list",
                 .summary = "Show what clients are asked to report.",
                 .positionals = {words(o, "NAME", "of subscriptions", 0, 0)},
                 .examples = {{"kbroker client-metrics list", ""},
                              {"kbroker client-metrics list basic", ""},
                              {"kbroker client-metrics list -o json", ""}},
                 .fields = client_metrics_fields,
                 .run = cli::in_session(o, admin::list_client_metrics)};
    Command set{.name = "set",
                .summary = "Ask clients for metrics.",
                .positionals = {name()},
                .options = {duration("--interval", "between reports", o.interval_ms),
                            text("--metrics", "PREFIXES", "which, by commas; * is all", o.metrics),
                            text("--match", "K=PATTERN", "of which clients, by commas", o.match)},
                .examples = {{"kbroker client-metrics set basic --metrics '*' --interval 1m", ""},
                             {"kbroker client-metrics set app --match client_id=app.*", ""},
                             {"kbroker client-metrics set basic --interval 5m --dry-run", ""}},
                .changes = cli::always,
                .run = cli::in_session(o, admin::set_client_metrics)};
    Command remove{.name = "delete",
                   .summary = "Ask no more.",
                   .positionals = {name()},
                   .examples = {{"kbroker client-metrics delete basic", ""},
                                {"kbroker client-metrics delete basic -y", ""},
                                {"kbroker client-metrics delete basic --dry-run", ""}},
                   .changes = cli::always,
                   .fields = cli::change_fields("client_metrics"),
                   .run = cli::in_session(o, admin::delete_client_metrics)};
    return family("client-metrics", "What clients are asked to report (KIP-714).",
                  {std::move(list), std::move(set), std::move(remove)});
}

Command quotas_command(Options& o) {
    constexpr const char* kEntity = "user=NAME, client-id=NAME, ip=ADDRESS; without =NAME: default";
    Command list{.name = "list",
                 .summary = "Show quotas.",
                 .positionals = {words(o, "ENTITY", kEntity, 0, 0)},
                 .examples = {{"kbroker quotas list", ""},
                              {"kbroker quotas list user=alice", ""},
                              {"kbroker quotas list client-id -o json", ""}},
                 .fields = quota_fields,
                 .run = cli::in_session(o, admin::list_quotas)};
    Command set{.name = "set",
                .summary =
                    "Set quotas: producer_byte_rate, consumer_byte_rate, "
                    "request_percentage, controller_mutation_rate, "
                    "connection_creation_rate.",
                .positionals = {words(o, "ENTITY... KEY=VALUE", kEntity, 1, 0)},
                .examples = {{"kbroker quotas set user=alice producer_byte_rate=10MiB", ""},
                             {"kbroker quotas set user client-id=app request_percentage=50", ""},
                             {"kbroker quotas set ip=10.0.0.7 connection_creation_rate=5", ""}},
                .changes = cli::always,
                .fields = cli::change_fields("quotas"),
                .run = cli::in_session(o, admin::set_quotas)};
    Command unset{.name = "unset",
                  .summary = "Remove quotas: those named, or all of the entity.",
                  .positionals = {words(o, "ENTITY... [KEY]", kEntity, 1, 0)},
                  .examples = {{"kbroker quotas unset user=alice", ""},
                               {"kbroker quotas unset user=alice producer_byte_rate", ""},
                               {"kbroker quotas unset user=alice --dry-run", ""}},
                  .changes = cli::always,
                  .fields = cli::change_fields("quotas"),
                  .run = cli::in_session(o, admin::unset_quotas)};
    return family("quotas", "Quotas of users, clients and addresses.",
                  {std::move(list), std::move(set), std::move(unset)});
}

Command cluster_command(Options& o) {
    Command info{.name = "info",
                 .summary = "Show the brokers of a cluster.",
                 .options = {cli::watch_option(o.common)},
                 .examples = {{"kbroker cluster info", ""},
                              {"kbroker cluster info -o wide", ""},
                              {"kbroker cluster info -o json", ""}},
                 .fields = info_fields,
                 .run = cli::in_session(o, admin::info)};
    Command health{.name = "health",
                   .summary = "Ask whether every partition is led and in sync; 4 when not.",
                   .options = {duration("--wait-healthy", "until it is", o.wait_ms),
                               cli::watch_option(o.common)},
                   .examples = {{"kbroker cluster health", ""},
                                {"kbroker cluster health --wait-healthy 1m", ""},
                                {"kbroker cluster health -o json", ""}},
                   .fields = health_fields,
                   .run = cli::in_session(o, admin::health)};
    Command quorum{.name = "quorum",
                   .summary = "Show the voters and observers of the metadata log.",
                   .options = {cli::watch_option(o.common)},
                   .examples = {{"kbroker cluster quorum", ""},
                                {"kbroker cluster quorum -o wide", ""},
                                {"kbroker cluster quorum -o json", ""}},
                   .fields = quorum_fields,
                   .run = cli::in_session(o, admin::quorum)};
    Command features{.name = "features",
                     .summary = "Show feature levels, and those that the brokers support.",
                     .examples = {{"kbroker cluster features", ""},
                                  {"kbroker cluster features -o json", ""},
                                  {"kbroker cluster features -o csv", ""}},
                     .fields = feature_fields,
                     .run = cli::in_session(o, admin::features)};
    Command versions{.name = "api-versions",
                     .summary = "Show the APIs of each broker, and the version used with it.",
                     .options = {number("--broker", "only this one", o.broker, 0, INT32_MAX)},
                     .examples = {{"kbroker cluster api-versions", ""},
                                  {"kbroker cluster api-versions --broker 1", ""},
                                  {"kbroker cluster api-versions -o json", ""}},
                     .fields = api_version_fields,
                     .run = cli::in_session(o, admin::api_versions)};
    auto out = family("cluster", "What a cluster is made of, and whether it is well.",
                      {std::move(info), std::move(health), std::move(quorum), std::move(features),
                       std::move(versions)});
    out.not_yet = {"doctor", "controllers"};
    return out;
}

Command raw_command(Options& o) {
    return {.name = "raw",
            .summary = "Send a request as JSON and print the answer, for APIs without a command.",
            .positionals = {{.name = "FILE",
                             .help = "the request; stdin when not given, {} when empty",
                             .least = 0,
                             .set = cli::to_text(o.file),
                             .complete = cli::Complete::files}},
            .options = {text("--api", "NAME", "as ListGroups", o.api),
                        number("--version", "of the request", o.version, 0, INT16_MAX)
                            .or_else("the highest of both"),
                        number("--broker", "ask this one", o.broker, 0, INT32_MAX).or_else("any")},
            .examples = {{"echo {} | kbroker raw --api ListGroups", ""},
                         {"kbroker raw --api DescribeCluster --version 0 < /dev/null", ""},
                         {"kbroker raw --api Metadata --broker 1 request.json", ""}},
            .changes = cli::always,  // It may.
            .run = cli::in_session(o, admin::raw)};
}

Command unregister_command(Options& o) {
    return {.name = "unregister",
            .summary = "Let the cluster forget a broker that is gone for good.",
            .positionals = {words(o, "BROKER", "id", 1, 1)},
            .examples = {{"kbroker unregister 3", ""},
                         {"kbroker unregister 3 -y", ""},
                         {"kbroker unregister 3 --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("brokers"),
            .run = cli::in_session(o, admin::unregister)};
}

}  // namespace

std::vector<cli::Command> commands(Options& o) {
    return {config_command(o), cluster_command(o), loggers_command(o),   client_metrics_command(o),
            quotas_command(o), raw_command(o),     unregister_command(o)};
}

}  // namespace kcore::admin
