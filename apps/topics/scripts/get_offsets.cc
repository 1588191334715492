// kafka-get-offsets.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/pattern.h"
#include "topics/scripts/scripts.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

using cli::flag;
using cli::text;

struct GetOffsetsFlags {
    cli::Common common;
    std::string topic;
    std::string partitions;
    std::string topic_partitions;
    std::string time = "latest";
    bool exclude_internal = false;
};

struct Range {
    std::int64_t from = 0;
    std::int64_t to = INT64_MAX;  // Exclusive.
};

// One of "topic", "topic:3", "topic:2-5", ":1", "topic:-4", "topic:2-": the topic is a pattern.
struct Rule {
    std::optional<Pattern> topic;
    Range partitions;

    bool takes(const TopicPartition& id) const {
        return (!topic || topic->matches(id.topic)) && id.partition >= partitions.from &&
               id.partition < partitions.to;
    }
};

bool parse_bound(const std::string& text, std::int64_t& out) {
    return text.empty() || (cli::parse_integer(text, out) && out >= 0);
}

cli::Parsed<Range> parse_range(const std::string& text) {
    const auto dash = text.find('-');
    Range out;
    const bool is_right = parse_bound(text.substr(0, dash), out.from) &&
                          (dash == text.npos || parse_bound(text.substr(dash + 1), out.to));
    if (!is_right) return cli::refuse(fmt::format("Invalid partition or range '{}'", text));
    if (dash == text.npos && !text.empty()) out.to = out.from + 1;
    return out;
}

cli::Parsed<Rule> parse_rule(const std::string& text) {
    const auto colon = text.find(':');
    Rule out;
    if (const auto name = text.substr(0, colon); !name.empty()) {
        auto pattern = Pattern::parse(name);
        if (!pattern) return cli::refuse(std::move(pattern).error().what);
        out.topic = std::move(*pattern);
    }
    auto range = parse_range(colon == text.npos ? "" : text.substr(colon + 1));
    if (!range) return cli::refuse(std::move(range).error());
    out.partitions = *range;
    return out;
}

// One of the first must take a partition, and one of the second where there are any.
struct Filter {
    std::vector<Rule> topics;
    std::vector<Range> partitions;

    bool takes(const TopicPartition& id) const {
        const auto holds = [&](const Range& range) {
            return id.partition >= range.from && id.partition < range.to;
        };
        return std::ranges::any_of(topics, [&](const Rule& rule) { return rule.takes(id); }) &&
               (partitions.empty() || std::ranges::any_of(partitions, holds));
    }
};

cli::Parsed<Filter> filter_of(const GetOffsetsFlags& flags) {
    Filter out;
    const auto& given = flags.topic_partitions.empty() ? flags.topic : flags.topic_partitions;
    for (const auto& text : cli::split_commas(given)) {
        auto rule = parse_rule(text);
        if (!rule) return cli::refuse(std::move(rule).error());
        out.topics.push_back(std::move(*rule));
    }
    if (out.topics.empty()) out.topics.emplace_back();
    for (const auto& text : cli::split_commas(flags.partitions)) {
        auto range = parse_range(text);
        if (!range) return cli::refuse(std::move(range).error());
        out.partitions.push_back(*range);
    }
    return out;
}

cli::Parsed<std::int64_t> parse_time(const std::string& text) {
    std::int64_t number = 0;
    if (cli::parse_integer(text, number)) return number;
    for (const auto& [word, at] : {std::pair{"latest", client::kLatest},
                                   {"earliest", client::kEarliest},
                                   {"max-timestamp", client::kMaxTimestamp},
                                   {"earliest-local", std::int64_t{-4}},
                                   {"latest-tiered", std::int64_t{-5}}}) {
        if (text == word) return at;
    }
    return cli::refuse(fmt::format(
        "Malformed time argument {}: latest or -1, earliest or -2, max-timestamp or -3, "
        "earliest-local or -4, latest-tiered or -5, or milliseconds since 1970",
        text));
}

int fail_with(std::string_view why) {
    fmt::print(stderr, "Error occurred: {}\n", why);
    return cli::kFailed;
}

int run_get_offsets(Session& session, const GetOffsetsFlags& flags) {
    const auto filter = filter_of(flags);
    if (!filter) return fail_with(filter.error());
    const auto at = parse_time(flags.time);
    if (!at) return fail_with(at.error());
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return fail_with(view.error().what);
    std::vector<client::OffsetQuery> queries;
    for (const auto& [name, topic] : (*view)->topics) {
        if (flags.exclude_internal && topic.is_internal) continue;
        for (const auto& one : topic.partitions) {
            const TopicPartition id{name, one.index};
            if (filter->takes(id)) queries.push_back({id, *at});
        }
    }
    if (queries.empty()) {
        return fail_with("Could not match any topic-partitions with the specified filters");
    }
    std::ranges::sort(queries, {}, &client::OffsetQuery::partition);
    auto answers = session.admin().offsets(std::move(queries), false);
    if (!answers) return fail_with(answers.error().what);
    int code = cli::kDone;
    for (const auto& answer : *answers) {
        const auto& [topic, partition] = answer.partition;
        if (answer.error) {
            fmt::print(stderr, "Skip getting offsets for topic-partition {} due to error: {}\n",
                       answer.partition.to_string(), answer.error->what);
            code = cli::kFailed;
        } else if (answer.offset >= 0) {
            session.console().print(fmt::format("{}:{}:{}\n", topic, partition, answer.offset));
        }
    }
    return code;
}

}  // namespace

cli::Command kafka_get_offsets() {
    const auto flags = std::make_shared<GetOffsetsFlags>();
    auto& f = *flags;
    cli::Command out{.name = "kafka-get-offsets", .summary = "Offsets of partitions."};
    out.options = cli::connection_options(f.common);
    out.options.front().aliases = "--broker-list";
    std::vector<cli::Option> own{
        text("--topic", "PATTERN", "of these topics, by commas", f.topic),
        text("--partitions", "LIST", "only these, by commas, with --topic", f.partitions),
        text("--topic-partitions", "T:P,T:P-P", "topics and ranges, the end not included",
             f.topic_partitions),
        text("--time", "WHEN",
             "latest, earliest, max-timestamp, earliest-local, latest-tiered, or milliseconds",
             f.time)
            .or_else("latest"),
        flag("--exclude-internal-topics", "no internal topics", f.exclude_internal)};
    out.options.insert(out.options.end(), own.begin(), own.end());
    out.run = [flags] {
        cli::FlagRules rules;
        rules.need("bootstrap-server", !flags->common.bootstrap.empty());
        const bool has_both = !flags->topic_partitions.empty();
        rules.refuse_if(has_both && !(flags->topic + flags->partitions).empty(),
                        "--topic-partitions cannot be used with --topic or --partitions");
        if (rules.are_broken()) return static_cast<int>(cli::kFailed);
        return cli::run_in_session(
            flags->common, [&](Session& session) { return run_get_offsets(session, *flags); });
    };
    return out;
}

}  // namespace kcore::topics
