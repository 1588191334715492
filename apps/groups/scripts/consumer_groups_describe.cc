// kafka-consumer-groups --describe: offsets, members, or state.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/ask.h"
#include "groups/scripts/consumer_groups.h"

namespace kcore::groups {

namespace {

using cli::Json;

struct Described {
    client::GroupDescription group;
    Json epochs;  // The same of ConsumerGroupDescribe, for groups of that protocol.
};

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string number_or_dash(std::optional<std::int64_t> number) {
    return number ? std::to_string(*number) : "-";
}

// "a:0,1;b:2"
std::string assignment_text(std::vector<TopicPartition> partitions) {
    std::ranges::sort(partitions);
    std::string out;
    std::string topic;
    for (const auto& one : partitions) {
        if (one.topic == topic) {
            out += fmt::format(",{}", one.partition);
        } else {
            out += fmt::format("{}{}:{}", out.empty() ? "" : ";", one.topic, one.partition);
        }
        topic = one.topic;
    }
    return or_dash(out);
}

Result<Described> look(Session& session, const std::string& name, bool is_verbose) {
    auto groups = session.admin().describe_groups({name});
    if (!groups) return std::unexpected(std::move(groups).error());
    Described out{std::move(groups->front()), Json()};
    auto& group = out.group;
    if (group.state == "Dead") group.error = no_such_group();
    if (group.error) {
        return fail(group.error->code,
                    fmt::format("Executing consumer group command failed due to {}: group {}: {}",
                                errc_name(group.error->code), name, group.error->what));
    }
    if (!is_verbose || group.type != "consumer") return out;
    auto answer = cli::ask(session, "ConsumerGroupDescribe", {{"groupIds", Json::array({name})}},
                           group.coordinator);
    if (!answer) return std::unexpected(std::move(answer).error());
    out.epochs = (*answer)["groups"][0];
    return out;
}

// On stderr, beside whatever is shown.
void remark(const client::GroupDescription& group) {
    if (group.state == "Empty") {
        fmt::print(stderr, "\nConsumer group '{}' has no active members.\n", group.group);
    } else if (group.state == "PreparingRebalance" || group.state == "CompletingRebalance" ||
               group.state == "Assigning" || group.state == "Reconciling") {
        fmt::print(stderr, "\nWarning: Consumer group '{}' is rebalancing.\n", group.group);
    }
}

struct OffsetRow {
    TopicPartition partition;
    const client::GroupMember* member = nullptr;
    std::optional<std::int64_t> current;
    std::int32_t leader_epoch = -1;
};

// Members with most partitions first, then what nobody reads.
std::vector<OffsetRow> offset_rows(const client::GroupDescription& group,
                                   const std::vector<client::CommittedOffset>& committed) {
    auto members = std::vector<const client::GroupMember*>();
    for (const auto& member : group.members) members.push_back(&member);
    std::ranges::stable_sort(members, std::ranges::greater(),
                             [](const auto* member) { return member->assigned.size(); });
    std::vector<OffsetRow> out;
    std::map<TopicPartition, client::CommittedOffset> left;
    for (const auto& one : committed) {
        if (one.offset >= 0) left.emplace(one.partition, one);
    }
    const auto add = [&](const TopicPartition& partition, const client::GroupMember* member) {
        auto& row = out.emplace_back();
        row.partition = partition;
        row.member = member;
        const auto found = left.extract(partition);
        if (!found) return;
        row.current = found.mapped().offset;
        row.leader_epoch = found.mapped().leader_epoch;
    };
    for (const auto* member : members) {
        auto partitions = member->assigned;
        std::ranges::sort(partitions);
        for (const auto& one : partitions) add(one, member);
        if (partitions.empty()) add({"", -1}, member);
    }
    while (!left.empty()) add(TopicPartition(left.begin()->first), nullptr);
    return out;
}

Result<std::map<TopicPartition, std::int64_t>> ends_of(Session& session,
                                                       const std::vector<OffsetRow>& rows) {
    std::vector<client::OffsetQuery> queries;
    for (const auto& row : rows) {
        if (row.partition.partition >= 0) queries.push_back({row.partition, client::kLatest});
    }
    std::map<TopicPartition, std::int64_t> out;
    if (queries.empty()) return out;
    auto answers = session.admin().offsets(std::move(queries), false);
    if (!answers) return std::unexpected(std::move(answers).error());
    for (const auto& answer : *answers) {
        if (!answer.error) out[answer.partition] = answer.offset;
    }
    return out;
}

Result<std::string> offsets_of(Session& session, const Described& described, bool is_verbose) {
    const auto& group = described.group;
    auto committed = session.admin().committed(group.group);
    if (!committed) return std::unexpected(std::move(committed).error());
    const auto rows = offset_rows(group, *committed);
    if (rows.empty()) return "";
    const auto ends = ends_of(session, rows);
    if (!ends) return std::unexpected(ends.error());
    std::vector<ScriptTable::Column> columns{
        {"GROUP", 15, true}, {"TOPIC", 15, true}, {"PARTITION", 10}};
    if (is_verbose) columns.push_back({"LEADER-EPOCH"});
    columns.insert(columns.end(), {{"CURRENT-OFFSET"},
                                   {"LOG-END-OFFSET"},
                                   {"LAG"},
                                   {"CONSUMER-ID", 15, true},
                                   {"HOST", 15, true},
                                   {"CLIENT-ID", 0}});
    ScriptTable table(std::move(columns));
    for (const auto& row : rows) {
        const auto end = ends->find(row.partition);
        const auto last = end == ends->end() ? std::nullopt : std::optional(end->second);
        const bool has_lag = row.current && last;
        std::vector<std::string> cells{
            group.group, or_dash(row.partition.topic),
            row.partition.partition < 0 ? "-" : std::to_string(row.partition.partition)};
        if (is_verbose) {
            cells.push_back(row.leader_epoch < 0 ? "-" : std::to_string(row.leader_epoch));
        }
        const auto lag = has_lag ? std::optional(*last - *row.current) : std::nullopt;
        for (const auto& number : {row.current, last, lag}) cells.push_back(number_or_dash(number));
        const auto* member = row.member;
        cells.push_back(member == nullptr ? "-" : member->member_id);
        cells.push_back(member == nullptr ? "-" : member->host);
        cells.push_back(member == nullptr ? "-" : member->client_id);
        table.add(std::move(cells));
    }
    return "\n" + table.text();
}

std::string epoch_text(const Json& entry, const char* field) {
    return entry.is_object() && entry.contains(field) ? entry[field].dump() : "-";
}

std::vector<TopicPartition> partitions_in(const Json& assignment) {
    std::vector<TopicPartition> out;
    for (const auto& topic : assignment["topicPartitions"]) {
        for (const auto& partition : topic["partitions"]) {
            out.push_back({topic["topicName"].get<std::string>(), partition.get<std::int32_t>()});
        }
    }
    return out;
}

Json epochs_of(const Described& described, const std::string& member_id) {
    if (described.epochs.is_null()) return {};
    for (const auto& member : described.epochs["members"]) {
        if (member["memberId"] == member_id) return member;
    }
    return {};
}

std::string members_of(const Described& described, bool is_verbose) {
    const auto& group = described.group;
    const bool has_static = std::ranges::any_of(
        group.members, [](const auto& member) { return !member.instance_id.empty(); });
    std::vector<ScriptTable::Column> columns{{"GROUP", 15, true}, {"CONSUMER-ID", 15, true}};
    if (has_static) columns.push_back({"GROUP-INSTANCE-ID", 17, true});
    columns.insert(
        columns.end(),
        {{"HOST", 15, true}, {"CLIENT-ID", 15, true}, {"#PARTITIONS", is_verbose ? 15U : 16U}});
    if (is_verbose) {
        columns.insert(columns.end(), {{"CURRENT-EPOCH"},
                                       {"CURRENT-ASSIGNMENT", 20, true},
                                       {"TARGET-EPOCH"},
                                       {"TARGET-ASSIGNMENT", 20, true}});
    }
    ScriptTable table(std::move(columns));
    for (const auto& member : group.members) {
        std::vector<std::string> cells{group.group, member.member_id};
        if (has_static) cells.push_back(member.instance_id);
        cells.insert(cells.end(),
                     {member.host, member.client_id, std::to_string(member.assigned.size())});
        if (is_verbose) {
            const auto epochs = epochs_of(described, member.member_id);
            const bool is_known = epochs.is_object();
            cells.push_back(epoch_text(epochs, "memberEpoch"));
            cells.push_back(assignment_text(member.assigned));
            cells.push_back(epoch_text(described.epochs, "assignmentEpoch"));
            cells.push_back(is_known ? assignment_text(partitions_in(epochs["targetAssignment"]))
                                     : "-");
        }
        table.add(std::move(cells));
    }
    return "\n" + table.text();
}

Result<std::string> state_of(Session& session, const Described& described, bool is_verbose) {
    const auto& group = described.group;
    auto view = session.admin().metadata(std::vector<std::string>());
    if (!view) return std::unexpected(std::move(view).error());
    const auto broker = (*view)->brokers.find(group.coordinator);
    const auto where = broker == (*view)->brokers.end()
                           ? std::string("-")
                           : fmt::format("{}:{}  ({})", broker->second.host, broker->second.port,
                                         group.coordinator);
    std::vector<ScriptTable::Column> columns{{"GROUP", 15, true},
                                             {"COORDINATOR (ID)", 25, true},
                                             {"ASSIGNMENT-STRATEGY", 20},
                                             {"STATE", 20}};
    if (is_verbose)
        columns.insert(columns.end(), {{"GROUP-EPOCH"}, {"TARGET-ASSIGNMENT-EPOCH", 25}});
    columns.push_back({"#MEMBERS", 0});
    ScriptTable table(std::move(columns));
    std::vector<std::string> cells{group.group, where, or_dash(group.protocol), group.state};
    if (is_verbose) {
        cells.push_back(epoch_text(described.epochs, "groupEpoch"));
        cells.push_back(epoch_text(described.epochs, "assignmentEpoch"));
    }
    cells.push_back(std::to_string(group.members.size()));
    table.add(std::move(cells));
    return "\n" + table.text();
}

}  // namespace

Result<void> script_describe(Session& session, const ScriptFlags& flags) {
    auto names = script_groups(session, flags);
    if (!names) return std::unexpected(std::move(names).error());
    for (const auto& name : *names) {
        auto described = look(session, name, flags.is_verbose);
        if (!described) return std::unexpected(std::move(described).error());
        Result<std::string> text = "";
        if (flags.wants_members) {
            text = members_of(*described, flags.is_verbose);
        } else if (flags.wants_state) {
            text = state_of(session, *described, flags.is_verbose);
        } else {
            text = offsets_of(session, *described, flags.is_verbose);
        }
        if (!text) return std::unexpected(std::move(text).error());
        remark(described->group);
        session.console().print(*text);
    }
    return {};
}

}  // namespace kcore::groups
