// kconsume: records of topics, by position, time or group.

#include <fmt/format.h>

#include "cli/time_text.h"
#include "cli/tool.h"
#include "consume/consume.h"
#include "consume/scripts/scripts.h"
#include "io/posix.h"

namespace kcore::consume {

namespace {

using cli::Complete;
using cli::Option;
using cli::Parsed;

using cli::duration;
using cli::flag;
using cli::list;
using cli::number;
using cli::text;

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
    to.push_back(flag("-e,--exit", "stop at what is the end now", o.exit_at_end));
    to.push_back(number("-c,--count", "stop after so many records", o.count)
                     .also("-n,--num,--max-messages"));
    to.push_back(duration("--timeout",
                          "stop after so long without a record; 3 when a count was wanted",
                          o.timeout_ms)
                     .or_else("off"));
    to.push_back(
        number("--tail", "the last N of all partitions by time, then follow (not with -e)", o.tail)
            .minor());
    to.push_back(
        number("--count-per-partition", "show so many of each partition", o.count_per_partition)
            .minor());
    to.push_back({.names = "-p,--partition",
                  .placeholder = "LIST",
                  .help = "partitions: 0,1,4-7",
                  .set = cli::to_value(o.partitions, cli::parse_partitions),
                  .default_text = "all"});
    to.push_back(
        text("--order", "BY", "arrival, timestamp or offset; the latter two need an end", o.order)
            .or_else("arrival")
            .one_of({"arrival", "timestamp", "offset"})
            .minor());
    to.push_back(text("--rack", "ID", "of this client: replicas in it are read", o.rack).minor());
}

void add_filters(std::vector<Option>& to, Options& o) {
    to.push_back(list("--grep", "TEXT",
                      "with TEXT in key or value; k:TEXT, v:TEXT, h:NAME=TEXT, v:!TEXT", o.greps));
    to.push_back(list("--filter", "EXPR", "as '.value.user.id == 7 && .headers.type =~ \"^order\"'",
                      o.filters));
    to.push_back(list("--header", "NAME=GLOB", "with such a header", o.headers).minor());
    to.push_back(
        number("-B,--before", "records shown before each match", o.before, 0, 100'000).minor());
    to.push_back(
        number("-A,--after", "records shown after each match", o.after, 0, 100'000).minor());
    to.push_back({.names = "--key",
                  .placeholder = "KEY",
                  .help = "only this key, read from its partition",
                  .set = [&o](const std::string& text) -> Parsed<void> {
                      o.key = text;
                      return {};
                  },
                  .is_minor = true});
    to.push_back(flag("--all-partitions", "--key looks everywhere", o.all_partitions).minor());
}

void add_group(std::vector<Option>& to, Options& o) {
    to.push_back(text("-g,--group", "GROUP",
                      "share the partitions with the group; commits after output", o.group)
                     .completing(Complete::groups));
    to.push_back(text("--group-backlog", "GROUP",
                      "from the group's committed offsets, without joining it", o.group_backlog)
                     .completing(Complete::groups)
                     .minor());
    to.push_back(flag("--no-commit", "leave the group's offsets alone", o.no_commit).minor());
    to.push_back(text("--instance-id", "ID", "be a static member", o.instance_id).minor());
    to.push_back(
        text("--assignor", "NAME", "range, roundrobin, sticky, cooperative-sticky", o.assignor)
            .or_else("range,roundrobin")
            .minor());
    to.push_back(
        text("--isolation-level", "LEVEL", "read_committed or read_uncommitted", o.isolation)
            .or_else("read_committed")
            .one_of({"read_committed", "read_uncommitted"})
            .minor());
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
    to.push_back(text("-f,--format", "FORMAT",
                      "as '%t %p %o %k %v %d %h{%k=%v }\\n'; see the manual", o.format)
                     .or_else("%v\\n"));
    to.push_back(flag("-J", "record lines: JSON that kproduce -J reads back", o.json_lines));
    to.push_back(text("--output", "FORM", "text, jsonl or hex", o.output)
                     .or_else("text")
                     .one_of({"text", "jsonl", "json", "hex"})
                     .minor());
    to.push_back(
        {.names = "-s",
         .placeholder = "KIND",
         .help = "key=KIND, value=KIND: json, hex, i64, msgpack, cbor, '>iq$' ...",
         .set = [&o](const std::string& text) { return cli::set_encoding(o.encodings, text); },
         .is_minor = true});
    to.push_back(flag("--kcat-format", "-f has kcat's meanings", o.kcat_format).minor());
    to.push_back(flag("--all-fields", "epoch and producer too in -J", o.all_fields).minor());
    to.push_back(flag("--control-records", "transaction markers too", o.control_records).minor());
    to.push_back(flag("--count-only", "only the number of records", o.count_only).minor());
    to.push_back(flag("--stats", "numbers of each partition instead of records", o.stats).minor());
    to.push_back(flag("-u,--unbuffered", "write each answer at once", o.unbuffered).minor());
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
    root.options.push_back(list("-t,--topic", "TOPIC", "a topic, as the argument", o.topics)
                               .completing(Complete::topics)
                               .minor());
    root.options.push_back(
        flag("-r,--regex", "topics are regular expressions, matched now", o.is_regex).minor());
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
    if (const auto code = kcore::cli::run_script(kcore::consume::scripts(), argc, argv)) {
        return *code;
    }
    kcore::consume::Options options;
    const auto root = kcore::consume::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
