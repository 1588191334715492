// kperf: load on a Kafka cluster, and what it measures.

#include "cli/tool.h"
#include "perf/perf.h"

namespace kcore::perf {

namespace {

using cli::Command;
using cli::Complete;
using cli::Option;

Option number(std::string names, std::string help, std::int64_t& out, std::string aliases = {}) {
    return {.names = std::move(names),
            .placeholder = "N",
            .help = std::move(help),
            .set = cli::to_number(out, 0, INT64_MAX),
            .aliases = std::move(aliases)};
}

std::vector<Option> load_options(Options& o) {
    auto size = number("-s,--record-size", "bytes of a value", o.record_size, "--size");
    size.default_text = "100";
    auto rate = [&o](const std::string& text) -> cli::Parsed<void> {
        if (text == "-1") return {};
        auto value = cli::parse_rate(text);
        if (!value) return cli::refuse(std::move(value).error());
        o.throughput = *value;
        return {};
    };
    return {number("-c,--num-records", "how many", o.records, "-n,--messages"),
            std::move(size),
            {.names = "-r,--throughput",
             .placeholder = "RATE",
             .help = "records a second, as 5000/s; -1: no limit",
             .set = rate,
             .aliases = "--rate"},
            {.names = "--duration",
             .placeholder = "DUR",
             .help = "end after so long",
             .set = cli::to_duration(o.duration_ms)},
            {.names = "-a,--acks",
             .placeholder = "N",
             .help = "all, 1 or 0",
             .set = cli::to_text(o.acks),
             .default_text = "all"},
            {.names = "-z,--compression",
             .placeholder = "CODEC",
             .help = "none, gzip, snappy, lz4, zstd",
             .set = cli::to_text(o.codec)},
            {.names = "--batch-size",
             .placeholder = "SIZE",
             .help = "batch.size",
             .set = cli::to_size(o.batch_size)},
            {.names = "--linger",
             .placeholder = "DUR",
             .help = "linger.ms",
             .set = cli::to_duration(o.linger_ms)},
            number("--keys", "so many different keys; 0: none", o.keys),
            number("--warmup-records", "records before latency counts", o.warmup_records),
            {.names = "--reporting-interval",
             .placeholder = "DUR",
             .help = "between progress lines",
             .set = cli::to_duration(o.reporting_ms),
             .is_minor = true}};
}

cli::Positional topic(Options& o) {
    return {.name = "TOPIC",
            .help = "the topic",
            .set = cli::to_text(o.topic),
            .complete = Complete::topics};
}

Command table(Options& o) {
    Command root{.name = "kperf", .summary = "Load on a Kafka cluster, and what it measures."};
    for (auto& option : cli::common_options(o.common, {.output = true, .changes = false})) {
        if (option.names != "--timeout") root.options.push_back(std::move(option));
    }
    Command produce{.name = "produce",
                    .summary = "Send records; latency counts from when each was due."};
    produce.positionals = {topic(o)};
    produce.options = load_options(o);
    produce.examples = {{"kperf produce orders -c 1000000 -s 100", ""},
                        {"kperf produce orders -r 5000/s --duration 30s", ""},
                        {"kperf produce orders -z lz4 --acks 1 -o json", ""}};
    produce.changes = cli::always;
    produce.run = [&o] { return perf::produce(o); };
    Command consume{.name = "consume", .summary = "Read a topic as fast as it goes."};
    consume.positionals = {topic(o)};
    consume.options = {number("-c,--num-records", "stop after so many", o.records, "-n,--messages"),
                       {.names = "-g,--group",
                        .placeholder = "GROUP",
                        .help = "as its member",
                        .set = cli::to_text(o.group),
                        .complete = Complete::groups},
                       {.names = "--timeout",
                        .placeholder = "DUR",
                        .help = "stop after so long without a record",
                        .set = cli::to_duration(o.idle_ms),
                        .default_text = "10s"}};
    consume.examples = {{"kperf consume orders -c 1000000", ""},
                        {"kperf consume orders -g load", ""},
                        {"kperf consume orders --timeout 1s -o json", ""}};
    consume.changes = [&o] { return !o.group.empty(); };  // A member moves partitions.
    consume.run = [&o] { return perf::consume(o); };
    Command e2e{.name = "e2e", .summary = "Send and read at once; latency from due to read."};
    e2e.positionals = {topic(o)};
    e2e.options = load_options(o);
    e2e.examples = {{"kperf e2e orders -r 1000/s -c 10000", ""},
                    {"kperf e2e orders -r 100/s --duration 1m -o json", ""},
                    {"kperf e2e orders --acks 1", ""}};
    e2e.changes = cli::always;
    e2e.run = [&o] { return perf::e2e(o); };
    root.commands = {std::move(produce), std::move(consume), std::move(e2e)};
    root.not_yet = {"mixed", "txn", "verify", "replicas", "topics", "connect", "compare"};
    root.examples = {{"kperf produce orders -c 1000000", ""},
                     {"kperf consume orders -c 1000000", ""},
                     {"kperf e2e orders -r 1000/s", ""}};
    return root;
}

}  // namespace

}  // namespace kcore::perf

int main(int argc, char** argv) {
    kcore::perf::Options options;
    const auto root = kcore::perf::table(options);
    return kcore::cli::run_tool(root, options.common, argc, argv);
}
