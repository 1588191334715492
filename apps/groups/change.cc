// Offsets that are committed, copied or forgotten, and groups that are deleted.
#include <fmt/format.h>

#include <algorithm>

#include "groups/groups.h"

namespace kcore::groups {

namespace {

using cli::Json;
using cli::Kind;

const std::vector<cli::Field<OffsetChange>> kOffsetFields{
    {{"topic", "TOPIC"}, [](const OffsetChange& r) { return Json(r.partition.topic); }},
    {{"partition", "PARTITION", Kind::number},
     [](const OffsetChange& r) { return Json(r.partition.partition); }},
    {{"current_offset", "CURRENT", Kind::number},
     [](const OffsetChange& r) { return cli::optional_json(r.current); }},
    {{"new_offset", "NEW", Kind::number}, [](const OffsetChange& r) { return Json(r.next); }},
    {{"delta", "DELTA"},
     [](const OffsetChange& r) { return r.current ? Json(r.next - *r.current) : Json("new"); }},
    {{"note", "NOTE"}, [](const OffsetChange& r) { return Json(r.note); }}};

Result<std::vector<OffsetChange>> copy_plan(Session& session, const Options& options) {
    auto from = session.admin().committed(options.names[0]);
    if (!from) return std::unexpected(std::move(from).error());
    auto to = session.admin().committed(options.names[1]);
    if (!to) return std::unexpected(std::move(to).error());
    std::vector<OffsetChange> rows;
    for (const auto& one : *from) {
        if (one.offset < 0 || !is_chosen(options, one.partition)) continue;
        auto& row = rows.emplace_back();
        row.partition = one.partition;
        row.next = one.offset;
        const auto old = std::ranges::find(*to, one.partition, &client::CommittedOffset::partition);
        if (old != to->end() && old->offset >= 0) row.current = old->offset;
    }
    std::ranges::sort(rows, {}, &OffsetChange::partition);
    return rows;
}

// Plan, question, and what became of each.
int remove_named(Session& session, const std::string& noun, const std::vector<std::string>& names,
                 const std::function<Result<std::vector<client::Outcome>>()>& remove) {
    auto& console = session.console();
    cli::Changes plan{noun};
    for (const auto& name : names) plan.rows.push_back({name, "would delete"});
    const auto what = noun.substr(0, noun.size() - 1);
    if (!console.agree(plan, fmt::format("delete {} {}(s)?", names.size(), what))) {
        return cli::kPending;
    }
    auto outcomes = remove();
    if (!outcomes) return console.fail({"", outcomes.error()});
    cli::Changes done{noun};
    for (const auto& one : *outcomes) done.rows.push_back({one.name, "deleted", {}, one.error});
    return session.show(done);
}

}  // namespace

cli::Sheet offsets_fields() { return cli::make_sheet<OffsetChange>("offsets", kOffsetFields, {}); }

int commit(Session& session, const std::string& group, const std::vector<OffsetChange>& rows,
           std::string_view question) {
    auto& console = session.console();
    console.show(cli::make_sheet("offsets", kOffsetFields, rows));
    if (!console.agree(question)) {
        const bool changes =
            std::ranges::any_of(rows, [](const OffsetChange& r) { return r.current != r.next; });
        return changes ? cli::kPending : cli::kDone;
    }
    std::vector<client::CommittedOffset> offsets;
    for (const auto& row : rows) offsets.push_back({row.partition, row.next, "", {}});
    auto outcomes = session.admin().commit(group, std::move(offsets));
    if (!outcomes) return console.fail({group, outcomes.error()});
    int code = cli::kDone;
    for (const auto& outcome : *outcomes) {
        if (outcome.error) code = std::max(code, console.fail({outcome.name, *outcome.error}));
    }
    return code;
}

int clone(Session& session, const Options& options) {
    const auto& from = options.names[0];
    auto rows = copy_plan(session, options);
    if (!rows) return session.console().fail({from, rows.error()});
    if (rows->empty()) {
        return session.console().fail(
            {from, Error(Errc::group_id_not_found, "nothing is committed")});
    }
    return commit(session, options.names[1], *rows,
                  fmt::format("commit to group {}?", options.names[1]));
}

int remove(Session& session, const Options& options) {
    return remove_named(session, "groups", options.names,
                        [&] { return session.admin().delete_groups(options.names); });
}

int delete_offsets(Session& session, const Options& options) {
    auto& console = session.console();
    if (options.topics.empty()) return console.usage("-t is missing");
    const auto& group = options.names.front();
    auto committed = session.admin().committed(group);
    if (!committed) return console.fail({group, committed.error()});
    std::vector<TopicPartition> partitions;
    std::vector<std::string> names;
    for (const auto& one : *committed) {
        if (!is_chosen(options, one.partition)) continue;
        partitions.push_back(one.partition);
        names.push_back(one.partition.to_string());
    }
    if (partitions.empty()) {
        return console.fail(
            {group, Error(Errc::unknown_topic_or_partition, "nothing is committed")});
    }
    return remove_named(session, "offsets", names, [&] {
        return session.admin().delete_offsets(group, std::move(partitions));
    });
}

int config(Session& session, const Options& options) {
    return cli::show_or_change_configs(
        session, options.config,
        {client::ResourceType::group, options.names.front(), "", client::ConfigSource::group});
}

}  // namespace kcore::groups
