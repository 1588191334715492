// kgroups: consumer groups of any Kafka cluster.

#include "cli/tool.h"
#include "groups/groups.h"
#include "groups/scripts/scripts.h"
#include "groups/target.h"

namespace kcore::groups {

namespace {

using cli::Command;
using cli::Complete;
using cli::flag;
using cli::list;
using cli::number;
using cli::Option;
using cli::Positional;
using cli::text;

Positional names(Options& o, std::size_t most) {
    return {.name = "GROUP",
            .help = "ids of groups",
            .least = 1,
            .most = most,
            .set = cli::to_list(o.names),
            .complete = Complete::groups};
}

Option topics(Options& o, std::string help) {
    return topics_option("-t,--topic", std::move(help), o.topics).completing(Complete::topics);
}

Option only_lag(Options& o) { return flag("--only-lag", "only what lags", o.only_lag); }

Command list_command(Options& o) {
    return {
        .name = "list",
        .summary = "Show groups.",
        .positionals = {{.name = "PATTERN",
                         .help = "part of a name, or with * and ?",
                         .least = 0,
                         .most = 1,
                         .set = cli::to_text(o.pattern)}},
        .options = {{.names = "--state",
                     .placeholder = "STATE",
                     .help = "only in these states, as Stable,Empty",
                     .set = cli::to_some_of(
                         o.states, {"Stable", "PreparingRebalance", "CompletingRebalance", "Empty",
                                    "Dead", "Assigning", "Reconciling", "NotReady"})},
                    {.names = "--type",
                     .placeholder = "TYPE",
                     .help = "only classic, consumer, share or streams",
                     .set = cli::to_some_of(o.types, {"classic", "consumer", "share", "streams"})},
                    topics(o, "only those with offsets in these, or a member that reads them"),
                    flag("--lag", "with what is behind, in all", o.wants_lag),
                    cli::watch_option(o.common)},
        .examples = {{"kgroups list --lag", ""},
                     {"kgroups list 'bill*' -t orders -o json", ""},
                     {"kgroups list --state Empty -o name", ""}},
        .fields = list_fields,
        .run = cli::in_session(o, groups::list)};
}

Command describe_command(Options& o) {
    return {
        .name = "describe",
        .summary = "Show groups with their members, offsets and lag.",
        .positionals = {names(o, 0)},
        .options = {text("--section", "PART", "only summary, lag or members", o.section)
                        .or_else("all")
                        .one_of({"all", "summary", "lag", "members"}),
                    only_lag(o), topics(o, "only these"),
                    text("--isolation-level", "LEVEL",
                         "count lag to the end of read_committed or read_uncommitted", o.isolation)
                        .or_else("read_uncommitted")
                        .one_of({"read_committed", "read_uncommitted"}),
                    cli::watch_option(o.common)},
        .examples = {{"kgroups describe billing", ""},
                     {"kgroups describe billing -o json", ""},
                     {"kgroups describe billing --only-lag -t orders", ""}},
        .fields = describe_fields,
        .run = cli::in_session(o, groups::describe)};
}

// An option of Kafka's script that says the same as --to.
Option as_target(Options& o, std::string name, std::string placeholder,
                 std::function<cli::Parsed<std::string>(const std::string&)> target) {
    auto set = [&o, target = std::move(target)](const std::string& value) -> cli::Parsed<void> {
        auto to = target(value);
        if (!to) return cli::refuse(std::move(to).error());
        o.to = std::move(*to);
        return {};
    };
    return Option{.names = std::move(name),
                  .placeholder = std::move(placeholder),
                  .help = "as --to, for those who know Kafka's script",
                  .set = std::move(set)}
        .minor();
}

void add_targets(std::vector<Option>& to, Options& o) {
    using Text = cli::Parsed<std::string>;
    for (const auto* word : {"earliest", "latest", "current"}) {
        to.push_back(as_target(o, std::string("--to-") + word, "",
                               [word](const std::string&) -> Text { return word; }));
    }
    to.push_back(as_target(o, "--to-offset", "N", [](const std::string& n) -> Text { return n; }));
    to.push_back(as_target(o, "--shift-by", "N",
                           [](const std::string& by) -> Text { return shift_target(by); }));
    to.push_back(as_target(o, "--to-datetime", "TIME",
                           [](const std::string& time) -> Text { return datetime_target(time); }));
    to.push_back(as_target(o, "--by-duration", "P1DT2H", duration_target));
    to.push_back(as_target(o, "--from-file", "FILE", [](const std::string& path) -> Text {
                     return "file:" + path;
                 }).completing(Complete::files));
}

Command reset_command(Options& o) {
    Command out{
        .name = "reset",
        .summary = "Move the committed offsets of a group that nobody is connected to.",
        .positionals = {names(o, 1)},
        .options = {text("--to", "TARGET",
                         "earliest, latest, latest-5, current, 42, +10, -10, @TIME, -1h, "
                         "group:OTHER, file:FILE",
                         o.to),
                    topics(o, "only these; also where nothing is committed yet"),
                    flag("--all-topics", "all that is committed (without -t)", o.all_topics),
                    flag("--export", "only print topic,partition,offset for file:FILE", o.exports)},
        .examples = {{"kgroups reset billing --to -1h -t orders", ""},
                     {"kgroups reset billing --to earliest --dry-run", ""},
                     {"kgroups reset billing --to latest-100 -t orders:0,1 -y", ""}},
        .changes = [&o] { return !o.exports; },
        .fields = offsets_fields,
        .run = cli::in_session(o, groups::reset)};
    add_targets(out.options, o);
    return out;
}

Command kick_command(Options& o) {
    return {.name = "kick",
            .summary = "Remove members from a group; they may come back.",
            .positionals = {names(o, 1)},
            .options = {list("--member", "ID", "this member", o.member_ids),
                        list("--instance-id", "ID", "this static member", o.instance_ids)},
            .examples = {{"kgroups kick billing", ""},
                         {"kgroups kick billing --instance-id worker-1 -y", ""},
                         {"kgroups kick billing --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("members"),
            .run = cli::in_session(o, groups::kick)};
}

Command peek_command(Options& o) {
    return {.name = "peek",
            .summary = "Show the records round a group's committed offsets.",
            .positionals = {names(o, 1)},
            .options =
                {topics(o, "only these"),
                 number("-B,--before", "so many read before", o.before, 0, 10'000).or_else("1"),
                 number("-A,--after", "so many to be read next", o.after, 0, 10'000).or_else("5")},
            .examples = {{"kgroups peek billing", ""},
                         {"kgroups peek billing -t orders:0 -B 3 -A 3", ""},
                         {"kgroups peek billing -o json", ""}},
            .fields = peek_fields,
            .run = cli::in_session(o, groups::peek)};
}

Command config_command(Options& o) {
    return {.name = "config",
            .summary = "Show or change the settings of a group.",
            .positionals = {names(o, 1), cli::config_key(o.config)},
            .options = cli::config_options(o.config),
            .examples = {{"kgroups config billing", ""},
                         {"kgroups config billing --set consumer.session.timeout.ms=50000", ""},
                         {"kgroups config billing --all -o json", ""}},
            .changes = [&o] { return o.config.changes(); },
            .fields = cli::fields_of("configs", cli::config_fields()),
            .run = cli::in_session(o, groups::config)};
}

Command lag_command(Options& o) {
    auto groups = names(o, 0);
    groups.least = 0;
    return {
        .name = "lag",
        .summary = "Show committed offsets and what is behind them, of all groups without GROUP.",
        .positionals = {std::move(groups)},
        .options = {topics(o, "only these"), only_lag(o), cli::watch_option(o.common)},
        .examples = {{"kgroups lag", ""},
                     {"kgroups lag billing --only-lag", ""},
                     {"kgroups lag billing -t orders -o json", ""}},
        .fields = describe_fields,
        .run = cli::in_session(o, groups::lag)};
}

Command members_command(Options& o) {
    return {.name = "members",
            .summary = "Show the members of groups; with -o wide what they have.",
            .positionals = {names(o, 0)},
            .options = {cli::watch_option(o.common)},
            .examples = {{"kgroups members billing", ""},
                         {"kgroups members billing -o wide", ""},
                         {"kgroups members billing -o json", ""}},
            .fields = members_fields,
            .run = cli::in_session(o, groups::members)};
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
            .fields = offsets_fields,
            .run = cli::in_session(o, groups::clone)};
}

Command wait_command(Options& o) {
    return {.name = "wait",
            .summary = "Wait until a group has caught up; 3 when --timeout comes first.",
            .positionals = {names(o, 1)},
            .options = {number("--lag", "the most that may be behind", o.most_lag).or_else("0"),
                        topics(o, "only these")},
            .examples = {{"kgroups wait billing", ""},
                         {"kgroups wait billing --lag 100 --timeout 5m", ""},
                         {"kgroups wait billing -t orders", ""}},
            .run = cli::in_session(o, groups::wait)};
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
                             .fields = cli::change_fields("groups"),
                             .run = cli::in_session(o, groups::remove)});
    root.commands.push_back(
        {.name = "delete-offsets",
         .summary = "Forget committed offsets of topics.",
         .positionals = {names(o, 1)},
         .options = {topics(o, "which")},
         .examples = {{"kgroups delete-offsets billing -t orders", ""},
                      {"kgroups delete-offsets billing -t orders:0,1 -y", ""},
                      {"kgroups delete-offsets billing -t orders --dry-run", ""}},
         .changes = cli::always,
         .fields = cli::change_fields("offsets"),
         .run = cli::in_session(o, groups::delete_offsets)});
    for (auto& command : {lag_command(o), members_command(o), clone_command(o), wait_command(o),
                          kick_command(o), peek_command(o), config_command(o)}) {
        root.commands.push_back(command);
    }
    root.examples = {{"kgroups describe billing", ""},
                     {"kgroups reset billing --to earliest -t orders", ""},
                     {"kgroups list", ""}};
    return root;
}

}  // namespace

}  // namespace kcore::groups

int main(int argc, char** argv) {
    if (const auto code = kcore::cli::run_script(kcore::groups::scripts(), argc, argv)) {
        return *code;
    }
    kcore::groups::Options options;
    const auto root = kcore::groups::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
