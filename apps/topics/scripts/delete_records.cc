// kafka-delete-records.
#include <fmt/format.h>

#include <memory>
#include <set>

#include "cli/input_file.h"
#include "topics/scripts/scripts.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using Offsets = std::vector<std::pair<TopicPartition, std::int64_t>>;

struct DeleteRecordsFlags {
    cli::Common common;
    std::string file;
};

cli::Parsed<Offsets> parse_offsets(const std::string& text) {
    const auto document = cli::Json::parse(text, nullptr, false);
    if (!document.is_object() || !document.contains("partitions") ||
        !document["partitions"].is_array()) {
        return cli::refuse("Missing partitions field");
    }
    if (document.value("version", 1) != 1) {
        return cli::refuse(
            fmt::format("Not supported version field value {}", document["version"].dump()));
    }
    Offsets out;
    std::set<TopicPartition> seen;
    for (const auto& one : document["partitions"]) {
        const auto has = [&](const char* field) {
            return one.is_object() && one.contains(field) && one[field].is_number_integer();
        };
        if (!has("partition") || !has("offset") || !one.contains("topic") ||
            !one["topic"].is_string()) {
            return cli::refuse(fmt::format("'{}' lacks topic, partition or offset", one.dump()));
        }
        TopicPartition id{one["topic"].get<std::string>(), one["partition"].get<std::int32_t>()};
        if (!seen.insert(id).second) {
            return cli::refuse("Offset json file contains duplicate topic partitions: " +
                               id.to_string());
        }
        out.emplace_back(std::move(id), one["offset"].get<std::int64_t>());
    }
    return out;
}

int run_delete_records(Session& session, const DeleteRecordsFlags& flags) {
    auto& console = session.console();
    auto file = cli::InputFile::open(flags.file);
    if (!file) return console.usage(file.error());
    auto text = file->read_all();
    if (!text) return console.usage(text.error());
    auto offsets = parse_offsets(*text);
    if (!offsets) return console.usage(fmt::format("{}: {}", flags.file, offsets.error()));
    console.print("Executing records delete operation\n");
    auto outcomes = session.admin().delete_records(std::move(*offsets));
    if (!outcomes) return console.fail({"", outcomes.error()});
    console.print("Records delete operation completed:\n");
    int code = cli::kDone;
    for (const auto& one : *outcomes) {
        const auto name = one.partition.to_string();
        if (one.error) code = cli::kFailed;
        console.print(
            one.error ? fmt::format("partition: {}\terror: {}\n", name, one.error->what)
                      : fmt::format("partition: {}\tlow_watermark: {}\n", name, one.low_watermark));
    }
    return code;
}

}  // namespace

cli::Command kafka_delete_records() {
    const auto flags = std::make_shared<DeleteRecordsFlags>();
    cli::Command out{.name = "kafka-delete-records",
                     .summary = "Delete the records of partitions before offsets."};
    out.options = cli::connection_options(flags->common);
    out.options.push_back(cli::text("--offset-json-file", "FILE",
                                    "partitions and offsets; offset -1 is the high watermark",
                                    flags->file)
                              .completing(cli::Complete::files));
    out.run = [flags] {
        cli::FlagRules rules;
        rules.need("bootstrap-server", !flags->common.bootstrap.empty());
        rules.need("offset-json-file", !flags->file.empty());
        if (rules.are_broken()) return static_cast<int>(cli::kFailed);
        return cli::run_in_session(
            flags->common, [&](Session& session) { return run_delete_records(session, *flags); });
    };
    return out;
}

}  // namespace kcore::topics
