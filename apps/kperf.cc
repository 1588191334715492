// kperf: load on a Kafka cluster, and what it measures.

#include "cli/tool.h"
#include "perf/perf.h"

namespace kcore::perf {

namespace {

using cli::Command;
using cli::Complete;
using cli::Option;

using cli::duration;
using cli::number;
using cli::size;
using cli::text;

std::vector<Option> load_options(Options& o) {
    auto rate = [&o](const std::string& text) -> cli::Parsed<void> {
        if (text == "-1") return {};
        auto value = cli::parse_rate(text);
        if (!value) return cli::refuse(std::move(value).error());
        o.throughput = *value;
        return {};
    };
    return {
        number("-c,--num-records", "how many", o.records).also("-n,--messages"),
        number("-s,--record-size", "bytes of a value", o.record_size).also("--size").or_else("100"),
        {.names = "-r,--throughput",
         .placeholder = "RATE",
         .help = "records a second, as 5000/s; -1: no limit",
         .set = rate,
         .aliases = "--rate"},
        duration("--duration", "end after so long", o.duration_ms),
        text("-a,--acks", "N", "all, 1 or 0", o.acks).or_else("all"),
        text("-z,--compression", "CODEC", "none, gzip, snappy, lz4, zstd", o.codec),
        size("--batch-size", "batch.size", o.batch_size),
        duration("--linger", "linger.ms", o.linger_ms),
        number("--keys", "so many different keys; 0: none", o.keys),
        number("--warmup-records", "records before latency counts", o.warmup_records),
        duration("--reporting-interval", "between progress lines", o.reporting_ms).minor()};
}

cli::Positional topic(Options& o) {
    return {.name = "TOPIC",
            .help = "the topic",
            .set = cli::to_text(o.topic),
            .complete = Complete::topics};
}

Command verify_command(Options& o) {
    auto options = load_options(o);
    std::erase_if(options, [](const Option& option) {
        return option.names == "--warmup-records" || option.names == "--reporting-interval";
    });
    options.push_back(
        duration("--settle", "wait so long for the last records", o.settle_ms).or_else("30s"));
    return {.name = "verify",
            .summary =
                "Write numbered records and read them back; 4 when any is lost, doubled, "
                "reordered or changed.",
            .positionals = {topic(o)},
            .options = std::move(options),
            .examples = {{"kperf verify orders --duration 5m -r 1000/s", ""},
                         {"kperf verify orders -c 100000 --keys 100", ""},
                         {"kperf verify orders --duration 1m -o json", ""}},
            .changes = cli::always,
            .fields = verify_fields,
            .run = [&o] { return perf::verify(o); }};
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
    consume.options = {
        number("-c,--num-records", "stop after so many", o.records).also("-n,--messages"),
        text("-g,--group", "GROUP", "as its member", o.group).completing(Complete::groups),
        duration("--timeout", "stop after so long without a record", o.idle_ms).or_else("10s")};
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
    root.commands = {std::move(produce), std::move(consume), std::move(e2e), verify_command(o)};
    root.not_yet = {"mixed", "txn", "replicas", "topics", "connect", "compare"};
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
