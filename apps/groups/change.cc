#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/quantity.h"
#include "cli/sheet.h"
#include "cli/time_text.h"
#include "groups/groups.h"
#include "io/posix.h"

namespace kcore::groups {

namespace {

using Answer = cli::Console::Answer;
using cli::Json;
using cli::Kind;

// Where a partition's offset goes.
struct Target {
    enum class Kind : std::uint8_t { earliest, latest, current, offset, shift, time, group };
    Kind kind = Kind::earliest;
    std::int64_t value = 0;  // Added to earliest and latest; the offset, shift or ms.
    std::string group;
};

cli::Parsed<Target> parse_target(const std::string& text, std::int64_t now_ms) {
    using To = Target::Kind;
    std::int64_t number = 0;
    for (const auto& [word, kind] : {std::pair{"earliest", To::earliest}, {"latest", To::latest}}) {
        if (!text.starts_with(word)) continue;
        const auto rest = text.substr(std::string_view(word).size());
        if (rest.empty()) return Target{kind, 0, ""};
        const bool is_signed = rest[0] == '+' || rest[0] == '-';
        if (is_signed && cli::parse_integer(rest.substr(1), number) && number >= 0) {
            return Target{kind, rest[0] == '-' ? -number : number, ""};
        }
    }
    if (text == "current") return Target{To::current, 0, ""};
    if (text.starts_with("group:")) return Target{To::group, 0, text.substr(6)};
    if (text.starts_with('@')) {
        auto time = cli::parse_time_ms(text.substr(1), now_ms);
        if (!time) return cli::refuse(time.error());
        return Target{To::time, *time, ""};
    }
    if (text.starts_with("file:")) return cli::refuse("file: is not in this version");
    const bool is_signed = text.starts_with('+') || text.starts_with('-');
    if (cli::parse_integer(text.substr(is_signed ? 1 : 0), number) && number >= 0) {
        if (!is_signed) return Target{To::offset, number, ""};
        return Target{To::shift, text[0] == '-' ? -number : number, ""};
    }
    if (text.starts_with('-')) {  // With a unit it is a time.
        auto before = cli::parse_duration_ms(text.substr(1));
        if (before) return Target{To::time, now_ms - *before, ""};
    }
    return cli::refuse(
        fmt::format("'{}' is not a target: earliest, latest-5, current, 42, +10, "
                    "-10, @TIME, -1h, group:OTHER",
                    text));
}

struct ResetRow {
    TopicPartition partition;
    std::optional<std::int64_t> current;
    std::int64_t next = 0;
    std::string note;
    std::optional<Error> error;
};

const std::vector<cli::Field<ResetRow>> kResetFields{
    {{"topic", "TOPIC"}, [](const ResetRow& r) { return Json(r.partition.topic); }},
    {{"partition", "PARTITION", Kind::number},
     [](const ResetRow& r) { return Json(r.partition.partition); }},
    {{"current_offset", "CURRENT", Kind::number},
     [](const ResetRow& r) { return cli::optional_json(r.current); }},
    {{"new_offset", "NEW", Kind::number}, [](const ResetRow& r) { return Json(r.next); }},
    {{"delta", "DELTA"},
     [](const ResetRow& r) { return r.current ? Json(r.next - *r.current) : Json("new"); }},
    {{"note", "NOTE"}, [](const ResetRow& r) { return Json(r.note); }}};

using Offsets = std::map<TopicPartition, std::int64_t>;

// One plan of a reset.
class Reset {
public:
    Reset(const Options& options, Session& session) : options_(options), session_(session) {}

