// ktopics: topics of any Kafka cluster.

#include "cli/tool.h"
#include "topics/rows.h"
#include "topics/scripts/scripts.h"
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

using cli::flag;
using cli::list;
using cli::number;
using cli::text;

constexpr std::int64_t kPartitionsMax = 1'000'000;

Option regex(Options& o) { return flag("--regex", "names are regular expressions", o.is_regex); }
Option internal(Options& o) { return flag("-i,--internal", "internal topics too", o.internal); }

Command list_command(Options& o) {
    return {.name = "list",
            .summary = "Show topics: partitions, replication, records, size, overrides.",
            .positionals = {{.name = "PATTERN",
                             .help = "part of a name, or with * and ?",
                             .least = 0,
                             .most = 1,
                             .set = cli::to_text(o.pattern)}},
            .options = {internal(o), flag("-d,--detailed", "each partition", o.detailed),
                        cli::watch_option(o.common)},
            .examples = {{"ktopics list", ""},
                         {"ktopics list 'order*' -o json", ""},
                         {"ktopics list -i -o name", ""}},
            .fields = cli::fields_of("topics", topic_fields()),
            .run = cli::in_session(o, topics::list)};
}

Command create_command(Options& o) {
    auto created = names(o, 1, 0);
    created.complete = Complete::nothing;  // Those that exist cannot be meant.
    return {
        .name = "create",
        .summary = "Create topics.",
        .positionals = {std::move(created)},
        .options = {number("-p,--partitions", "partitions; -1: the broker's default", o.partitions,
                           -1, kPartitionsMax),
                    number("-r,--replication-factor", "replicas; -1: the broker's default",
                           o.replication_factor, -1, INT16_MAX)
                        .also("--replicas"),
                    list("-c,--config", "K=V", "topic settings", o.configs).also("--topic-config"),
                    flag("--if-not-exists", "fine when it is there", o.if_not_exists)},
        .examples = {{"ktopics create orders -p 6 -r 3", ""},
                     {"ktopics create orders -c cleanup.policy=compact", ""},
                     {"ktopics create a b c --if-not-exists", ""}},
        .changes = cli::always,
        .fields = cli::change_fields("topics"),
        .run = cli::in_session(o, topics::create)};
}

Command describe_command(Options& o) {
    return {
        .name = "describe",
        .summary = "Show topics with their partitions; without a name all of them.",
        .positionals = {names(o, 0, 0)},
        .options =
            {text("--section", "PART", "only summary, partitions or configs", o.section)
                 .or_else("all")
                 .one_of({"all", "summary", "partitions", "configs"}),
             regex(o), internal(o),
             flag("--under-replicated", "only those with too few in sync", o.under_replicated)
                 .also("--under-replicated-partitions"),
             flag("--unavailable", "only those with a leaderless partition", o.unavailable)
                 .also("--unavailable-partitions"),
             flag("--under-min-isr", "only those with fewer in sync than they need",
                  o.under_min_isr)
                 .also("--under-min-isr-partitions"),
             flag("--at-min-isr", "only those with just as many in sync as they need", o.at_min_isr)
                 .also("--at-min-isr-partitions"),
             flag("--with-overrides", "only those with settings of their own", o.with_overrides)
                 .also("--topics-with-overrides"),
             cli::watch_option(o.common)},
        .examples = {{"ktopics describe orders", ""},
                     {"ktopics describe orders -o json", ""},
                     {"ktopics describe --under-replicated", ""}},
        .fields = [&o] { return describe_sheet(o.section, {}); },
        .run = cli::in_session(o, topics::describe)};
}

