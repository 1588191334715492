// kgroups: consumer groups of any Kafka cluster.

#include "cli/tool.h"
#include "groups/groups.h"

namespace kcore::groups {

namespace {

using cli::Command;
using cli::Complete;
using cli::Option;
using cli::Positional;

Positional names(Options& o, std::size_t most) {
    return {.name = "GROUP",
            .help = "ids of groups",
            .least = 1,
            .most = most,
            .set = cli::to_list(o.names),
            .complete = Complete::groups};
}

Option topics(Options& o, std::string help) {
    return {.names = "-t,--topic",
            .placeholder = "T[:P,P]",
            .help = std::move(help),
            .set = cli::to_list(o.topics),
            .complete = Complete::topics};
}

cli::Setter to_words(std::vector<std::string>& out) {
    return [&out](const std::string& text) -> cli::Parsed<void> {
        for (auto& word : cli::split_commas(text)) out.push_back(std::move(word));
        return {};
    };
}

Command list_command(Options& o) {
    return {.name = "list",
            .summary = "Show groups.",
            .positionals = {{.name = "PATTERN",
                             .help = "part of a name, or with * and ?",
                             .least = 0,
                             .most = 1,
                             .set = cli::to_text(o.pattern)}},
            .options = {{.names = "--state",
                         .placeholder = "STATE",
                         .help = "only in these states, as Stable,Empty",
                         .set = to_words(o.states)},
                        {.names = "--type",
                         .placeholder = "TYPE",
                         .help = "only classic, consumer, share or streams",
                         .set = to_words(o.types)},
                        cli::watch_option(o.common)},
            .examples = {{"kgroups list", ""},
                         {"kgroups list 'bill*' -o json", ""},
                         {"kgroups list --state Empty -o name", ""}},
            .run = [&o] { return list(o); }};
}

Command describe_command(Options& o) {
    return {.name = "describe",
            .summary = "Show groups with their members, offsets and lag.",
            .positionals = {names(o, 0)},
            .options = {{.names = "--section",
                         .placeholder = "PART",
                         .help = "only summary, lag or members",
                         .set = cli::to_text(o.section),
                         .default_text = "all",
                         .choices = {"all", "summary", "lag", "members"},
                         .complete = Complete::choices},
                        {.names = "--only-lag",
                         .placeholder = "",
                         .help = "only what lags",
                         .set = cli::to_switch(o.only_lag)},
                        topics(o, "only these"),
                        {.names = "--isolation-level",
                         .placeholder = "LEVEL",
                         .help = "count lag to the end of read_committed or read_uncommitted",
                         .set = cli::to_text(o.isolation),
                         .default_text = "read_uncommitted",
                         .choices = {"read_committed", "read_uncommitted"},
                         .complete = Complete::choices},
                        cli::watch_option(o.common)},
            .examples = {{"kgroups describe billing", ""},
                         {"kgroups describe billing -o json", ""},
                         {"kgroups describe billing --only-lag -t orders", ""}},
            .run = [&o] { return describe(o); }};
}

Command reset_command(Options& o) {
    return {.name = "reset",
            .summary = "Move the committed offsets of a group that nobody is connected to.",
            .positionals = {names(o, 1)},
            .options = {{.names = "--to",
                         .placeholder = "TARGET",
                         .help = "earliest, latest, latest-5, current, 42, +10, -10, @TIME, -1h, "
                                 "group:OTHER",
                         .set = cli::to_text(o.to)},
                        topics(o, "only these; also where nothing is committed yet"),
                        {.names = "--all-topics",
                         .placeholder = "",
                         .help = "all that is committed (without -t)",
                         .set = cli::to_switch(o.all_topics)}},
            .examples = {{"kgroups reset billing --to -1h -t orders", ""},
                         {"kgroups reset billing --to earliest --dry-run", ""},
                         {"kgroups reset billing --to latest-100 -t orders:0,1 -y", ""}},
            .changes = cli::always,
            .run = [&o] { return reset(o); }};
}

Command lag_command(Options& o) {
    auto groups = names(o, 0);
    groups.least = 0;
    return {
        .name = "lag",
        .summary = "Show committed offsets and what is behind them, of all groups without GROUP.",
        .positionals = {std::move(groups)},
        .options = {topics(o, "only these"),
                    {.names = "--only-lag",
                     .placeholder = "",
                     .help = "only what lags",
                     .set = cli::to_switch(o.only_lag)},
                    cli::watch_option(o.common)},
        .examples = {{"kgroups lag", ""},
                     {"kgroups lag billing --only-lag", ""},
                     {"kgroups lag billing -t orders -o json", ""}},
        .run = [&o] { return lag(o); }};
}

Command members_command(Options& o) {
    return {.name = "members",
            .summary = "Show the members of groups; with -o wide what they have.",
            .positionals = {names(o, 0)},
            .options = {cli::watch_option(o.common)},
            .examples = {{"kgroups members billing", ""},
                         {"kgroups members billing -o wide", ""},
                         {"kgroups members billing -o json", ""}},
            .run = [&o] { return members(o); }};
}

Command clone_command(Options& o) {
    const auto group = [&o](std::string name, std::string help) -> Positional {
        return {.name = std::move(name),
                .help = std::move(help),
                .set = cli::to_list(o.names),
                .complete = Complete::groups};
    };
    return {.name = "clone",
            .summary = "Commit the offsets of one group to another that nobody is connected to.",
            .positionals = {group("FROM", "the group that has offsets"),
                            group("TO", "the group that gets them")},
            .options = {topics(o, "only these")},
            .examples = {{"kgroups clone billing billing-2", ""},
                         {"kgroups clone billing billing-2 -t orders -y", ""},
                         {"kgroups clone billing billing-2 --dry-run", ""}},
            .changes = cli::always,
            .run = [&o] { return clone(o); }};
}

Command wait_command(Options& o) {
    return {.name = "wait",
            .summary = "Wait until a group has caught up; 3 when --timeout comes first.",
            .positionals = {names(o, 1)},
            .options = {{.names = "--lag",
                         .placeholder = "N",
                         .help = "the most that may be behind",
                         .set = cli::to_number(o.most_lag, 0, INT64_MAX),
                         .default_text = "0"},
                        topics(o, "only these")},
            .examples = {{"kgroups wait billing", ""},
                         {"kgroups wait billing --lag 100 --timeout 5m", ""},
                         {"kgroups wait billing -t orders", ""}},
            .run = [&o] { return wait(o); }};
}

Command table(Options& o) {
    Command root{.name = "kgroups", .summary = "Consumer groups of a Kafka cluster."};
    root.options = cli::common_options(o.common, {});
    root.commands = {list_command(o), describe_command(o), reset_command(o)};
    root.commands.push_back({.name = "delete",
                             .summary = "Delete groups that nobody is connected to.",
                             .positionals = {names(o, 0)},
                             .examples = {{"kgroups delete billing", ""},
                                          {"kgroups delete -y a b c", ""},
                                          {"kgroups delete billing --dry-run", ""}},
                             .changes = cli::always,
                             .run = [&o] { return remove(o); }});
    root.commands.push_back(
        {.name = "delete-offsets",
         .summary = "Forget committed offsets of topics.",
         .positionals = {names(o, 1)},
         .options = {topics(o, "which")},
         .examples = {{"kgroups delete-offsets billing -t orders", ""},
                      {"kgroups delete-offsets billing -t orders:0,1 -y", ""},
                      {"kgroups delete-offsets billing -t orders --dry-run", ""}},
         .changes = cli::always,
         .run = [&o] { return delete_offsets(o); }});
    for (auto& command : {lag_command(o), members_command(o), clone_command(o), wait_command(o)}) {
        root.commands.push_back(command);
    }
    root.not_yet = {"kick", "peek", "config"};
    root.examples = {{"kgroups describe billing", ""},
                     {"kgroups reset billing --to earliest -t orders", ""},
                     {"kgroups list", ""}};
    return root;
}

}  // namespace

}  // namespace kcore::groups

int main(int argc, char** argv) {
    kcore::groups::Options options;
    const auto root = kcore::groups::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
