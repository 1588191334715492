// kafka-log-dirs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "cli/ask.h"
#include "topics/scripts/scripts.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Json;

struct LogDirsFlags {
    cli::Common common;
    std::string topics;
    std::string brokers;
    bool describes = false;
};

// Those that --broker-list names, or all. Refuses one that is not there.
Result<std::set<std::int32_t>> chosen_brokers(Session& session, const LogDirsFlags& flags) {
    auto view = session.admin().metadata(std::vector<std::string>());
    if (!view) return std::unexpected(std::move(view).error());
    std::set<std::int32_t> all;
    for (const auto& [id, broker] : (*view)->brokers) all.insert(id);
    if (flags.brokers.empty()) return all;
    std::set<std::int32_t> out;
    std::vector<std::string> strange;
    for (const auto& text : cli::split_commas(flags.brokers)) {
        std::int64_t id = -1;
        const bool is_there = cli::parse_integer(text, id) && id >= 0 && id <= INT32_MAX &&
                              all.contains(static_cast<std::int32_t>(id));
        if (is_there) out.insert(static_cast<std::int32_t>(id));
        if (!is_there) strange.push_back(text);
    }
    if (strange.empty()) return out;
    return fail(Errc::broker_not_available,
                fmt::format("ERROR: The given brokers do not exist from --broker-list: {}. Current "
                            "existent brokers: {}",
                            fmt::join(strange, ","), fmt::join(all, ",")));
}

Json directory_json(const Json& directory, const std::vector<std::string>& topics) {
    auto partitions = Json::array();
    for (const auto& topic : directory["topics"]) {
        const auto name = topic["name"].get<std::string>();
        if (!topics.empty() && std::ranges::find(topics, name) == topics.end()) continue;
        for (const auto& one : topic["partitions"]) {
            const auto index = one["partitionIndex"].get<std::int32_t>();
            partitions.push_back({{"partition", fmt::format("{}-{}", name, index)},
                                  {"size", one["partitionSize"]},
                                  {"offsetLag", one["offsetLag"]},
                                  {"isFuture", one["isFutureKey"]}});
        }
    }
    const auto error = cli::error_of(directory);
    return {{"partitions", std::move(partitions)},
            {"error", error ? Json(errc_name(error->code)) : Json()},
            {"logDir", directory["logDir"]}};
}

int run_log_dirs(Session& session, const LogDirsFlags& flags) {
    auto& console = session.console();
    const auto brokers = chosen_brokers(session, flags);
    if (!brokers) {
        console.warn_line(brokers.error().what);
        return cli::kFailed;
    }
    const auto topics = cli::split_commas(flags.topics);
    console.print("Querying brokers for log directories information\n");
    auto list = Json::array();
    for (const auto id : *brokers) {
        auto answer = cli::ask(session, "DescribeLogDirs", {{"topics", nullptr}}, id);
        if (!answer) return console.fail({fmt::format("broker {}", id), answer.error()});
        auto directories = Json::array();
        for (const auto& one : (*answer)["results"]) {
            directories.push_back(directory_json(one, topics));
        }
        list.push_back({{"broker", id}, {"logDirs", std::move(directories)}});
    }
    const Json document{{"brokers", std::move(list)}, {"version", 1}};
    console.print(fmt::format("Received log directory information from brokers {}\n{}\n",
                              fmt::join(*brokers, ","), document.dump()));
    return cli::kDone;
}

}  // namespace

cli::Command kafka_log_dirs() {
    const auto flags = std::make_shared<LogDirsFlags>();
    auto& f = *flags;
    cli::Command out{.name = "kafka-log-dirs",
                     .summary = "What lies in the log directories of brokers."};
    out.options = cli::connection_options(f.common);
    std::vector<cli::Option> own{
        cli::flag("--describe", "show them", f.describes),
        cli::text("--topic-list", "T,T", "only what is of these topics", f.topics),
        cli::text("--broker-list", "ID,ID", "only these brokers", f.brokers)};
    out.options.insert(out.options.end(), own.begin(), own.end());
    out.run = [flags] {
        cli::FlagRules rules;
        rules.need("bootstrap-server", !flags->common.bootstrap.empty());
        rules.need("describe", flags->describes);
        if (rules.are_broken()) return static_cast<int>(cli::kFailed);
        return cli::run_in_session(flags->common,
                                   [&](Session& session) { return run_log_dirs(session, *flags); });
    };
    return out;
}

}  // namespace kcore::topics
