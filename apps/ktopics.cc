// ktopics: topics of any Kafka cluster.

#include "cli/tool.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Command;
using cli::Complete;
using cli::Option;
using cli::Positional;

Positional names(Options& o, std::size_t least, std::size_t most) {
    return {.name = "TOPIC",
            .help = "names of topics",
            .least = least,
            .most = most,
            .set = cli::to_list(o.names),
            .complete = Complete::topics};
}

Option flag(std::string spelled, std::string help, bool& out, std::string aliases = {}) {
    return {.names = std::move(spelled),
            .placeholder = "",
            .help = std::move(help),
            .set = cli::to_switch(out),
            .aliases = std::move(aliases)};
}

Option list_of(std::string spelled, std::string placeholder, std::string help,
               std::vector<std::string>& out) {
    return {.names = std::move(spelled),
            .placeholder = std::move(placeholder),
            .help = std::move(help),
            .set = cli::to_list(out)};
}

Option number(std::string spelled, std::string help, std::int64_t& out, std::int64_t least,
              std::string aliases = {}) {
    return {.names = std::move(spelled),
            .placeholder = "N",
            .help = std::move(help),
            .set = cli::to_number(out, least, 1'000'000),
            .aliases = std::move(aliases)};
}

Command list_command(Options& o) {
    return {.name = "list",
            .summary = "Show topics: partitions, replication, records, size, overrides.",
            .positionals = {{.name = "PATTERN",
                             .help = "part of a name, or with * and ?",
                             .least = 0,
                             .most = 1,
                             .set = cli::to_text(o.pattern)}},
            .options = {flag("-i,--internal", "internal topics too", o.internal),
                        flag("-d,--detailed", "each partition", o.detailed),
                        cli::watch_option(o.common)},
            .examples = {{"ktopics list", ""},
                         {"ktopics list 'order*' -o json", ""},
                         {"ktopics list -i -o name", ""}},
            .run = [&o] { return list(o); }};
}

Command create_command(Options& o) {
    auto created = names(o, 1, 0);
    created.complete = Complete::nothing;  // Those that exist cannot be meant.
    return {.name = "create",
            .summary = "Create topics.",
            .positionals = {std::move(created)},
            .options = {number("-p,--partitions", "partitions; -1: the broker's default",
                               o.partitions, -1),
                        number("-r,--replication-factor", "replicas; -1: the broker's default",
                               o.replication_factor, -1, "--replicas"),
                        {.names = "-c,--config",
                         .placeholder = "K=V",
                         .help = "topic settings",
                         .set = cli::to_list(o.configs),
                         .aliases = "--topic-config"},
                        flag("--if-not-exists", "fine when it is there", o.if_not_exists)},
            .examples = {{"ktopics create orders -p 6 -r 3", ""},
                         {"ktopics create orders -c cleanup.policy=compact", ""},
                         {"ktopics create a b c --if-not-exists", ""}},
            .changes = cli::always,
            .run = [&o] { return create(o); }};
}

Command describe_command(Options& o) {
    return {.name = "describe",
            .summary = "Show topics with their partitions; without a name all of them.",
            .positionals = {names(o, 0, 0)},
            .options = {{.names = "--section",
                         .placeholder = "PART",
                         .help = "only summary or partitions",
                         .set = cli::to_text(o.section),
                         .default_text = "all",
                         .choices = {"all", "summary", "partitions"},
                         .complete = Complete::choices},
                        flag("--regex", "names are regular expressions", o.is_regex),
                        flag("-i,--internal", "internal topics too", o.internal),
                        flag("--under-replicated", "only those with too few in sync",
                             o.under_replicated, "--under-replicated-partitions"),
                        flag("--unavailable", "only those with a leaderless partition",
                             o.unavailable, "--unavailable-partitions"),
                        flag("--with-overrides", "only those with settings of their own",
                             o.with_overrides, "--topics-with-overrides"),
                        cli::watch_option(o.common)},
            .examples = {{"ktopics describe orders", ""},
                         {"ktopics describe orders -o json", ""},
                         {"ktopics describe --under-replicated", ""}},
            .run = [&o] { return describe(o); }};
}

Command alter_command(Options& o) {
    return {.name = "alter",
            .summary = "Grow a topic.",
            .positionals = {names(o, 1, 1)},
            .options = {number("-p,--partitions", "the new total", o.partitions, 1),
                        number("--add-partitions", "how many more", o.add_partitions, 1)},
            .examples = {{"ktopics alter orders --partitions 12", ""},
                         {"ktopics alter orders --add-partitions 2", ""},
                         {"ktopics alter orders --partitions 12 --dry-run", ""}},
            .changes = cli::always,
            .run = [&o] { return alter(o); }};
}