    Result<std::vector<ResetRow>> plan(const Target& target) {
        const auto& group = options_.names.front();
        auto committed = session_.admin().committed(group);
        if (!committed) return std::unexpected(committed.error());
        for (const auto& one : *committed) {
            if (one.offset >= 0) current_[one.partition] = one.offset;
        }
        auto partitions = chosen();
        if (!partitions) return std::unexpected(partitions.error());
        auto first = offsets(*partitions, client::kEarliest);
        auto last = offsets(*partitions, client::kLatest);
        if (!first || !last) return std::unexpected((first ? last : first).error());
        Offsets found;
        if (target.kind == Target::Kind::time) {
            auto at = offsets(*partitions, target.value);
            if (!at) return std::unexpected(at.error());
            found = std::move(*at);
        }
        if (target.kind == Target::Kind::group) {
            auto other = session_.admin().committed(target.group);
            if (!other) return std::unexpected(other.error());
            for (const auto& one : *other) found[one.partition] = one.offset;
        }
        std::vector<ResetRow> rows;
        for (const auto& partition : *partitions) {
            auto row = row_for(partition, target, found, first->at(partition), last->at(partition));
            if (row) rows.push_back(std::move(*row));
        }
        return rows;
    }

private:
    // With -t those, which need not be committed yet; else all that are committed.
    Result<std::vector<TopicPartition>> chosen() {
        std::vector<TopicPartition> out;
        if (options_.topics.empty()) {
            for (const auto& [partition, offset] : current_) out.push_back(partition);
            return out;
        }
        std::vector<std::string> topics;
        for (const auto& text : options_.topics) topics.push_back(text.substr(0, text.find(':')));
        auto view = session_.admin().metadata(topics);
        if (!view) return std::unexpected(view.error());
        for (const auto& name : topics) {
            const auto* topic = (*view)->find(name);
            if (topic == nullptr || topic->error != Errc::none) {
                return fail(Errc::unknown_topic_or_partition,
                            fmt::format("{}: there is no such topic", name));
            }
            for (const auto& partition : topic->partitions) {
                const TopicPartition id{name, partition.index};
                if (is_chosen(options_, id)) out.push_back(id);
            }
        }
        return out;
    }

    Result<Offsets> offsets(const std::vector<TopicPartition>& partitions, std::int64_t at) {
        std::vector<client::OffsetQuery> queries;
        for (const auto& one : partitions) queries.push_back({one, at});
        auto answers = session_.admin().offsets(std::move(queries), false);
        if (!answers) return std::unexpected(answers.error());
        Offsets out;
        for (const auto& answer : *answers) {
            if (answer.error) return std::unexpected(*answer.error);
            out[answer.partition] = answer.offset;
        }
        return out;
    }

    std::optional<ResetRow> row_for(const TopicPartition& partition, const Target& target,
                                    const Offsets& found, std::int64_t first, std::int64_t last) {
        using To = Target::Kind;
        ResetRow row;
        row.partition = partition;
        const auto now = current_.find(partition);
        if (now != current_.end()) row.current = now->second;
        if (!row.current) row.note = "nothing committed yet";
        const auto other = found.find(partition);
        switch (target.kind) {
            case To::earliest:
                row.next = first + target.value;
                break;
            case To::latest:
                row.next = last + target.value;
                break;
            case To::offset:
                row.next = target.value;
                break;
            case To::current:
            case To::shift:
                if (!row.current) return std::nullopt;
                row.next = *row.current + target.value;
                break;
            case To::time:
                row.next = other->second < 0 ? last : other->second;
                row.note = other->second < 0
                               ? "no record that late"
                               : "first record at or after " + cli::local_time(target.value);
                break;
            case To::group:
                if (other == found.end() || other->second < 0) return std::nullopt;
                row.next = other->second;
                break;
        }
        if (row.next < first) row.note = "moved up to the log start";
        if (row.next > last) row.note = "moved down to the log end";
        row.next = std::clamp(row.next, first, last);
        return row;
    }

