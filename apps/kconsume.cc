// kconsume: records of topics, by position, time or group.

#include <fmt/format.h>

#include "cli/time_text.h"
#include "cli/tool.h"
#include "consume/consume.h"
#include "io/posix.h"

namespace kcore::consume {

namespace {

using cli::Complete;
using cli::Option;
using cli::Parsed;

Option flag(std::string names, std::string help, bool& out, std::string aliases = {}) {
    return {.names = std::move(names),
            .placeholder = "",
            .help = std::move(help),
            .set = cli::to_switch(out),
            .aliases = std::move(aliases),
            .is_minor = true};
}

// Two ranges of which one has the start and one the end are one (kcat's s@ and e@).
cli::Setter to_range(cli::Range& out, std::int64_t now_ms) {
    return [&out, now_ms](const std::string& text) -> Parsed<void> {
        auto range = cli::parse_range(text, now_ms);
        if (!range) return cli::refuse(std::move(range).error());
        if (range->start) out.start = range->start;
        if (range->end) out.end = range->end;
        return {};
    };
}

cli::Setter to_bound(std::optional<cli::Position>& out, std::int64_t now_ms) {
    return [&out, now_ms](const std::string& text) -> Parsed<void> {
        auto position = cli::parse_position(text, now_ms);
        if (!position) {
            auto time = cli::parse_time_ms(text, now_ms);
            if (!time) return cli::refuse(std::move(position).error());
            position = cli::Position{cli::Position::Kind::time, *time};
        }
        out = *position;
        return {};
    };
}

void add_bounds(std::vector<Option>& to, Options& o, std::int64_t now_ms) {
    to.push_back({.names = "-o,--offset",
                  .placeholder = "RANGE",
                  .help = "start, or start:end: beginning, end, 42, -10, @-1h:now, committed",
                  .set = to_range(o.range, now_ms),
                  .default_text = "beginning, and follow"});
    to.push_back({.names = "--from",
                  .placeholder = "POS",
                  .help = "the start alone; a time too",
                  .set = to_bound(o.range.start, now_ms),
                  .is_minor = true});
    to.push_back({.names = "--to",
                  .placeholder = "POS",
                  .help = "the end alone; a time too",
                  .set = to_bound(o.range.end, now_ms),
                  .is_minor = true});
    to.push_back({.names = "--from-beginning",
                  .placeholder = "",
                  .help = "from the first record",
                  .set = [&o](const std::string&) -> Parsed<void> {
                      o.range.start = cli::Position{};
                      return {};
                  },
                  .is_minor = true});
}

void add_limits(std::vector<Option>& to, Options& o) {
    auto exit = flag("-e,--exit", "stop at what is the end now", o.exit_at_end);
    exit.is_minor = false;
    to.push_back(std::move(exit));
    to.push_back({.names = "-c,--count",
                  .placeholder = "N",
                  .help = "stop after so many records",
                  .set = cli::to_number(o.count, 0, INT64_MAX),
                  .aliases = "-n,--num,--max-messages"});
    to.push_back({.names = "--timeout",
                  .placeholder = "DUR",
                  .help = "stop after so long without a record; 3 when a count was wanted",
                  .set = cli::to_duration(o.timeout_ms),
                  .default_text = "off"});
    to.push_back({.names = "--tail",
                  .placeholder = "N",
                  .help = "the last N of all partitions by time, then follow (not with -e)",
                  .set = cli::to_number(o.tail, 0, INT64_MAX),
                  .is_minor = true});
    to.push_back({.names = "--count-per-partition",
                  .placeholder = "N",
                  .help = "show so many of each partition",
                  .set = cli::to_number(o.count_per_partition, 0, INT64_MAX),
                  .is_minor = true});
    to.push_back({.names = "-p,--partition",
                  .placeholder = "LIST",
                  .help = "partitions: 0,1,4-7",
                  .set = cli::to_value(o.partitions, parse_partitions),
                  .default_text = "all"});
    to.push_back({.names = "--order",
                  .placeholder = "BY",
                  .help = "arrival, timestamp or offset; the latter two need an end",
                  .set = cli::to_text(o.order),
                  .default_text = "arrival",
                  .choices = {"arrival", "timestamp", "offset"},
                  .complete = Complete::choices,
                  .is_minor = true});
    to.push_back({.names = "--rack",
                  .placeholder = "ID",
                  .help = "of this client: replicas in it are read",
                  .set = cli::to_text(o.rack),
                  .is_minor = true});
}

void add_filters(std::vector<Option>& to, Options& o) {
    to.push_back({.names = "--grep",
                  .placeholder = "TEXT",
                  .help = "with TEXT in key or value; k:TEXT, v:TEXT, h:NAME=TEXT, v:!TEXT",
                  .set = cli::to_list(o.greps)});
    to.push_back({.names = "--filter",
                  .placeholder = "EXPR",
                  .help = "as '.value.user.id == 7 && .headers.type =~ \"^order\"'",
                  .set = cli::to_list(o.filters)});
    to.push_back({.names = "--header",
                  .placeholder = "NAME=GLOB",
                  .help = "with such a header",
                  .set = cli::to_list(o.headers),
                  .is_minor = true});
    to.push_back({.names = "-B,--before",
                  .placeholder = "N",
                  .help = "records shown before each match",
                  .set = cli::to_number(o.before, 0, 100'000),
                  .is_minor = true});
    to.push_back({.names = "-A,--after",
                  .placeholder = "N",
                  .help = "records shown after each match",
                  .set = cli::to_number(o.after, 0, 100'000),
                  .is_minor = true});
    to.push_back({.names = "--key",
                  .placeholder = "KEY",
                  .help = "only this key, read from its partition",
                  .set = [&o](const std::string& text) -> Parsed<void> {
                      o.key = text;
                      return {};
                  },
                  .is_minor = true});
    to.push_back(flag("--all-partitions", "--key looks everywhere", o.all_partitions));
}

void add_group(std::vector<Option>& to, Options& o) {
    to.push_back({.names = "-g,--group",
                  .placeholder = "GROUP",
                  .help = "share the partitions with the group; commits after output",
                  .set = cli::to_text(o.group),
                  .complete = Complete::groups});
    to.push_back({.names = "--group-backlog",
                  .placeholder = "GROUP",
                  .help = "from the group's committed offsets, without joining it",
                  .set = cli::to_text(o.group_backlog),
                  .complete = Complete::groups,
                  .is_minor = true});
    to.push_back(flag("--no-commit", "leave the group's offsets alone", o.no_commit));
    to.push_back({.names = "--instance-id",
                  .placeholder = "ID",
                  .help = "be a static member",
                  .set = cli::to_text(o.instance_id),
                  .is_minor = true});
    to.push_back({.names = "--assignor",
                  .placeholder = "NAME",
                  .help = "range, roundrobin, sticky, cooperative-sticky",
                  .set = cli::to_text(o.assignor),
                  .default_text = "range,roundrobin",
                  .is_minor = true});
    to.push_back({.names = "--isolation-level",
                  .placeholder = "LEVEL",
                  .help = "read_committed or read_uncommitted",
                  .set = cli::to_text(o.isolation),
                  .default_text = "read_committed",
                  .choices = {"read_committed", "read_uncommitted"},
                  .complete = Complete::choices,
                  .is_minor = true});
    for (const auto* level : {"read_committed", "read_uncommitted"}) {
        std::string name = std::string("--") + level;
        name.replace(name.find('_'), 1, "-");
        to.push_back({.names = name,
                      .placeholder = "",
                      .help = fmt::format("--isolation-level {}", level),
                      .set = [&o, level](const std::string&) -> Parsed<void> {
                          o.isolation = level;
                          return {};
                      },
                      .is_minor = true});
    }
}

void add_output(std::vector<Option>& to, Options& o) {
    to.push_back({.names = "-f,--format",
                  .placeholder = "FORMAT",
                  .help = "as '%t %p %o %k %v %d %h{%k=%v }\\n'; see the manual",
                  .set = cli::to_text(o.format),
                  .default_text = "%v\\n"});
    auto json = flag("-J", "record lines: JSON that kproduce -J reads back", o.json_lines);
    json.is_minor = false;
    to.push_back(std::move(json));
    to.push_back({.names = "--output",
                  .placeholder = "FORM",
                  .help = "text, jsonl or hex",
                  .set = cli::to_text(o.output),
                  .default_text = "text",
                  .choices = {"text", "jsonl", "json", "hex"},
                  .complete = Complete::choices,
                  .is_minor = true});
    to.push_back(
        {.names = "-s",
         .placeholder = "KIND",
         .help = "key=KIND, value=KIND: json, hex, i64, msgpack, cbor, '>iq$' ...",
         .set = [&o](const std::string& text) { return cli::set_encoding(o.encodings, text); },
         .is_minor = true});
    to.push_back(flag("--kcat-format", "-f has kcat's meanings", o.kcat_format));
    to.push_back(flag("--all-fields", "epoch and producer too in -J", o.all_fields));
    to.push_back(flag("--control-records", "transaction markers too", o.control_records));
    to.push_back(flag("--count-only", "only the number of records", o.count_only));
    to.push_back(flag("--stats", "numbers of each partition instead of records", o.stats));
    to.push_back(flag("-u,--unbuffered", "write each answer at once", o.unbuffered));
}

cli::Command table(Options& o) {
    io::PosixClock clock;
    const auto now_ms = clock.wall_ms();
    cli::Command root{.name = "kconsume", .summary = "Read records of topics."};
    root.positionals = {{.name = "TOPIC",
                         .help = "the topics",
                         .least = 0,
                         .most = 0,
                         .set = cli::to_list(o.topics),
                         .complete = Complete::topics}};
    root.options.push_back({.names = "-t,--topic",
                            .placeholder = "TOPIC",
                            .help = "a topic, as the argument",
                            .set = cli::to_list(o.topics),
                            .complete = Complete::topics,
                            .is_minor = true});
    auto regex = flag("-r,--regex", "topics are regular expressions, matched now", o.is_regex);
    root.options.push_back(std::move(regex));
    add_bounds(root.options, o, now_ms);
    add_limits(root.options, o);
    add_filters(root.options, o);
    add_group(root.options, o);
    add_output(root.options, o);
    for (auto& option : cli::common_options(o.common, {.output = false, .changes = false})) {
        root.options.push_back(std::move(option));
    }
    root.not_yet = {"-G",          "--include",      "--group-protocol", "--share-group",
                    "--share-ack", "--value-schema", "--key-schema",     "--schema-registry",
                    "--proto",     "--proto-type"};
    root.examples = {{"kconsume orders -o -10 -e", ""},
                     {"kconsume orders -g billing -f '%k\\t%v\\n'", ""},
                     {"kconsume orders -o @-1h:now -J --grep failed", ""}};
    root.changes = [&o] { return joins_group(o); };
    root.run = [&o] { return run(o); };
    return root;
}

}  // namespace

}  // namespace kcore::consume

int main(int argc, char** argv) {
    kcore::consume::Options options;
    const auto root = kcore::consume::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
