// kafka-topics.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/ask.h"
#include "topics/scripts/described_topic.h"
#include "topics/scripts/scripts.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::Command;
using cli::flag;
using cli::Json;
using cli::list;
using cli::number;
using cli::text;

struct TopicsFlags {
    cli::Common common;
    DescribeFlags describe_flags;
    std::string topic;
    std::string topic_id;
    std::string assignment;
    std::vector<std::string> configs;
    std::int64_t partitions = -1;
    std::int64_t replication_factor = -1;
    std::int64_t page = 0;
    bool lists = false;
    bool creates = false;
    bool describes = false;
    bool alters = false;
    bool deletes = false;
    bool if_exists = false;
    bool if_not_exists = false;
    bool exclude_internal = false;
};

using Assignment = std::vector<std::vector<std::int32_t>>;

// "1:2,2:3": the brokers of each partition.
Result<Assignment> parse_assignment(const std::string& text) {
    Assignment out;
    for (const auto& partition : cli::split_commas(text)) {
        auto& brokers = out.emplace_back();
        for (std::size_t from = 0; from <= partition.size();) {
            const auto colon = std::min(partition.find(':', from), partition.size());
            std::int64_t id = -1;
            if (!cli::parse_integer(partition.substr(from, colon - from), id) || id < 0 ||
                id > INT32_MAX) {
                return fail(Errc::invalid_request,
                            fmt::format("'{}' is not a list of brokers", partition));
            }
            brokers.push_back(static_cast<std::int32_t>(id));
            from = colon + 1;
        }
        if (brokers.size() == out.front().size()) continue;
        return fail(Errc::invalid_request,
                    fmt::format("Partition {} has a different replication factor", out.size() - 1));
    }
    return out;
}

// "Topic 'a' does not exist as expected"
std::unexpected<Error> missing(std::string_view what, const std::string& name) {
    return fail(Errc::unknown_topic_or_partition,
                fmt::format("{} '{}' does not exist as expected", what, name));
}

// Those that --topic, a pattern, or --topic-id name; without either all.
Result<std::vector<std::string>> chosen_topics(Session& session, const TopicsFlags& flags) {
    if (!flags.topic_id.empty()) {
        auto view = session.admin().metadata(std::nullopt);
        if (!view) return std::unexpected(std::move(view).error());
        for (const auto& [name, topic] : (*view)->topics) {
            if (topic.id.to_string() == flags.topic_id) return std::vector{name};
        }
        if (flags.if_exists) return std::vector<std::string>();
        return missing("TopicId", flags.topic_id);
    }
    Options options;
    options.internal = !flags.exclude_internal;
    options.is_regex = true;
    // Commas are alternatives there.
    for (auto& one : cli::split_commas(flags.topic)) options.names.push_back(std::move(one));
    if (flags.topic.empty()) options.names = {".*"};
    auto names = wanted(session, options);
    const bool may_lack = flags.lists || flags.if_exists || flags.topic.empty();
    if (names && names->empty() && !may_lack) return missing("Topic", flags.topic);
    return names;
}

Result<void> list_topics(Session& session, const TopicsFlags& flags) {
    auto names = chosen_topics(session, flags);
    if (!names) return std::unexpected(std::move(names).error());
    for (const auto& name : *names) session.console().print(name + "\n");
    return {};
}

Result<void> create_topic(Session& session, const TopicsFlags& flags) {
    auto& console = session.console();
    client::NewTopic topic{flags.topic,
                           static_cast<std::int32_t>(flags.partitions),
                           static_cast<std::int16_t>(flags.replication_factor),
                           {}};
    for (const auto& text : flags.configs) {
        auto pair = cli::split_pair(text);
        if (!pair) return fail(Errc::invalid_config, std::move(pair).error());
        topic.configs.push_back(std::move(*pair));
    }
    if (!flags.assignment.empty()) {
        auto assignment = parse_assignment(flags.assignment);
        if (!assignment) return std::unexpected(std::move(assignment).error());
        topic.assignment = std::move(*assignment);
    }
    if (flags.topic.find_first_of("._") != flags.topic.npos) {
        console.print(
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore "
            "('_') could collide. To avoid issues it is best to use either, but not both.\n");
    }
    auto outcomes = session.admin().create_topics({std::move(topic)}, false);
    if (!outcomes) return std::unexpected(std::move(outcomes).error());
    const auto& error = outcomes->front().error;
    const bool is_fine = error && error->code == Errc::topic_already_exists && flags.if_not_exists;
    if (error && !is_fine) return std::unexpected(*error);
    if (!error) console.print(fmt::format("Created topic {}.\n", flags.topic));
    return {};
}

