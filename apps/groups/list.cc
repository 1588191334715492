#include <fmt/format.h>

#include <algorithm>

#include "cli/glob.h"
#include "groups/groups.h"

namespace kcore::groups {

namespace {

using cli::Json;
using cli::Kind;
using cli::Show;

struct ListRow {
    client::GroupListing group;
    std::optional<std::int64_t> lag;
};

const std::vector<cli::Field<ListRow>> kListFields{
    {{"group", "GROUP"}, [](const ListRow& r) { return Json(r.group.group); }},
    {{"state", "STATE"}, [](const ListRow& r) { return Json(r.group.state); }},
    {{"type", "TYPE"}, [](const ListRow& r) { return Json(r.group.type); }},
    {{"protocol_type", "PROTOCOL-TYPE", Kind::text, Show::wide},
     [](const ListRow& r) { return Json(r.group.protocol_type); }},
    {{"coordinator", "COORDINATOR", Kind::number},
     [](const ListRow& r) { return Json(r.group.coordinator); }},
    {{"total_lag", "TOTAL-LAG", Kind::number, Show::never},
     [](const ListRow& r) { return cli::optional_json(r.lag); }}};

// Committed offsets in it, or a member that reads it.
Result<bool> uses_topic(Session& session, const std::string& group, const Options& options) {
    auto committed = session.admin().committed(group);
    if (!committed) return std::unexpected(std::move(committed).error());
    const auto is_one = [&](const TopicPartition& id) { return is_chosen(options, id); };
    const bool has_offsets =
        std::ranges::any_of(*committed, [&](const client::CommittedOffset& one) {
            return one.offset >= 0 && is_one(one.partition);
        });
    if (has_offsets) return true;
    auto described = session.admin().describe_groups({group});
    if (!described) return std::unexpected(std::move(described).error());
    return std::ranges::any_of(described->front().members, [&](const client::GroupMember& member) {
        return std::ranges::any_of(member.assigned, is_one);
    });
}

}  // namespace

cli::Sheet list_fields() { return cli::make_sheet<ListRow>("groups", kListFields, {}); }

Result<std::int64_t> total_lag(Session& session, const std::string& group, const Options& options) {
    auto committed = session.admin().committed(group);
    if (!committed) return std::unexpected(std::move(committed).error());
    std::vector<client::OffsetQuery> queries;
    for (const auto& one : *committed) {
        if (one.offset < 0 || !is_chosen(options, one.partition)) continue;
        queries.push_back({one.partition, client::kLatest});
    }
    if (queries.empty()) {
        return fail(Errc::group_id_not_found, fmt::format("{}: nothing is committed", group));
    }
    auto ends = session.admin().offsets(queries, options.isolation == "read_committed");
    if (!ends) return std::unexpected(std::move(ends).error());
    std::int64_t sum = 0;
    for (const auto& end : *ends) {
        if (end.error) return std::unexpected(*end.error);
        const auto own =
            std::ranges::find(*committed, end.partition, &client::CommittedOffset::partition);
        sum += std::max<std::int64_t>(0, end.offset - own->offset);
    }
    return sum;
}

std::vector<cli::Failure> failures_of(const client::GroupList& groups) {
    std::vector<cli::Failure> out;
    for (const auto& one : groups.failed) out.emplace_back(one.name, *one.error);
    return out;
}

int list(Session& session, const Options& options) {
    auto& console = session.console();
    auto groups = session.admin().list_groups(options.states, options.types);
    if (!groups) return console.fail({"", groups.error()});
    std::ranges::sort(groups->groups, {}, &client::GroupListing::group);
    std::vector<ListRow> rows;
    auto failures = failures_of(*groups);
    for (const auto& group : groups->groups) {
        const auto& name = group.group;
        if (!options.pattern.empty() && !cli::glob_matches(options.pattern, name)) continue;
        const auto uses =
            options.topics.empty() ? Result<bool>(true) : uses_topic(session, name, options);
        if (!uses) failures.emplace_back(name, uses.error());
        if (!uses.value_or(false)) continue;
        auto& row = rows.emplace_back(group, std::nullopt);
        if (!options.wants_lag) continue;
        auto lag = total_lag(session, name, options);
        if (lag) row.lag = *lag;
        const bool is_idle = !lag && lag.error().code == Errc::group_id_not_found;
        if (!lag && !is_idle) failures.emplace_back(name, lag.error());
    }
    auto fields = kListFields;
    if (options.wants_lag) fields.back().column.show = Show::always;
    auto sheet = cli::make_sheet("groups", fields, rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

}  // namespace kcore::groups
