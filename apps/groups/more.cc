// Members, copies of offsets, and waiting for a group to catch up.
#include <fmt/format.h>

#include <algorithm>

#include "cli/interrupt.h"
#include "cli/sheet.h"
#include "cli/terminal.h"
#include "groups/groups.h"
#include "io/posix.h"

namespace kcore::groups {

namespace {

using Answer = cli::Console::Answer;
using cli::Json;
using cli::Kind;

constexpr std::int64_t kLookUs = 200'000;
constexpr std::int64_t kWaitMs = 10'000;

struct MemberRow {
    std::string group;
    client::GroupMember member;
};

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

const std::vector<cli::Field<MemberRow>> kMemberFields{
    {{"group", "GROUP"}, [](const MemberRow& r) { return Json(r.group); }},
    {{"consumer_id", "CONSUMER-ID"}, [](const MemberRow& r) { return Json(r.member.member_id); }},
    {{"instance_id", "INSTANCE-ID"},
     [](const MemberRow& r) { return text_or_null(r.member.instance_id); }},
    {{"host", "HOST"}, [](const MemberRow& r) { return text_or_null(r.member.host); }},
    {{"client_id", "CLIENT-ID"},
     [](const MemberRow& r) { return text_or_null(r.member.client_id); }},
    {{"partition_count", "#PARTITIONS", Kind::number},
     [](const MemberRow& r) { return Json(r.member.assigned.size()); }},
    {{"topics", "TOPICS", Kind::list, cli::Show::wide},
     [](const MemberRow& r) { return Json(r.member.topics); }},
    {{"assigned", "ASSIGNED", Kind::list, cli::Show::wide}, [](const MemberRow& r) {
         auto list = Json::array();
         for (const auto& one : r.member.assigned) list.push_back(one.to_string());
         return list;
     }}};

struct CopyRow {
    TopicPartition partition;
    std::optional<std::int64_t> current;
    std::int64_t next = 0;
};

const std::vector<cli::Field<CopyRow>> kCopyFields{
    {{"topic", "TOPIC"}, [](const CopyRow& r) { return Json(r.partition.topic); }},
    {{"partition", "PARTITION", Kind::number},
     [](const CopyRow& r) { return Json(r.partition.partition); }},
    {{"current_offset", "CURRENT", Kind::number},
     [](const CopyRow& r) { return cli::optional_json(r.current); }},
    {{"new_offset", "NEW", Kind::number}, [](const CopyRow& r) { return Json(r.next); }}};

Result<std::vector<CopyRow>> copy_plan(Session& session, const Options& options) {
    auto from = session.admin().committed(options.names[0]);
    if (!from) return std::unexpected(std::move(from).error());
    auto to = session.admin().committed(options.names[1]);
    if (!to) return std::unexpected(std::move(to).error());
    std::vector<CopyRow> rows;
    for (const auto& one : *from) {
        if (one.offset < 0 || !is_chosen(options, one.partition)) continue;
        auto& row = rows.emplace_back();
        row.partition = one.partition;
        row.next = one.offset;
        const auto old = std::ranges::find(*to, one.partition, &client::CommittedOffset::partition);
        if (old != to->end() && old->offset >= 0) row.current = old->offset;
    }
    std::ranges::sort(rows, {}, &CopyRow::partition);
    return rows;
}

// What is behind the committed offsets, over all partitions chosen.
Result<std::int64_t> total_lag(Session& session, const Options& options) {
    auto committed = session.admin().committed(options.names.front());
    if (!committed) return std::unexpected(std::move(committed).error());
    std::vector<client::OffsetQuery> queries;
    for (const auto& one : *committed) {
        if (one.offset < 0 || !is_chosen(options, one.partition)) continue;
        queries.push_back({one.partition, client::kLatest});
    }
    if (queries.empty()) {
        return fail(Errc::group_id_not_found, "nothing is committed");
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

}  // namespace

int members(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (options.common.output == "help") {
        console.show(cli::make_sheet<MemberRow>("members", kMemberFields, {}));
        return cli::kDone;
    }
    if (!session.open()) return cli::kUsage;
    auto groups = session.admin().describe_groups(options.names);
    if (!groups) return console.fail({"", groups.error()});
    std::vector<MemberRow> rows;
    std::vector<cli::Failure> failures;
    int code = cli::kDone;
    for (const auto& group : *groups) {
        const Error gone(Errc::group_id_not_found, "there is no such group");
        if (group.error || group.state == "Dead") {
            failures.emplace_back(group.group, group.error.value_or(gone));
            code = cli::exit_code_of(failures.back().error);
        }
        for (const auto& member : group.members) rows.push_back({group.group, member});
    }
    auto sheet = cli::make_sheet("members", kMemberFields, rows);
    sheet.errors = std::move(failures);
    console.show(sheet);
    return code;
}

int clone(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (!session.open()) return cli::kUsage;
    auto rows = copy_plan(session, options);
    if (!rows) return console.fail({options.names[0], rows.error()});
    if (rows->empty()) {
        return console.fail(
            {options.names[0], Error(Errc::group_id_not_found, "nothing is committed")});
    }
    console.show(cli::make_sheet("offsets", kCopyFields, *rows));
    const auto answer = console.confirm(fmt::format("commit to group {}?", options.names[1]));
    if (answer != Answer::apply) return cli::kPending;
    std::vector<client::CommittedOffset> offsets;
    for (const auto& row : *rows) offsets.push_back({row.partition, row.next, "", {}});
    auto outcomes = session.admin().commit(options.names[1], std::move(offsets));
    if (!outcomes) return console.fail({options.names[1], outcomes.error()});
    int code = cli::kDone;
    for (const auto& outcome : *outcomes) {
        if (outcome.error) code = console.fail({outcome.name, *outcome.error});
    }
    return code;
}

int wait(const Options& options) {
    cli::catch_interrupts();
    Session session(options);
    auto& console = session.console();
    if (!session.open()) return cli::kUsage;
    io::PosixClock clock;
    const auto& group = options.names.front();
    const auto limit = options.common.timeout_ms >= 0 ? options.common.timeout_ms : kWaitMs;
    const auto deadline = clock.in_ms(limit);
    for (;;) {
        auto lag = total_lag(session, options);
        if (!lag) return console.fail({group, lag.error()});
        if (*lag <= options.most_lag) return cli::kDone;
        if (cli::interrupted()) return cli::kInterrupted;
        if (clock.now() >= deadline) {
            console.notice(fmt::format("{}: the lag is {}", group, *lag));
            return cli::kTimeRanOut;
        }
        cli::pause_us(kLookUs);
    }
}

}  // namespace kcore::groups
