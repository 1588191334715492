// kafka-leader-election.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/input_file.h"
#include "topics/scripts/scripts.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

struct ElectionFlags {
    cli::Common common;
    std::string type;
    std::string topic;
    std::string file;
    std::int64_t partition = -1;
    bool is_all = false;

    bool is_unclean() const { return type == "unclean" || type == "UNCLEAN"; }
};

using Partitions = std::optional<std::vector<TopicPartition>>;

cli::Parsed<std::vector<TopicPartition>> read_file(const std::string& path) {
    auto file = cli::InputFile::open(path);
    if (!file) return cli::refuse(std::move(file).error());
    auto text = file->read_all();
    if (!text) return cli::refuse(std::move(text).error());
    const auto document = cli::Json::parse(*text, nullptr, false);
    if (!document.is_object() || !document.contains("partitions") ||
        !document["partitions"].is_array()) {
        return cli::refuse("Replica election data is missing \"partitions\" field");
    }
    std::vector<TopicPartition> out;
    for (const auto& one : document["partitions"]) {
        const bool is_whole = one.is_object() && one.contains("topic") &&
                              one["topic"].is_string() && one.contains("partition") &&
                              one["partition"].is_number_integer();
        if (!is_whole) {
            return cli::refuse(fmt::format("'{}' lacks topic or partition", one.dump()));
        }
        out.push_back({one["topic"].get<std::string>(), one["partition"].get<std::int32_t>()});
    }
    std::ranges::sort(out);
    const auto twice = std::ranges::adjacent_find(out);
    if (twice == out.end()) return out;
    return cli::refuse("Replica election data contains duplicate partitions: " +
                       twice->to_string());
}

cli::Parsed<Partitions> chosen_partitions(const ElectionFlags& flags) {
    if (flags.is_all) return Partitions();
    if (flags.file.empty()) {
        const TopicPartition only{flags.topic, static_cast<std::int32_t>(flags.partition)};
        return Partitions(std::vector{only});
    }
    auto partitions = read_file(flags.file);
    if (!partitions) return cli::refuse(fmt::format("{}: {}", flags.file, partitions.error()));
    return Partitions(std::move(*partitions));
}

std::string joined(const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

int run_election(Session& session, const ElectionFlags& flags) {
    auto& console = session.console();
    auto partitions = chosen_partitions(flags);
    if (!partitions) return console.usage(partitions.error());
    auto outcomes = session.admin().elect_leaders(flags.is_unclean(), std::move(*partitions));
    if (!outcomes) return console.fail({"", outcomes.error()});
    const auto* type = flags.is_unclean() ? "UNCLEAN" : "PREFERRED";
    std::vector<std::string> elected;
    std::vector<std::string> needless;
    std::string failed;
    std::size_t failures = 0;
    for (const auto& one : *outcomes) {
        const auto name = one.partition.to_string();
        if (!one.error) {
            elected.push_back(name);
        } else if (one.error->code == Errc::election_not_needed) {
            if (!flags.is_all) needless.push_back(name);
        } else {
            ++failures;
            failed +=
                fmt::format("Error completing leader election ({}) for partition: {}: {}: {}\n",
                            type, name, errc_name(one.error->code), one.error->what);
        }
    }
    if (!elected.empty()) {
        console.print(fmt::format("Successfully completed leader election ({}) for partitions {}\n",
                                  type, joined(elected)));
    }
    if (!needless.empty()) {
        console.print(
            fmt::format("Valid replica already elected for partitions {}\n", joined(needless)));
    }
    console.print(failed);
    if (failures == 0) return cli::kDone;
    console.warn_line(fmt::format("{} replica(s) could not be elected", failures));
    return cli::kFailed;
}

bool are_right(const ElectionFlags& flags) {
    cli::FlagRules rules;
    rules.need("bootstrap-server", !flags.common.bootstrap.empty());
    rules.need("election-type", !flags.type.empty());
    const int scopes =
        (flags.topic.empty() ? 0 : 1) + (flags.file.empty() ? 0 : 1) + (flags.is_all ? 1 : 0);
    rules.refuse_if(scopes != 1,
                    "One and only one of the following options is required: topic, "
                    "all-topic-partitions, path-to-json-file");
    rules.refuse_if(!flags.topic.empty() && flags.partition < 0,
                    "Missing required option partition, which goes with topic");
    rules.refuse_if(flags.topic.empty() && flags.partition >= 0,
                    "Option partition is only allowed if topic is used");
    return !rules.are_broken();
}

}  // namespace

cli::Command kafka_leader_election() {
    const auto flags = std::make_shared<ElectionFlags>();
    auto& f = *flags;
    cli::Command out{.name = "kafka-leader-election",
                     .summary = "Let the first replica of partitions lead, or any that is left."};
    out.options = cli::connection_options(f.common);
    out.options[1].aliases = "--admin.config";
    std::vector<cli::Option> own{
        cli::text("--election-type", "TYPE", "preferred or unclean", f.type)
            .one_of({"preferred", "unclean", "PREFERRED", "UNCLEAN"}),
        cli::text("--topic", "TOPIC", "of one partition", f.topic),
        cli::number("--partition", "this one", f.partition, 0, INT32_MAX),
        cli::flag("--all-topic-partitions", "all that need it", f.is_all),
        cli::text("--path-to-json-file", "FILE", "{\"partitions\":[{\"topic\":T,\"partition\":N}]}",
                  f.file)
            .completing(cli::Complete::files)};
    out.options.insert(out.options.end(), own.begin(), own.end());
    out.run = [flags] {
        if (!are_right(*flags)) return static_cast<int>(cli::kFailed);
        return cli::run_in_session(flags->common,
                                   [&](Session& session) { return run_election(session, *flags); });
    };
    return out;
}

}  // namespace kcore::topics