Result<void> alter_topics(Session& session, const TopicsFlags& flags) {
    auto names = chosen_topics(session, flags);
    if (!names) return std::unexpected(std::move(names).error());
    auto assignment = Assignment();
    if (!flags.assignment.empty()) {
        auto parsed = parse_assignment(flags.assignment);
        if (!parsed) return std::unexpected(std::move(parsed).error());
        assignment = std::move(*parsed);
    }
    for (const auto& name : *names) {
        auto topic = existing(session, name);
        if (!topic) return std::unexpected(std::move(topic).error());
        Json change{{"name", name}, {"count", flags.partitions}, {"assignments", nullptr}};
        if (!assignment.empty()) {  // Those of the partitions that are there come first.
            change["assignments"] = Json::array();
            for (auto i = topic->partitions.size(); i < assignment.size(); ++i) {
                change["assignments"].push_back({{"brokerIds", assignment[i]}});
            }
        }
        const Json request{{"topics", Json::array({change})}, {"timeoutMs", 30'000}};
        auto answer = cli::ask(session, "CreatePartitions", request);
        if (!answer) return std::unexpected(std::move(answer).error());
        for (const auto& result : (*answer)["results"]) {
            if (auto error = cli::error_of(result)) return std::unexpected(std::move(*error));
        }
    }
    return {};
}

Result<void> delete_topics(Session& session, const TopicsFlags& flags) {
    auto names = chosen_topics(session, flags);
    if (!names) return std::unexpected(std::move(names).error());
    auto outcomes = session.admin().delete_topics(std::move(*names));
    if (!outcomes) return std::unexpected(std::move(outcomes).error());
    for (auto& outcome : *outcomes) {
        if (outcome.error) return std::unexpected(std::move(*outcome.error));
    }
    return {};
}

Result<void> describe_topics(Session& session, const TopicsFlags& flags) {
    auto names = chosen_topics(session, flags);
    if (!names) return std::unexpected(std::move(names).error());
    auto lines = describe(session, *names, flags.describe_flags);
    if (!lines) return std::unexpected(std::move(lines).error());
    session.console().print(*lines);
    return {};
}

std::string action_of(const TopicsFlags& flags) {
    return cli::only_given({{"list", flags.lists},
                            {"create", flags.creates},
                            {"describe", flags.describes},
                            {"alter", flags.alters},
                            {"delete", flags.deletes}});
}

bool are_right(const TopicsFlags& flags) {
    const auto action = action_of(flags);
    const auto& filters = flags.describe_flags;
    cli::FlagRules rules(action);
    rules.refuse_if(
        action.empty(),
        "Command must include exactly one action: --list, --describe, --create, --alter or "
        "--delete");
    rules.refuse_if(flags.common.bootstrap.empty(), "--bootstrap-server must be specified");
    const bool needs_topic = action == "create" || action == "alter" || action == "delete";
    rules.need("topic", !flags.topic.empty() || !needs_topic);
    rules.need("partitions", action != "alter" || flags.partitions >= 0);
    rules.refuse_if(action == "alter" && !flags.configs.empty(),
                    "Option \"[config]\" can't be used with option \"[alter]\": kafka-configs "
                    "changes settings");
    rules.allow("config", !flags.configs.empty(), {"create"});
    rules.allow("partitions", flags.partitions >= 0, {"alter", "create"});
    rules.allow("replication-factor", flags.replication_factor >= 0, {"create"});
    rules.allow("replica-assignment", !flags.assignment.empty(), {"alter", "create"});
    rules.exclude("replica-assignment", !flags.assignment.empty() && action == "create",
                  "partitions", flags.partitions >= 0);
    rules.exclude("replica-assignment", !flags.assignment.empty(), "replication-factor",
                  flags.replication_factor >= 0);
    rules.allow("topic-id", !flags.topic_id.empty(), {"describe"});
    rules.exclude("topic-id", !flags.topic_id.empty(), "topic", !flags.topic.empty());
    rules.allow("if-exists", flags.if_exists, {"alter", "delete", "describe"});
    rules.allow("if-not-exists", flags.if_not_exists, {"create"});
    rules.allow("exclude-internal", flags.exclude_internal, {"list", "describe"});
    rules.allow("topics-with-overrides", filters.only_overrides, {"describe"});
    rules.allow("partition-size-limit-per-response", flags.page > 0, {"describe"});
    for (const auto& [name, is_given] : filters.of_partitions()) {
        rules.allow(name, is_given, {"describe"});
        rules.exclude(name, is_given, "topics-with-overrides", filters.only_overrides);
    }
    return !rules.are_broken();
}

int run_topics(Session& session, const TopicsFlags& flags) {
    const auto done = flags.lists     ? list_topics(session, flags)
                      : flags.creates ? create_topic(session, flags)
                      : flags.alters  ? alter_topics(session, flags)
                      : flags.deletes ? delete_topics(session, flags)
                                      : describe_topics(session, flags);
    if (done) return cli::kDone;
    session.console().print(
        fmt::format("Error while executing topic command : {}\n", done.error().what));
    return session.console().fail({"", done.error()});
}

std::vector<cli::Option> options_of(TopicsFlags& f) {
    auto out = cli::connection_options(f.common);
    auto& d = f.describe_flags;
    std::vector<cli::Option> own{
        flag("--list", "names of topics", f.lists),
        flag("--create", "make a topic", f.creates),
        flag("--describe", "partitions and settings of topics", f.describes),
        flag("--alter", "more partitions", f.alters),
        flag("--delete", "delete topics", f.deletes),
        text("--topic", "TOPIC", "its name; but with --create a regular expression", f.topic),
        text("--topic-id", "ID", "of the topic to describe", f.topic_id),
        number("--partitions", "of the topic", f.partitions, 1, 1'000'000),
        number("--replication-factor", "of the topic", f.replication_factor, 1, INT16_MAX),
        text("--replica-assignment", "1:2,2:3", "brokers of each partition", f.assignment),
        list("--config", "K=V", "setting of the topic to create", f.configs),
        flag("--under-replicated-partitions", "with too few in sync", d.under_replicated),
        flag("--unavailable-partitions", "without a leader", d.unavailable),
        flag("--under-min-isr-partitions", "with fewer in sync than they need", d.under_min_isr),
        flag("--at-min-isr-partitions", "with just as many in sync as they need", d.at_min_isr),
        flag("--topics-with-overrides", "only with settings of their own", d.only_overrides),
        flag("--if-exists", "fine when the topic is not there", f.if_exists),
        flag("--if-not-exists", "fine when the topic is there", f.if_not_exists),
        flag("--exclude-internal", "no internal topics", f.exclude_internal),
        number("--partition-size-limit-per-response", "of one answer", f.page, 1, 2'000)};
    out.insert(out.end(), own.begin(), own.end());
    return out;
}

}  // namespace

Command kafka_topics() {
    const auto flags = std::make_shared<TopicsFlags>();
    Command out{.name = "kafka-topics",
                .summary = "Topics: list, create, describe, alter, delete."};
    out.options = options_of(*flags);
    out.examples = {{"kafka-topics.sh --bootstrap-server localhost:9092 --list", ""}};
    out.run = [flags] {
        if (!are_right(*flags)) return static_cast<int>(cli::kFailed);
        if (flags->page > 0) flags->describe_flags.page = flags->page;
        return cli::run_in_session(flags->common,
                                   [&](Session& session) { return run_topics(session, *flags); });
    };
    return out;
}

}  // namespace kcore::topics
