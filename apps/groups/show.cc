#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/quantity.h"
#include "cli/sheet.h"
#include "groups/groups.h"

namespace kcore::groups {

namespace {

using cli::Json;
using cli::Kind;
using cli::Show;
using cli::text_or_null;

struct LagRow {
    std::string group;
    std::string topic;
    std::int32_t partition = 0;
    std::optional<std::int64_t> current;
    std::optional<std::int64_t> end;
    std::string consumer_id;
    std::string host;
    std::string client_id;
    std::string instance_id;
    std::optional<Error> error;

    std::optional<std::int64_t> lag() const {
        if (!current || !end) return std::nullopt;
        return std::max<std::int64_t>(0, *end - *current);
    }
};

struct GroupRow {
    client::GroupDescription group;
    std::vector<LagRow> offsets;

    std::int64_t total_lag() const {
        std::int64_t sum = 0;
        for (const auto& row : offsets) sum += row.lag().value_or(0);
        return sum;
    }
};

const std::vector<cli::Field<LagRow>> kLagFields{
    {{"group", "GROUP"}, [](const LagRow& r) { return Json(r.group); }},
    {{"topic", "TOPIC"}, [](const LagRow& r) { return text_or_null(r.topic); }},
    {{"partition", "PARTITION", Kind::number},
     [](const LagRow& r) { return r.partition < 0 ? Json() : Json(r.partition); }},
    {{"current_offset", "CURRENT-OFFSET", Kind::number},
     [](const LagRow& r) { return cli::optional_json(r.current); }},
    {{"log_end_offset", "LOG-END-OFFSET", Kind::number},
     [](const LagRow& r) { return cli::optional_json(r.end); }},
    {{"lag", "LAG", Kind::number}, [](const LagRow& r) { return cli::optional_json(r.lag()); }},
    {{"consumer_id", "CONSUMER-ID"}, [](const LagRow& r) { return text_or_null(r.consumer_id); }},
    {{"host", "HOST"}, [](const LagRow& r) { return text_or_null(r.host); }},
    {{"client_id", "CLIENT-ID"}, [](const LagRow& r) { return text_or_null(r.client_id); }},
    {{"instance_id", "INSTANCE-ID", Kind::text, Show::wide},
     [](const LagRow& r) { return text_or_null(r.instance_id); }},
    {{"error", "ERROR", Kind::text, Show::wide},
     [](const LagRow& r) { return cli::error_json(r.error); }}};

const std::vector<cli::Field<GroupRow>> kGroupFields{
    {{"group", "GROUP"}, [](const GroupRow& r) { return Json(r.group.group); }},
    {{"state", "STATE"}, [](const GroupRow& r) { return Json(r.group.state); }},
    {{"type", "TYPE"}, [](const GroupRow& r) { return Json(r.group.type); }},
    {{"protocol", "PROTOCOL"}, [](const GroupRow& r) { return text_or_null(r.group.protocol); }},
    {{"coordinator", "COORDINATOR", Kind::number},
     [](const GroupRow& r) { return Json(r.group.coordinator); }},
    {{"members", "MEMBERS", Kind::number},
     [](const GroupRow& r) { return Json(r.group.members.size()); }},
    {{"total_lag", "TOTAL-LAG", Kind::number},
     [](const GroupRow& r) { return Json(r.total_lag()); }},
    {{"offsets", "", Kind::rows, Show::always, cli::columns_of(kLagFields)},
     [](const GroupRow& r) { return cli::nested_rows(kLagFields, r.offsets); }}};

// What is committed, what is assigned, and members without anything.
std::vector<LagRow> lag_rows(const client::GroupDescription& group,
                             const std::vector<client::CommittedOffset>& committed) {
    std::map<TopicPartition, LagRow> rows;
    for (const auto& one : committed) {
        auto& row = rows[one.partition];
        if (one.offset >= 0) row.current = one.offset;
        row.error = one.error;
    }
    std::vector<LagRow> idle;
    for (const auto& member : group.members) {
        const auto describe = [&](LagRow& row) {
            row.consumer_id = member.member_id;
            row.host = member.host;
            row.client_id = member.client_id;
            row.instance_id = member.instance_id;
        };
        for (const auto& partition : member.assigned) describe(rows[partition]);
        if (!member.assigned.empty()) continue;
        auto& row = idle.emplace_back();
        row.group = group.group;
        row.partition = -1;
        describe(row);
    }
    std::vector<LagRow> out;
    for (auto& [partition, row] : rows) {
        row.group = group.group;
        row.topic = partition.topic;
        row.partition = partition.partition;
        out.push_back(std::move(row));
    }
    out.insert(out.end(), idle.begin(), idle.end());
    return out;
}

Result<void> add_ends(client::Admin& admin, std::vector<LagRow>& rows, bool is_read_committed) {
    std::vector<client::OffsetQuery> queries;
    std::map<TopicPartition, LagRow*> index;
    for (auto& row : rows) {
        if (row.partition < 0) continue;
        queries.push_back({{row.topic, row.partition}, client::kLatest});
        index[queries.back().partition] = &row;
    }
    if (queries.empty()) return {};
    auto answers = admin.offsets(std::move(queries), is_read_committed);
    if (!answers) return std::unexpected(std::move(answers).error());
    for (const auto& answer : *answers) {
        auto& row = *index.at(answer.partition);
        if (answer.error) {
            row.error = answer.error;
        } else {
            row.end = answer.offset;
        }
    }
    return {};
}

}  // namespace

cli::Sheet describe_fields() { return cli::make_sheet<GroupRow>("groups", kGroupFields, {}); }

Error no_such_group() { return {Errc::group_id_not_found, "there is no such group"}; }

bool is_chosen(const Options& options, const TopicPartition& partition) {
    if (options.topics.empty()) return true;
    return std::ranges::any_of(options.topics, [&](const TopicChoice& one) {
        if (one.topic != partition.topic) return false;
        const auto& numbers = one.partitions;
        return numbers.empty() || std::ranges::find(numbers, partition.partition) != numbers.end();
    });
}

namespace {

int show(Session& session, const Options& options, std::vector<cli::Failure> failures) {
    auto& console = session.console();
    auto groups = session.admin().describe_groups(options.names);
    if (!groups) return console.fail({"", groups.error()});
    std::vector<GroupRow> rows;
    for (auto& group : *groups) {
        // "Dead" is how older brokers say that there is no such group.
        if (!group.error && group.state == "Dead") {
            group.error = no_such_group();
        }
        if (group.error) {
            failures.emplace_back(group.group, *group.error);
            continue;
        }
        auto committed = session.admin().committed(group.group);
        if (!committed) return console.fail({group.group, committed.error()});
        auto offsets = lag_rows(group, *committed);
        auto done = add_ends(session.admin(), offsets, options.isolation == "read_committed");
        if (!done) return console.fail({group.group, done.error()});
        std::erase_if(offsets, [&](const LagRow& row) {
            const bool has_lag = row.lag().value_or(0) > 0;
            return (options.only_lag && !has_lag) ||
                   !is_chosen(options, {row.topic, row.partition});
        });
        rows.push_back({std::move(group), std::move(offsets)});
    }
    auto fields = kGroupFields;
    if (options.section == "summary") fields.pop_back();
    for (auto& field : fields) {
        const bool is_row = field.column.kind == Kind::rows;
        if (options.section == "lag" && !is_row) field.column.show = Show::never;
    }
    auto sheet = cli::make_sheet("groups", fields, rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

}  // namespace

int lag(Session& session, const Options& options) {
    auto mine = options;
    mine.section = "lag";
    if (!mine.names.empty()) return describe(session, mine);
    auto groups = session.admin().list_groups({}, {"classic", "consumer"});
    if (!groups) return session.console().fail({"", groups.error()});
    for (const auto& group : groups->groups) mine.names.push_back(group.group);
    std::ranges::sort(mine.names);
    return show(session, mine, failures_of(*groups));
}

int describe(Session& session, const Options& options) {
    if (options.section == "members") return members(session, options);
    return show(session, options, {});
}

}  // namespace kcore::groups