Command config_command(Options& o) {
    return {.name = "config",
            .summary = "Show or change the settings of a topic.",
            .positionals = {names(o, 1, 1),
                            {.name = "KEY",
                             .help = "one setting",
                             .least = 0,
                             .most = 1,
                             .set = cli::to_text(o.key)}},
            .options = {list_of("--set", "K=V", "set a value", o.set),
                        list_of("--unset", "K", "back to the default", o.unset),
                        list_of("--append", "K=V", "add to a list", o.append),
                        list_of("--subtract", "K=V", "take from a list", o.subtract),
                        flag("-a,--all", "defaults too", o.all),
                        flag("--docs", "with documentation (see -o wide)", o.docs)},
            .examples = {{"ktopics config orders", ""},
                         {"ktopics config orders --set retention.ms=3600000", ""},
                         {"ktopics config orders retention.ms -o json", ""}},
            .changes = [&o] { return changes_configs(o); },
            .run = [&o] { return config(o); }};
}

Command delete_command(Options& o) {
    return {.name = "delete",
            .summary = "Delete topics and their records.",
            .positionals = {names(o, 1, 0)},
            .options = {flag("--regex", "names are regular expressions", o.is_regex),
                        flag("--if-exists", "fine when it is not there", o.if_exists)},
            .examples = {{"ktopics delete orders", ""},
                         {"ktopics delete -y orders", ""},
                         {"ktopics delete --regex 'test-.*' --dry-run", ""}},
            .changes = cli::always,
            .run = [&o] { return remove(o); }};
}

Command offsets_command(Options& o) {
    auto at = [&o](const std::string& text) -> cli::Parsed<void> {
        for (auto& one : cli::split_commas(text)) o.at.push_back(std::move(one));
        return {};
    };
    return {.name = "offsets",
            .summary = "Show offsets of each partition, by position or time.",
            .positionals = {names(o, 1, 0)},
            .options = {{.names = "--at",
                         .placeholder = "WHERE",
                         .help = "earliest, latest, max-timestamp, @TIME, by commas",
                         .set = at,
                         .aliases = "--time",
                         .default_text = "earliest,latest"},
                        cli::watch_option(o.common)},
            .examples = {{"ktopics offsets orders", ""},
                         {"ktopics offsets orders --at @-1h,latest", ""},
                         {"ktopics offsets orders --at max-timestamp -o json", ""}},
            .run = [&o] { return offsets(o); }};
}

Command partitions_command(Options& o) {
    return {.name = "partitions",
            .summary = "Show topics, one row a partition; without a name all of them.",
            .positionals = {names(o, 0, 0)},
            .options = {flag("-i,--internal", "internal topics too", o.internal),
                        cli::watch_option(o.common)},
            .examples = {{"ktopics partitions orders", ""},
                         {"ktopics partitions", ""},
                         {"ktopics partitions orders -o json", ""}},
            .run = [&o] {
                o.section = "partitions";
                return describe(o);
            }};
}

Command sizes_command(Options& o) {
    return {.name = "sizes",
            .summary = "Show what topics take on disk, all replicas counted.",
            .positionals = {names(o, 0, 1)},
            .options = {{.names = "--by",
                         .placeholder = "WHAT",
                         .help = "topic, broker, dir or partition",
                         .set = cli::to_text(o.by),
                         .default_text = "topic",
                         .choices = {"topic", "broker", "dir", "partition"},
                         .complete = Complete::choices},
                        flag("--sort", "the largest first", o.sort_by_size),
                        cli::watch_option(o.common)},
            .examples = {{"ktopics sizes --sort", ""},
                         {"ktopics sizes orders --by partition", ""},
                         {"ktopics sizes --by broker -o json", ""}},
            .run = [&o] { return sizes(o); }};
}

Command wait_command(Options& o) {
    auto exists = [&o](const std::string&) -> cli::Parsed<void> {
        o.in_sync = false;
        return {};
    };
    return {
        .name = "wait",
        .summary = "Wait until topics are there with all leaders; 3 when --timeout comes first.",
        .positionals = {names(o, 1, 0)},
        .options = {flag("--in-sync", "and every replica is in sync", o.in_sync),
                    {.names = "--exists",
                     .placeholder = "",
                     .help = "only that (the default)",
                     .set = exists}},
        .examples = {{"ktopics wait orders", ""},
                     {"ktopics wait orders --in-sync --timeout 1m", ""},
                     {"ktopics wait a b c", ""}},
        .run = [&o] { return wait(o); }};
}

Command table(Options& o) {
    Command root{.name = "ktopics", .summary = "Topics of a Kafka cluster."};
    root.options = cli::common_options(o.common, {});
    root.commands = {list_command(o),    create_command(o),     describe_command(o),
                     alter_command(o),   config_command(o),     delete_command(o),
                     offsets_command(o), partitions_command(o), sizes_command(o),
                     wait_command(o)};
    root.not_yet = {"trim",      "purge", "recreate", "reassign", "elect", "analyze",
                    "producers", "clone", "apply",    "diff",     "export"};
    root.examples = {{"ktopics create orders --partitions 6", ""},
                     {"ktopics describe orders -o json", ""},
                     {"ktopics list", ""}};
    return root;
}

}  // namespace

}  // namespace kcore::topics

int main(int argc, char** argv) {
    kcore::topics::Options options;
    const auto root = kcore::topics::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
