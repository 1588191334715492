// kbroker: runs a broker, and looks after brokers that run.

#include "admin/admin.h"
#include "admin/scripts/scripts.h"
#include "broker/broker.h"
#include "cli/script.h"
#include "cli/tool.h"

namespace kcore::server {

namespace {

using cli::Command;
using cli::Complete;
using cli::Option;

using cli::duration;
using cli::flag;
using cli::list;
using cli::number;
using cli::size;
using cli::text;

std::vector<Option> node_options(Options& o) {
    return {text("--config", "FILE", "server.properties", o.config).completing(Complete::files),
            list("--override", "K=V", "one setting over the file's", o.overrides),
            text("--data-dir", "DIR", "where data is kept", o.data_dir).completing(Complete::files),
            text("--cluster-id", "ID", "of the cluster; a new one gets a random one without",
                 o.cluster_id),
            number("--port", "port of clients; 0: any that is free", o.port, 0, 65'535),
            number("--node-id", "id of the node", o.node_id, 0, INT32_MAX)};
}

Command start_command(Options& o) {
    Command out{
        .name = "start",
        .summary = "Run a broker; without a configuration, one on this machine for itself."};
    out.options = node_options(o);
    std::vector<Option> more{
        number("--brokers", "so many in this process, one cluster; with --dev", o.brokers, 1, 9),
        flag("--dev", "for development: in memory, quick groups, topics on demand", o.is_dev),
        list("--topic", "NAME[:N[:K=V]]", "create it before ready", o.topics),
        text("--ready-file", "PATH", "written when it is ready", o.ready_file)
            .completing(Complete::files),
        number("--ready-fd", "the READY line goes there too", o.ready_fd, 0, 1 << 20),
        flag("--exit-with-parent", "stop when the parent process ends", o.exit_with_parent),
        flag("--exit-on-stdin-eof", "stop at the end of stdin", o.exit_on_stdin_eof),
        text("--log-level", "LEVEL", "debug, info, warn, error", o.log_level)
            .one_of({"trace", "debug", "info", "warn", "error"})};
    for (auto& option : more) out.options.push_back(std::move(option));
    out.is_local = true;
    out.rest = cli::to_list(o.command);
    out.not_yet = {"--user",     "--acl",       "--seed",      "--load",
                   "--any-port", "--advertise", "--fault-file"};
    out.examples = {{"kbroker start", ""},
                    {"kbroker start --config server.properties", ""},
                    {"kbroker start --dev --brokers 3", ""},
                    {"kbroker start --dev --port 0 --topic orders:3 -- ./run-tests", ""}};
    out.run = [&o] { return start(o); };
    return out;
}

Command format_command(Options& o) {
    Command out{.name = "format", .summary = "Make the log directories ready for a new cluster."};
    out.options = node_options(o);
    out.options.push_back(
        flag("--ignore-formatted", "leave alone what is formatted", o.ignore_formatted));
    out.options.push_back(text("--release-version", "V",
                               "features as of this release, as 4.3 or 4.3-IV0", o.release));
    out.options.push_back(
        list("-f,--feature", "NAME=LEVEL", "another level for one of them", o.features));
    out.options.push_back(
        flag("--standalone", "the only voter of a dynamic quorum (KIP-853)", o.is_standalone));
    out.options.push_back(list("--initial-controllers", "ID@HOST:PORT:DIRECTORY",
                               "voters of a dynamic quorum, this one among them",
                               o.initial_controllers));
    out.options.push_back(flag("--no-initial-controllers",
                               "of a dynamic quorum that others vote in",
                               o.has_no_initial_controllers));
    out.not_yet = {"--add-scram"};
    out.examples = {{"kbroker format --config server.properties", ""},
                    {"kbroker format --data-dir /var/lib/kcore", ""},
                    {"kbroker format --config server.properties --ignore-formatted", ""}};
    out.is_local = true;
    out.run = [&o] { return server::format(o); };
    return out;
}

std::vector<Option> which(Options& o) {
    return {number("--port", "the broker on this port", o.port, 0, 65'535),
            number("--node-id", "the broker with this id", o.node_id, 0, INT32_MAX)};
}

std::vector<cli::Positional> files(Options& o) {
    return {{.name = "FILE",
             .help = "files of a log, or its folder",
             .least = 1,
             .most = 0,
             .set = cli::to_list(o.words),
             .complete = Complete::files}};
}

Command dump_command(Options& o) {
    return {
        .name = "dump",
        .summary = "Show what lies in files of a log: batches, records, index entries.",
        .positionals = files(o),
        .options = {{.names = "--records",
                     .placeholder = "",
                     .help = "records instead of batches",
                     .set = cli::to_switch(o.records),
                     .aliases = "--print-data-log,--deep-iteration"},
                    text("--decoder", "KIND", "what records are: by the folder's name, or this",
                         o.decoder)
                        .or_else("auto")
                        .one_of({"auto", "none", "metadata", "offsets", "transactions", "shares"}),
                    size("--max-bytes", "only the beginning of each log", o.bytes_max)},
        .examples = {{"kbroker log dump orders-0", ""},
                     {"kbroker log dump --records 00000000000000000000.log -o json", ""},
                     {"kbroker log dump 00000000000000000000.timeindex", ""}},
        .is_local = true,
        .fields = [&o] { return dump_fields(o); },
        .run = [&o] { return dump_log(o); }};
}

Command log_command(Options& o) {
    Command out{.name = "log",
                .summary = "Look into the files of a log, of kcore or Apache Kafka."};
    Command verify{.name = "verify",
                   .summary = "Check logs, and indexes against them; 4 when any is damaged.",
                   .positionals = files(o),
                   .examples = {{"kbroker log verify orders-0", ""},
                                {"kbroker log verify orders-0 -o json", ""},
                                {"kbroker log verify 00000000000000000000.log", ""}},
                   .is_local = true,
                   .fields = verify_fields,
                   .run = [&o] { return verify_log(o); }};
    Command repair{
        .name = "repair",
        .summary = "Say how a damaged log of a stopped broker can be made usable, or do it.",
        .positionals = {{.name = "DIR",
                         .help = "the folder of a partition",
                         .least = 1,
                         .most = 0,
                         .set = cli::to_list(o.words),
                         .complete = Complete::files}},
        .options = {flag("--apply", "do it; else it is only said", o.applies)},
        .examples = {{"kbroker log repair /var/lib/kcore/orders-0", ""},
                     {"kbroker log repair /var/lib/kcore/orders-0 --apply", ""},
                     {"kbroker log repair /var/lib/kcore/orders-* -o json", ""}},
        .notes =
            "A tail that was not written to its end is cut off. Damage with valid batches "
            "behind it is left out: what it held is lost here, and its offsets are skipped; "
            "the file as it was stays beside the new one, as .damaged.",
        .is_local = true,
        .fields = repair_fields,
        .run = [&o] { return repair_log(o); }};
    out.commands = {dump_command(o), std::move(verify), std::move(repair)};
    out.examples = out.commands.front().examples;
    return out;
}

Command error_command(Options& o) {
    return {.name = "error",
            .summary = "Explain error codes of the protocol; without any, list them.",
            .positionals = {{.name = "CODE",
                             .help = "number or name",
                             .least = 0,
                             .most = 0,
                             .set = cli::to_list(o.words)}},
            .examples = {{"kbroker error 6", ""},
                         {"kbroker error NOT_LEADER_OR_FOLLOWER -o json", ""},
                         {"kbroker error", ""}},
            .is_local = true,
            .fields = error_fields,
            .run = [&o] { return explain_error(o); }};
}

Command table(Options& o, admin::Options& of_cluster) {
    Command root{.name = "kbroker", .summary = "Run a Kafka broker, and look after it."};
    root.options = cli::common_options(o.common, {});
    Command stop{.name = "stop", .summary = "Stop a broker of this user."};
    stop.options = which(o);
    stop.options.push_back(flag("--all", "all of them", o.all));
    stop.options.push_back(
        duration("--timeout", "limit for each", o.common.timeout_ms).or_else("30s"));
    stop.examples = {
        {"kbroker stop", ""}, {"kbroker stop --port 9092", ""}, {"kbroker stop --all", ""}};
    stop.is_local = true;
    stop.fields = running_fields;
    stop.run = [&o] { return server::stop(o); };
    Command status{.name = "status", .summary = "Show the brokers of this user; 4 when none runs."};
    status.options = which(o);
    status.options.push_back(cli::watch_option(o.common));
    status.examples = {
        {"kbroker status", ""}, {"kbroker status -o json", ""}, {"kbroker status --port 9092", ""}};
    status.is_local = true;
    status.fields = running_fields;
    status.run = [&o] { return server::status(o); };
    Command ready{.name = "ready", .summary = "Ask whether a cluster answers; 4 when not."};
    ready.options = {duration("--wait", "until it does", o.wait_ms)};
    ready.examples = {{"kbroker ready", ""},
                      {"kbroker ready -b host:9092 --wait 30s", ""},
                      {"kbroker ready && ./run-tests", ""}};
    ready.fields = ready_fields;
    ready.run = [&o] { return server::ready(o); };
    root.commands = {start_command(o), format_command(o), std::move(stop), std::move(status),
                     std::move(ready), log_command(o),    error_command(o)};
    for (auto& command : admin::commands(of_cluster)) root.commands.push_back(std::move(command));
    root.not_yet = {"info",  "drain",    "undrain",  "decommission", "elect",  "acls",
                    "users", "tokens",   "txn",      "fault",        "chaos",  "proxy",
                    "trace", "requests", "snapshot", "reset",        "profile"};
    root.examples = {{"kbroker start", ""},
                     {"kbroker start --dev --port 0 -- ./run-tests", ""},
                     {"kbroker status", ""}};
    return root;
}

// --offsets-decoder and its kin.
Option decoder(std::string names, std::string help, Options& o, std::string which) {
    return {.names = std::move(names),
            .placeholder = "",
            .help = std::move(help),
            .set = [&o, which = std::move(which)](const std::string&) -> cli::Parsed<void> {
                o.decoder = which;
                return {};
            }};
}

// Kafka loads a class of this name; the default one is what is done here.
Option decoder_class(std::string names) {
    return {.names = std::move(names),
            .placeholder = "CLASS",
            .help = "only StringDecoder, the default: Java classes are not loaded",
            .set = [](const std::string& name) -> cli::Parsed<void> {
                if (name.ends_with("StringDecoder")) return {};
                return cli::refuse(name + ": Java classes are not loaded here");
            }};
}

// The tool of Kafka that kbroker is when it is called by its name.
Command kafka_dump_log(Options& o) {
    o.decoder = "none";
    Command out{.name = "kafka-dump-log", .summary = "Dump files of a log as Kafka's tool does."};
    out.options = {
        {.names = "--files",
         .placeholder = "FILE,FILE",
         .help = "logs, snapshots and indexes, separated by commas",
         .set = [&o](const std::string& list) -> cli::Parsed<void> {
             o.words = cli::split_commas(list);
             return {};
         },
         .complete = Complete::files},
        flag("--print-data-log", "show the records", o.records),
        flag("--deep-iteration", "show the records without their content", o.deep),
        flag("--skip-record-metadata", "show of records only their content", o.skips_metadata),
        flag("--verify-index-only", "show no entries of indexes", o.verifies_only),
        flag("--index-sanity-check", "only say whether an index has whole entries",
             o.checks_sanity),
        decoder("--cluster-metadata-decoder", "records of the cluster's metadata", o, "metadata"),
        decoder("--offsets-decoder", "records of __consumer_offsets", o, "offsets"),
        decoder("--transaction-log-decoder", "records of __transaction_state", o, "transactions"),
        decoder("--share-group-state-decoder", "records of __share_group_state", o, "shares"),
        decoder_class("--key-decoder-class"),
        decoder_class("--value-decoder-class"),
        number("--max-bytes", "of batches to read of each log", o.bytes_max, 0, INT32_MAX),
        number("--max-message-size", "accepted; messages of any size are read", o.message_max, 0,
               INT32_MAX)};
    out.examples = {{"kafka-dump-log --files 00000000000000000000.log --print-data-log", ""}};
    out.run = [&o] {
        cli::Console console(o.common);
        if (o.words.empty()) return console.usage("--files is missing");
        return dump_as_kafka(o);
    };
    return out;
}

}  // namespace

std::vector<cli::Script> scripts(Options& o) {
    auto out = admin::scripts();
    out.push_back({"kafka-dump-log", [&o] { return kafka_dump_log(o); }});
    return out;
}

}  // namespace kcore::server

int main(int argc, char** argv) {
    kcore::server::Options options;
    if (const auto code = kcore::cli::run_script(kcore::server::scripts(options), argc, argv)) {
        return *code;
    }
    kcore::admin::Options of_cluster(options.common);
    const auto root = kcore::server::table(options, of_cluster);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
