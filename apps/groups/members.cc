// Members of groups: shown, waited for, removed.
#include <fmt/format.h>

#include <algorithm>

#include "groups/groups.h"

namespace kcore::groups {

namespace {

using cli::Json;
using cli::Kind;
using cli::text_or_null;

struct MemberRow {
    std::string group;
    client::GroupMember member;
};

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

// Those that --member and --instance-id name, or all; refuses a name that no member has.
Result<std::vector<client::MemberName>> doomed(const client::GroupDescription& group,
                                               const Options& options) {
    std::vector<client::MemberName> out;
    const auto take = [&](const std::string& name, std::string client::GroupMember::* field) {
        const auto found = std::ranges::find(group.members, name, field);
        if (found == group.members.end()) return false;
        out.push_back({found->member_id, found->instance_id});
        return true;
    };
    for (const auto& [names, field] :
         {std::pair{&options.member_ids, &client::GroupMember::member_id},
          {&options.instance_ids, &client::GroupMember::instance_id}}) {
        for (const auto& name : *names) {
            if (take(name, field)) continue;
            return fail(Errc::unknown_member_id, fmt::format("there is no member {}", name));
        }
    }
    if (!options.member_ids.empty() || !options.instance_ids.empty()) return out;
    for (const auto& member : group.members) out.push_back({member.member_id, member.instance_id});
    return out;
}

}  // namespace

cli::Sheet members_fields() { return cli::make_sheet<MemberRow>("members", kMemberFields, {}); }

int members(Session& session, const Options& options) {
    auto& console = session.console();
    auto groups = session.admin().describe_groups(options.names);
    if (!groups) return console.fail({"", groups.error()});
    std::vector<MemberRow> rows;
    std::vector<cli::Failure> failures;
    for (const auto& group : *groups) {
        if (group.error || group.state == "Dead") {
            failures.emplace_back(group.group, group.error.value_or(no_such_group()));
        }
        for (const auto& member : group.members) rows.push_back({group.group, member});
    }
    auto sheet = cli::make_sheet("members", kMemberFields, rows);
    sheet.errors = std::move(failures);
    return console.show(sheet);
}

int wait(Session& session, const Options& options) {
    const auto& group = options.names.front();
    return session.wait_until([&]() -> Result<std::string> {
        auto lag = total_lag(session, group, options);
        if (!lag) return std::unexpected(std::move(lag).error());
        return *lag <= options.most_lag ? "" : fmt::format("{}: the lag is {}", group, *lag);
    });
}

int kick(Session& session, const Options& options) {
    auto& console = session.console();
    const auto& name = options.names.front();
    auto groups = session.admin().describe_groups({name});
    if (!groups) return console.fail({name, groups.error()});
    const auto& group = groups->front();
    if (group.error) return console.fail({name, *group.error});
    if (group.state == "Dead") return console.fail({name, no_such_group()});
    if (group.type != "classic") {
        return console.fail({name, Error(Errc::unsupported_version,
                                         "only members of classic groups can be removed")});
    }
    auto members = doomed(group, options);
    if (!members) return console.fail({name, members.error()});
    cli::Changes plan{"members"};
    for (const auto& one : *members) {
        auto details = Json::object();
        if (!one.instance_id.empty()) details["instance_id"] = one.instance_id;
        plan.rows.push_back({one.member_id, "would remove", std::move(details)});
    }
    if (plan.rows.empty()) {
        console.notice(fmt::format("{} has no members", name));
        return cli::kDone;
    }
    const auto question = fmt::format("remove {} member(s) from group {}?", plan.rows.size(), name);
    if (!console.agree(plan, question)) return cli::kPending;
    auto outcomes = session.admin().remove_members(name, std::move(*members));
    if (!outcomes) return console.fail({name, outcomes.error()});
    cli::Changes done{"members"};
    for (const auto& one : *outcomes) done.rows.push_back({one.name, "removed", {}, one.error});
    return session.show(done);
}

}  // namespace kcore::groups
