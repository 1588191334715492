#include <fmt/format.h>

#include <algorithm>

#include "cli/glob.h"
#include "cli/time_text.h"
#include "io/posix.h"
#include "topics/rows.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

bool wants_fields(const Options& options) { return options.common.output == "help"; }

bool passes(const TopicRow& row, const Options& options) {
    const auto any = [&](std::string_view status) {
        return std::ranges::any_of(row.partitions,
                                   [&](const PartitionRow& p) { return p.status == status; });
    };
    if (options.under_replicated && !any("under-replicated") && !any("no leader")) return false;
    if (options.unavailable && !any("no leader")) return false;
    return !options.with_overrides || !row.configs.empty();
}

int show_fields(cli::Console& console, const cli::Sheet& sheet) {
    console.show(sheet);
    return cli::kDone;
}

int code_of(const cli::Sheet& sheet) { return sheet.errors.empty() ? cli::kDone : cli::kFailed; }

}  // namespace

int list(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (wants_fields(options)) {
        return show_fields(console, cli::make_sheet<TopicRow>("topics", topic_fields(), {}));
    }
    if (!session.open()) return cli::kUsage;
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return console.fail({"", view.error()});
    std::vector<std::string> names;
    for (const auto& [name, topic] : (*view)->topics) {
        if (topic.is_internal && !options.internal) continue;
        if (options.pattern.empty() || cli::glob_matches(options.pattern, name)) {
            names.push_back(name);
        }
    }
    Gather what;
    if (options.common.output == "name") what = {false, false, false};
    auto rows = gather(session.admin(), **view, std::move(names), what);
    if (!rows) return console.fail({"", rows.error()});
    const auto& fields = options.detailed ? describe_fields() : topic_fields();
    console.show(cli::make_sheet("topics", fields, *rows));
    return cli::kDone;
}

int describe(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (wants_fields(options)) {
        return show_fields(console, cli::make_sheet<TopicRow>("topics", describe_fields(), {}));
    }
    if (!session.open()) return cli::kUsage;
    auto names = session.wanted();
    if (!names) return console.fail({"", names.error()});
    auto view =
        names->empty() ? session.admin().metadata(std::nullopt) : session.admin().metadata(*names);
    if (!view) return console.fail({"", view.error()});
    if (names->empty() && !options.is_regex) {
        for (const auto& [name, topic] : (*view)->topics) {
            if (!topic.is_internal || options.internal) names->push_back(name);
        }
    }
    auto rows = gather(session.admin(), **view, std::move(*names), {});
    if (!rows) return console.fail({"", rows.error()});
    std::erase_if(*rows, [&](const TopicRow& row) { return !row.error && !passes(row, options); });
    auto fields = describe_fields();
    if (options.section == "summary") fields.pop_back();
    if (options.section == "partitions") {
        for (auto& field : fields) {
            if (field.column.field != "partitions") field.column.show = cli::Show::never;
        }
    }
    std::vector<cli::Failure> failures;
    for (const auto& row : *rows) {
        if (row.error) failures.emplace_back(row.topic, *row.error);
    }
    std::erase_if(*rows, [](const TopicRow& row) { return row.error.has_value(); });
    auto sheet = cli::make_sheet("topics", fields, *rows);
    sheet.errors = std::move(failures);
    const bool is_empty_table = sheet.rows.empty() && !console.is_json() && !sheet.errors.empty();
    if (is_empty_table) {
        for (const auto& failure : sheet.errors) console.fail(failure);
    } else {
        console.show(sheet);
    }
    return code_of(sheet);
}

namespace {

struct OffsetRow {
    std::string topic;
    std::int32_t partition = 0;
    std::string at;
    std::optional<std::int64_t> offset;
    std::optional<std::int64_t> timestamp;
    std::optional<Error> error;
};

const std::vector<cli::Field<OffsetRow>> kOffsetFields{
    {{"topic", "TOPIC"}, [](const OffsetRow& r) { return cli::Json(r.topic); }},
    {{"partition", "PARTITION", cli::Kind::number},
     [](const OffsetRow& r) { return cli::Json(r.partition); }},
    {{"at", "AT"}, [](const OffsetRow& r) { return cli::Json(r.at); }},
    {{"offset", "OFFSET", cli::Kind::number},
     [](const OffsetRow& r) { return cli::optional_json(r.offset); }},
    {{"timestamp", "TIMESTAMP", cli::Kind::time_ms, cli::Show::wide},
     [](const OffsetRow& r) { return cli::optional_json(r.timestamp); }},
    {{"error", "ERROR", cli::Kind::text, cli::Show::wide},
     [](const OffsetRow& r) { return cli::error_json(r.error); }}};

cli::Parsed<std::int64_t> timestamp_of(const std::string& at) {
    if (at == "earliest" || at == "beginning") return client::kEarliest;
    if (at == "latest" || at == "end") return client::kLatest;
    if (at == "max-timestamp") return client::kMaxTimestamp;
    io::PosixClock clock;
    if (at.starts_with('@')) return cli::parse_time_ms(at.substr(1), clock.wall_ms());
    return cli::refuse(fmt::format("'{}' is none of earliest, latest, max-timestamp, @TIME", at));
}

Result<void> add_offsets(client::Admin& admin, const client::ClusterView& view,
                         const std::string& topic, const std::string& at,
                         std::vector<OffsetRow>& rows) {
    std::vector<client::OffsetQuery> queries;
    const auto* known = view.find(topic);
    for (const auto& partition : known->partitions) {
        queries.push_back({{topic, partition.index}, *timestamp_of(at)});
    }
    auto answers = admin.offsets(std::move(queries), false);
    if (!answers) return std::unexpected(std::move(answers).error());
    for (const auto& answer : *answers) {
        auto& row = rows.emplace_back();
        row.topic = topic;
        row.partition = answer.partition.partition;
        row.at = at;
        row.error = answer.error;
        if (!answer.error && answer.offset >= 0) row.offset = answer.offset;
        if (!answer.error && answer.timestamp >= 0) row.timestamp = answer.timestamp;
    }
    return {};
}

}  // namespace

int offsets(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (wants_fields(options)) {
        return show_fields(console, cli::make_sheet<OffsetRow>("offsets", kOffsetFields, {}));
    }
    auto at = options.at;
    if (at.empty()) at = {"earliest", "latest"};
    for (const auto& one : at) {
        auto timestamp = timestamp_of(one);
        if (!timestamp) return console.usage("--at: " + timestamp.error());
    }
    if (!session.open()) return cli::kUsage;
    auto view = session.admin().metadata(options.names);
    if (!view) return console.fail({"", view.error()});
    std::vector<OffsetRow> rows;
    std::vector<cli::Failure> failures;
    for (const auto& topic : options.names) {
        const auto* known = (*view)->find(topic);
        if (known == nullptr || known->error != Errc::none) {
            failures.emplace_back(
                topic, Error(Errc::unknown_topic_or_partition, "there is no such topic"));
            continue;
        }
        for (const auto& one : at) {
            auto done = add_offsets(session.admin(), **view, topic, one, rows);
            if (!done) return console.fail({topic, done.error()});
        }
    }
    std::ranges::stable_sort(rows, {},
                             [](const OffsetRow& r) { return std::pair(r.topic, r.partition); });
    for (const auto& row : rows) {
        if (row.error) failures.emplace_back(row.topic, *row.error);
    }
    auto sheet = cli::make_sheet("offsets", kOffsetFields, rows);
    sheet.errors = std::move(failures);
    console.show(sheet);
    return code_of(sheet);
}

}  // namespace kcore::topics
