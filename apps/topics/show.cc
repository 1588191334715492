#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "cli/glob.h"
#include "cli/time_text.h"
#include "io/posix.h"
#include "topics/rows.h"
#include "topics/topics.h"

namespace kcore::topics {

namespace {

// Whether a partition's in-sync replicas compare so with min.insync.replicas.
template <class Compare>
bool has_isr(const TopicRow& row, Compare compare) {
    return std::ranges::any_of(row.partitions, [&](const PartitionRow& partition) {
        return compare(static_cast<std::int64_t>(partition.isr.size()), row.min_isr);
    });
}

bool passes(const TopicRow& row, const Options& options) {
    const auto any = [&](std::string_view status) {
        return std::ranges::any_of(row.partitions,
                                   [&](const PartitionRow& p) { return p.status == status; });
    };
    if (options.under_replicated && !any("under-replicated") && !any("no leader")) return false;
    if (options.unavailable && !any("no leader")) return false;
    if (options.under_min_isr && !has_isr(row, std::less())) return false;
    if (options.at_min_isr && !has_isr(row, std::equal_to())) return false;
    return !options.with_overrides || !row.configs.empty();
}

// What is set on the topics, one row a setting.
cli::Sheet config_sheet(const std::vector<TopicRow>& topics) {
    std::vector<cli::ConfigRow> rows;
    for (const auto& topic : topics) {
        for (const auto& entry : topic.configs) rows.push_back({topic.topic, entry});
    }
    auto fields = cli::config_fields();
    const auto resource = std::ranges::find(
        fields, "resource", [](const auto& field) { return std::string_view(field.column.field); });
    resource->column.header = "TOPIC";
    resource->column.show = cli::Show::always;
    std::rotate(fields.begin(), resource, resource + 1);
    return cli::make_sheet("configs", fields, rows);
}

}  // namespace

cli::Sheet describe_sheet(const std::string& section, const std::vector<TopicRow>& rows) {
    if (section == "configs") return config_sheet(rows);
    auto fields = describe_fields();
    if (section == "summary") fields.pop_back();
    for (auto& field : fields) {
        const bool is_chosen = section != "partitions" || field.column.field == "partitions";
        if (!is_chosen) field.column.show = cli::Show::never;
    }
    return cli::make_sheet("topics", fields, rows);
}

int list(Session& session, const Options& options) {
    auto& console = session.console();
    auto view = session.admin().metadata(std::nullopt);
    if (!view) return console.fail({"", view.error()});
    auto names = all_names(**view, options.internal);
    std::erase_if(names, [&](const std::string& name) {
        return !options.pattern.empty() && !cli::glob_matches(options.pattern, name);
    });
    Gather what;
    if (options.common.output == "name") what = {false, false, false};
    auto rows = gather(session.admin(), **view, std::move(names), what);
    if (!rows) return console.fail({"", rows.error()});
    const auto& fields = options.detailed ? describe_fields() : topic_fields();
    auto sheet = cli::make_sheet("topics", fields, *rows);
    sheet.errors = partition_failures(*rows);
    return console.show(sheet);
}

int describe(Session& session, const Options& options) {
    auto& console = session.console();
    auto names = wanted(session, options);
    if (!names) return console.fail({"", names.error()});
    auto view =
        names->empty() ? session.admin().metadata(std::nullopt) : session.admin().metadata(*names);
    if (!view) return console.fail({"", view.error()});
    if (names->empty() && !options.is_regex) names = all_names(**view, options.internal);
    auto rows = gather(session.admin(), **view, std::move(*names), {});
    if (!rows) return console.fail({"", rows.error()});
    std::erase_if(*rows, [&](const TopicRow& row) { return !row.error && !passes(row, options); });
    std::vector<cli::Failure> failures;
    for (const auto& row : *rows) {
        if (row.error) failures.emplace_back(row.topic, *row.error);
    }
    std::erase_if(*rows, [](const TopicRow& row) { return row.error.has_value(); });
    std::ranges::move(partition_failures(*rows), std::back_inserter(failures));
    auto sheet = describe_sheet(options.section, *rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

namespace {

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

int offsets(Session& session, const Options& options) {
    auto& console = session.console();
    auto at = options.at;
    if (at.empty()) at = {"earliest", "latest"};
    for (const auto& one : at) {
        auto timestamp = timestamp_of(one);
        if (!timestamp) return console.usage("--at: " + timestamp.error());
    }
    auto view = session.admin().metadata(options.names);
    if (!view) return console.fail({"", view.error()});
    std::vector<OffsetRow> rows;
    std::vector<cli::Failure> failures;
    for (const auto& topic : options.names) {
        const auto* known = (*view)->find(topic);
        if (known == nullptr || known->error != Errc::none) {
            failures.emplace_back(topic, no_such_topic());
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
    auto sheet = cli::make_sheet("offsets", offset_fields(), rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

namespace {

// Whether the topic is there, and with --in-sync whether every replica is.
bool is_ready(const client::ClusterView& view, const std::string& name, bool in_sync) {
    const auto* topic = view.find(name);
    if (topic == nullptr || topic->error != Errc::none || topic->partitions.empty()) return false;
    return std::ranges::all_of(topic->partitions, [&](const client::PartitionView& one) {
        return one.leader >= 0 && (!in_sync || one.isr.size() == one.replicas.size());
    });
}

}  // namespace

int wait(Session& session, const Options& options) {
    return session.wait_until([&]() -> Result<std::string> {
        auto view = session.admin().metadata(options.names);
        if (!view) return std::unexpected(std::move(view).error());
        for (const auto& name : options.names) {
            if (is_ready(**view, name, options.in_sync)) continue;
            return fmt::format("{} is not {}", name, options.in_sync ? "in sync" : "there");
        }
        return "";
    });
}

}  // namespace kcore::topics