    const Options& options_;
    Session& session_;
    Offsets current_;
};

int apply(Session& session, const std::string& group, const std::vector<ResetRow>& rows) {
    std::vector<client::CommittedOffset> offsets;
    for (const auto& row : rows) offsets.push_back({row.partition, row.next, "", {}});
    auto outcomes = session.admin().commit(group, std::move(offsets));
    if (!outcomes) return session.console().fail({group, outcomes.error()});
    int code = cli::kDone;
    for (const auto& outcome : *outcomes) {
        if (outcome.error) code = session.console().fail({outcome.name, *outcome.error});
    }
    return code;
}

struct OutcomeRow {
    std::string name;
    std::string action;
};
const std::vector<cli::Field<OutcomeRow>> kOutcomeFields{
    {{"name", "NAME"}, [](const OutcomeRow& r) { return Json(r.name); }},
    {{"action", "ACTION"}, [](const OutcomeRow& r) { return Json(r.action); }}};

void show(Session& session, const Options& options, const std::vector<OutcomeRow>& rows) {
    if (options.common.output != "table") {
        session.console().show(cli::make_sheet("groups", kOutcomeFields, rows));
        return;
    }
    for (const auto& row : rows) {
        session.console().print(fmt::format("{} {}\n", row.action, row.name));
    }
}

}  // namespace

int reset(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (options.to.empty()) return console.usage("--to is missing");
    io::PosixClock clock;
    auto target = parse_target(options.to, clock.wall_ms());
    if (!target) return console.usage("--to: " + target.error());
    if (!session.open()) return cli::kUsage;
    const auto& group = options.names.front();
    auto described = session.admin().describe_groups({group});
    if (!described) return console.fail({group, described.error()});
    const auto& now = described->front();
    if (!now.members.empty()) {
        return console.fail(
            {group,
             Error(Errc::non_empty_group,
                   fmt::format("{} members are connected, the first is {} at {}",
                               now.members.size(), now.members[0].client_id, now.members[0].host)),
             "stop them first"});
    }
    auto rows = Reset(options, session).plan(*target);
    if (!rows) return console.fail({group, rows.error()});
    if (rows->empty()) {
        console.notice("nothing to reset: name topics with -t");
        return cli::kDone;
    }
    console.show(cli::make_sheet("offsets", kResetFields, *rows));
    const auto state = now.state.empty() || now.state == "Dead" ? "new" : now.state;
    const auto answer = console.confirm(fmt::format("apply to group {} ({})?", group, state));
    if (answer != Answer::apply) {
        const bool changes = std::ranges::any_of(
            *rows, [](const ResetRow& r) { return !r.current || *r.current != r.next; });
        return changes ? cli::kPending : cli::kDone;
    }
    return apply(session, group, *rows);
}

int remove(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (!session.open()) return cli::kUsage;
    std::vector<OutcomeRow> plan;
    for (const auto& name : options.names) plan.push_back({name, "would delete"});
    if (!options.common.yes) show(session, options, plan);
    const auto answer = console.confirm(fmt::format("delete {} group(s)?", plan.size()));
    if (answer != Answer::apply) return cli::kPending;
    auto outcomes = session.admin().delete_groups(options.names);
    if (!outcomes) return console.fail({"", outcomes.error()});
    std::vector<OutcomeRow> rows;
    int code = cli::kDone;
    for (const auto& outcome : *outcomes) {
        if (outcome.error) {
            code = console.fail({outcome.name, *outcome.error});
        } else {
            rows.push_back({outcome.name, "deleted"});
        }
    }
    show(session, options, rows);
    return code;
}

int delete_offsets(const Options& options) {
    Session session(options);
    auto& console = session.console();
    if (options.topics.empty()) return console.usage("-t is missing");
    if (!session.open()) return cli::kUsage;
    const auto& group = options.names.front();
    auto committed = session.admin().committed(group);
    if (!committed) return console.fail({group, committed.error()});
    std::vector<TopicPartition> partitions;
    std::vector<OutcomeRow> rows;
    for (const auto& one : *committed) {
        if (!is_chosen(options, one.partition)) continue;
        partitions.push_back(one.partition);
        rows.push_back({one.partition.to_string(), "would delete"});
    }
    if (partitions.empty()) {
        return console.fail(
            {group, Error(Errc::unknown_topic_or_partition, "nothing is committed")});
    }
    if (!options.common.yes) show(session, options, rows);
    const auto answer = console.confirm(fmt::format("delete {} offset(s)?", rows.size()));
    if (answer != Answer::apply) return cli::kPending;
    auto outcomes = session.admin().delete_offsets(group, std::move(partitions));
    if (!outcomes) return console.fail({group, outcomes.error()});
    int code = cli::kDone;
    rows.clear();
    for (const auto& outcome : *outcomes) {
        if (outcome.error) {
            code = console.fail({outcome.name, *outcome.error});
        } else {
            rows.push_back({outcome.name, "deleted"});
        }
    }
    show(session, options, rows);
    return code;
}

}  // namespace kcore::groups