Command alter_command(Options& o) {
    return {.name = "alter",
            .summary = "Grow a topic.",
            .positionals = {names(o, 1, 1)},
            .options = {number("-p,--partitions", "the new total", o.partitions, 1, kPartitionsMax),
                        number("--add-partitions", "how many more", o.add_partitions, 1,
                               kPartitionsMax)},
            .examples = {{"ktopics alter orders --partitions 12", ""},
                         {"ktopics alter orders --add-partitions 2", ""},
                         {"ktopics alter orders --partitions 12 --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("topics"),
            .run = cli::in_session(o, topics::alter)};
}

Command config_command(Options& o) {
    return {.name = "config",
            .summary = "Show or change the settings of a topic.",
            .positionals = {names(o, 1, 1), cli::config_key(o.config)},
            .options = cli::config_options(o.config),
            .examples = {{"ktopics config orders", ""},
                         {"ktopics config orders --set retention.ms=3600000", ""},
                         {"ktopics config orders retention.ms -o json", ""}},
            .changes = [&o] { return o.config.changes(); },
            .fields = cli::fields_of("configs", cli::config_fields()),
            .run = cli::in_session(o, topics::config)};
}

Command delete_command(Options& o) {
    return {.name = "delete",
            .summary = "Delete topics and their records.",
            .positionals = {names(o, 1, 0)},
            .options = {regex(o), flag("--if-exists", "fine when it is not there", o.if_exists)},
            .examples = {{"ktopics delete orders", ""},
                         {"ktopics delete -y orders", ""},
                         {"ktopics delete --regex 'test-.*' --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("topics"),
            .run = cli::in_session(o, topics::remove)};
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
            .fields = cli::fields_of("offsets", offset_fields()),
            .run = cli::in_session(o, topics::offsets)};
}

Command partitions_command(Options& o) {
    return {.name = "partitions",
            .summary = "Show topics, one row a partition; without a name all of them.",
            .positionals = {names(o, 0, 0)},
            .options = {internal(o), cli::watch_option(o.common)},
            .examples = {{"ktopics partitions orders", ""},
                         {"ktopics partitions", ""},
                         {"ktopics partitions orders -o json", ""}},
            .fields = [] { return describe_sheet("partitions", {}); },
            .run =
                [&o] {
                    o.section = "partitions";
                    return cli::in_session(o, topics::describe)();
                }};
}

Command sizes_command(Options& o) {
    return {.name = "sizes",
            .summary = "Show what topics take on disk, all replicas counted.",
            .positionals = {names(o, 0, 1)},
            .options = {text("--by", "WHAT", "topic, broker, dir or partition", o.by)
                            .or_else("topic")
                            .one_of({"topic", "broker", "dir", "partition"}),
                        flag("--sort", "the largest first", o.sort_by_size),
                        cli::watch_option(o.common)},
            .examples = {{"ktopics sizes --sort", ""},
                         {"ktopics sizes orders --by partition", ""},
                         {"ktopics sizes --by broker -o json", ""}},
            .fields = cli::fields_of("sizes", size_fields()),
            .run = cli::in_session(o, topics::sizes)};
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
        .run = cli::in_session(o, topics::wait)};
}

Option partition_list(Options& o) {
    return text("-p,--partition", "LIST", "partitions: 0,1,4-7", o.partition_list).or_else("all");
}

Command trim_command(Options& o) {
    return {.name = "trim",
            .summary = "Delete the oldest records of a topic, up to a position.",
            .positionals = {names(o, 1, 1)},
            .options = {text("--to", "POS", "what is before it goes: 42, -1000, @TIME, @-7d", o.to),
                        partition_list(o)},
            .examples = {{"ktopics trim orders --to @-7d", ""},
                         {"ktopics trim orders --to 1000 -p 0 -y", ""},
                         {"ktopics trim orders --to -100 --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("partitions"),
            .run = cli::in_session(o, topics::trim)};
}

Command purge_command(Options& o) {
    return {.name = "purge",
            .summary = "Delete all records of a topic.",
            .positionals = {names(o, 1, 1)},
            .options = {partition_list(o)},
            .examples = {{"ktopics purge orders", ""},
                         {"ktopics purge orders -p 0,1 -y", ""},
                         {"ktopics purge orders --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("partitions"),
            .run = cli::in_session(o, topics::purge)};
}

Command recreate_command(Options& o) {
    return {.name = "recreate",
            .summary = "Delete a topic and create it empty with the same settings.",
            .positionals = {names(o, 1, 1)},
            .examples = {{"ktopics recreate orders", ""},
                         {"ktopics recreate orders -y", ""},
                         {"ktopics recreate orders --dry-run", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("topics"),
            .run = cli::in_session(o, topics::recreate)};
}

Command clone_command(Options& o) {
    return {
        .name = "clone",
        .summary = "Create a topic like another one.",
        .positionals = {{.name = "FROM",
                         .help = "the topic that is there",
                         .set = cli::to_list(o.names),
                         .complete = Complete::topics},
                        {.name = "TO", .help = "the one to create", .set = cli::to_list(o.names)}},
        .options = {flag("--data", "copy the records too, as far as they are there now", o.data)},
        .examples = {{"ktopics clone orders orders-2", ""},
                     {"ktopics clone orders orders-copy --data", ""},
                     {"ktopics clone orders orders-2 --dry-run", ""}},
        .changes = cli::always,
        .fields = cli::change_fields("topics"),
        .run = cli::in_session(o, topics::clone)};
}

Command elect_command(Options& o) {
    auto which = names(o, 0, 0);
    which.name = "TOPIC[:P,P]";
    return {.name = "elect",
            .summary = "Let the first replica of each partition lead again.",
            .positionals = {std::move(which)},
            .options = {flag("--all", "all partitions that need it", o.is_all),
                        flag("--unclean", "let replicas that are not in sync lead leaderless ones",
                             o.is_unclean)},
            .examples = {{"ktopics elect --all", ""},
                         {"ktopics elect orders:0,3", ""},
                         {"ktopics elect orders --unclean", ""}},
            .changes = cli::always,
            .fields = cli::change_fields("partitions"),
            .run = cli::in_session(o, topics::elect)};
}

Command producers_command(Options& o) {
    auto which = names(o, 1, 0);
    which.name = "TOPIC[:P,P]";
    return {.name = "producers",
            .summary = "Show who wrote to a topic lately, by producer id.",
            .positionals = {std::move(which)},
            .options = {cli::watch_option(o.common)},
            .examples = {{"ktopics producers orders", ""},
                         {"ktopics producers orders:0", ""},
                         {"ktopics producers orders -o json", ""}},
            .fields = producer_sheet,
            .run = cli::in_session(o, topics::producers)};
}

Command analyze_command(Options& o) {
    return {.name = "analyze",
            .summary = "Read a topic and show its keys, sizes, times, codecs and skew.",
            .positionals = {names(o, 1, 1)},
            .options = {number("--last", "only so many records of each partition; 0: all",
                               o.records_max)
                            .or_else("1000000")},
            .examples = {{"ktopics analyze orders", ""},
                         {"ktopics analyze orders --last 1000", ""},
                         {"ktopics analyze orders -o json", ""}},
            .fields = analysis_sheet,
            .run = cli::in_session(o, topics::analyze)};
}

Command reassign_command(Options& o) {
    return {.name = "reassign",
            .summary = "Move replicas to other brokers, or have more or fewer of them.",
            .positionals = {names(o, 0, 0)},
            .options = {number("-r,--replication-factor", "replicas of each partition",
                               o.replication_factor, 1, INT16_MAX)
                            .also("--replicas"),
                        text("--brokers", "IDS", "only on these: 1,2,3", o.brokers),
                        text("--plan", "FILE", "as JSON, in the form of Kafka's script", o.file)
                            .completing(Complete::files),
                        flag("--list", "show what is moving", o.is_list),
                        flag("--cancel", "give up what is moving", o.is_cancel)},
            .examples = {{"ktopics reassign orders --replication-factor 3", ""},
                         {"ktopics reassign orders --brokers 1,2,3 -y", ""},
                         {"ktopics reassign --list", ""}},
            .not_yet = {"--throttle", "--watch"},
            .changes = [&o] { return !o.is_list; },
            .fields = move_sheet,
            .run = cli::in_session(o, topics::reassign)};
}

Command table(Options& o) {
    Command root{.name = "ktopics", .summary = "Topics of a Kafka cluster."};
    root.options = cli::common_options(o.common, {});
    root.commands = {list_command(o),      create_command(o),     describe_command(o),
                     alter_command(o),     config_command(o),     delete_command(o),
                     offsets_command(o),   partitions_command(o), sizes_command(o),
                     wait_command(o),      trim_command(o),       purge_command(o),
                     recreate_command(o),  clone_command(o),      elect_command(o),
                     producers_command(o), analyze_command(o),    reassign_command(o)};
    root.not_yet = {"apply", "diff", "export"};
    root.examples = {{"ktopics create orders --partitions 6", ""},
                     {"ktopics describe orders -o json", ""},
                     {"ktopics list", ""}};
    return root;
}

}  // namespace

}  // namespace kcore::topics

int main(int argc, char** argv) {
    if (const auto code = kcore::cli::run_script(kcore::topics::scripts(), argc, argv)) {
        return *code;
    }
    kcore::topics::Options options;
    const auto root = kcore::topics::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
