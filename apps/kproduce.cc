// kproduce: records from lines, files and record lines into a topic.

#include "cli/time_text.h"
#include "cli/tool.h"
#include "io/posix.h"
#include "produce/produce.h"
#include "produce/scripts/scripts.h"

namespace kcore::produce {

namespace {

using cli::Complete;
using cli::Option;

using cli::duration;
using cli::flag;
using cli::list;
using cli::number;
using cli::text;

// A value that may be empty, so that its presence is kept too.
Option present(std::string names, std::string help, std::string& out, bool& has) {
    auto set = [&out, &has](const std::string& value) -> cli::Parsed<void> {
        out = value;
        has = true;
        return {};
    };
    return {.names = std::move(names),
            .placeholder = "STR",
            .help = std::move(help),
            .set = set,
            .is_minor = true};
}

void add_input(std::vector<Option>& to, Options& o) {
    to.push_back(text("-K,--key-separator", "SEP", "key and value on a line", o.key_separator));
    to.push_back(text("-D,--delimiter", "SEP", "between records; escapes as \\n \\x00", o.delimiter)
                     .or_else("newline"));
    to.push_back(flag("-0,--nul", "records end in NUL", o.nul_delimited).minor());
    auto key = present("-k,--key", "the key of every record", o.key, o.has_key);
    key.is_minor = false;
    to.push_back(std::move(key));
    to.push_back(list("-H,--header", "N=V", "a header of every record; N alone: null", o.headers));
    to.push_back(flag("-J", "record lines, as kconsume -J writes them", o.json_lines));
    to.push_back(
        text("--input", "FORM", "lines or jsonl", o.input).one_of({"lines", "jsonl"}).minor());
    to.push_back(
        text("-f,--format", "FORMAT", "as '%k=%v\\n' or '%V{big32}%v'; see the manual", o.format));
    to.push_back(
        {.names = "-s",
         .placeholder = "KIND",
         .help = "key=KIND, value=KIND: json, hex, base64, i64, f64, msgpack, cbor",
         .set = [&o](const std::string& kind) { return cli::set_encoding(o.encodings, kind); },
         .is_minor = true});
    for (const auto* field : {"key", "value"}) {
        auto set = [&o, field](const std::string& kind) -> cli::Parsed<void> {
            return cli::set_encoding(o.encodings,
                                     std::string(field) + "=" + (kind == "utf8" ? "string" : kind));
        };
        to.push_back({.names = std::string("--") + field + "-encoding",
                      .placeholder = "KIND",
                      .help = "utf8, hex or base64",
                      .set = set,
                      .default_text = "utf8",
                      .choices = {"utf8", "hex", "base64"},
                      .complete = Complete::choices,
                      .is_minor = true});
    }
}

void add_more_input(std::vector<Option>& to, Options& o) {
    to.push_back(flag("--file-per-record", "each file is one value", o.file_per_record).minor());
    to.push_back(flag("-l,--lines", "files hold lines (the default)", o.lines_of_files).minor());
    to.push_back(
        number("-c,--count", "stop after so many records", o.count).also("-n,--num").minor());
    to.push_back(text("--template", "TEXT",
                      "made up: {{seq}} {{uuid}} {{rand 1 100}} {{now}} {{choice a b}}",
                      o.text_template));
    to.push_back(number("--seed", "the same made-up records each time", o.seed).minor());
    to.push_back({.names = "-r,--rate",
                  .placeholder = "N/s",
                  .help = "no faster than this: 5000/s, 100/m",
                  .set = cli::to_value(o.rate, cli::parse_rate)});
    to.push_back(duration("--duration", "stop after this time", o.duration_ms).minor());
    to.push_back(flag("-T,--tee", "write the input to stdout too", o.tee).minor());
    to.push_back(flag("--strict", "unknown fields of record lines are errors", o.strict).minor());
}

void add_output(std::vector<Option>& to, Options& o) {
    to.push_back(
        number("-p,--partition", "the partition of all records", o.partition, -1, INT32_MAX));
    to.push_back(
        text("--partitioner", "KIND", "murmur2, sticky, random, roundrobin, crc32", o.partitioner)
            .one_of({"murmur2", "sticky", "random", "roundrobin", "crc32"})
            .or_else("murmur2"));
    to.push_back(text("-z,--compression", "CODEC", "none, gzip, snappy, lz4, zstd", o.codec)
                     .one_of({"none", "gzip", "snappy", "lz4", "zstd"})
                     .also("--compression-codec"));
    to.push_back(flag("-Z,--tombstone", "an empty value is null", o.tombstone));
    to.push_back(present("--null", "this value is null", o.null_value, o.has_null_value));
    to.push_back(present("--null-key", "this key is null", o.null_key, o.has_null_key));
    to.push_back(
        present("--delete-key", "send one tombstone for this key", o.delete_key, o.has_delete_key));
}

void add_delivery(std::vector<Option>& to, Options& o) {
    to.push_back(text("--acks", "N", "all, 1 or 0", o.acks)
                     .one_of({"all", "-1", "1", "0"})
                     .also("--request-required-acks")
                     .or_else("all"));
    to.push_back(flag("--no-idempotence", "retries may double records", o.no_idempotence).minor());
    io::PosixClock clock;
    const auto now_ms = clock.wall_ms();
    to.push_back({.names = "--timestamp",
                  .placeholder = "TIME",
                  .help = "of every record",
                  .set = cli::to_value(o.timestamp_ms,
                                       [now_ms](const std::string& value) {
                                           return cli::parse_time_ms(value, now_ms);
                                       }),
                  .default_text = "now",
                  .is_minor = true});
    to.push_back(duration("--delivery-timeout", "limit from reading to acknowledgement",
                          o.delivery_timeout_ms)
                     .also("--timeout")
                     .or_else("30s")
                     .minor());
    auto report = [&o](const std::string& value) -> cli::Parsed<void> {
        o.report = value;
        o.wants_report = true;
        return {};
    };
    to.push_back({.names = "--report",
                  .placeholder = "FORMAT",
                  .help = "a line for each acknowledged record; as '%t %p %o %i\\n'",
                  .set = report,
                  .default_text = "%t-%p@%o\\n",
                  .is_optional_value = true,
                  .is_minor = true});
    to.push_back(
        text("--dead-letter", "FILE", "append the input of records that fail", o.dead_letter)
            .completing(Complete::files)
            .minor());
    auto create = [&o](const std::string& value) -> cli::Parsed<void> {
        o.create = value;
        o.wants_create = true;
        return {};
    };
    to.push_back({.names = "--create",
                  .placeholder = "PARTITIONS:RF",
                  .help = "create the topic when it is not there",
                  .set = create,
                  .is_optional_value = true,
                  .is_minor = true});
    to.push_back(
        flag("--ignore-partition", "record lines choose their partition anew", o.ignore_partition)
            .minor());
    to.push_back(
        flag("--topic-from-record", "record lines name their topic", o.topic_from_record).minor());
}

cli::Command table(Options& o) {
    cli::Command root{.name = "kproduce", .summary = "Send records to a topic."};
    root.positionals = {{.name = "TOPIC",
                         .help = "the topic",
                         .least = 0,
                         .most = 1,
                         .set = cli::to_list(o.words),
                         .complete = Complete::topics},
                        {.name = "FILE",
                         .help = "input instead of stdin",
                         .least = 0,
                         .most = 0,
                         .set = cli::to_list(o.words),
                         .complete = Complete::files}};
    root.options.push_back(
        text("-t,--topic", "TOPIC", "the topic, instead of the argument", o.topic).minor());
    add_input(root.options, o);
    add_more_input(root.options, o);
    add_output(root.options, o);
    add_delivery(root.options, o);
    for (auto& option : cli::common_options(o.common, {.output = false, .changes = false})) {
        root.options.push_back(std::move(option));
    }
    root.not_yet = {"--transactional-id", "--txn-batch",  "--txn-abort-rate",
                    "--value-schema",     "--key-schema", "--schema-registry"};
    root.examples = {{"seq 1 10 | kproduce orders", ""},
                     {"echo 'k1:hello' | kproduce orders -K:", ""},
                     {"kproduce orders --template '{{seq}} {{uuid}}' -c 1000 -r 100/s", ""}};
    root.changes = cli::always;
    root.run = [&o] { return run(o); };
    return root;
}

}  // namespace

}  // namespace kcore::produce

int main(int argc, char** argv) {
    if (const auto code = kcore::cli::run_script(kcore::produce::scripts(), argc, argv)) {
        return *code;
    }
    kcore::produce::Options options;
    const auto root = kcore::produce::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
