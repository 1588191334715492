// kafka-consumer-groups --reset-offsets and --delete-offsets.
#include <fmt/format.h>

#include <algorithm>

#include "cli/input_file.h"
#include "groups/scripts/consumer_groups.h"
#include "io/posix.h"

namespace kcore::groups {

namespace {

using Plans = std::vector<std::pair<std::string, std::vector<OffsetChange>>>;

Result<std::optional<Offsets>> read_offsets_file(const Target& target, const std::string& group) {
    if (target.kind != Target::Kind::file) return std::nullopt;
    auto file = cli::InputFile::open(target.name);
    if (!file) return fail(Errc::invalid_request, std::move(file).error());
    auto text = file->read_all();
    if (!text) return fail(Errc::invalid_request, std::move(text).error());
    auto offsets = parse_offsets(*text, group);
    if (!offsets) {
        return fail(Errc::invalid_request, fmt::format("{}: {}", target.name, offsets.error()));
    }
    return std::move(*offsets);
}

Result<std::vector<OffsetChange>> plan_of(Session& session, const ScriptFlags& flags,
                                          const std::string& group, const Target& target) {
    auto described = session.admin().describe_groups({group});
    if (!described) return std::unexpected(std::move(described).error());
    const auto& now = described->front();
    if (!now.members.empty() && !flags.exports) {
        return fail(Errc::non_empty_group,
                    fmt::format("Assignments can only be reset if the group '{}' is inactive, but "
                                "the current state is {}.",
                                group, now.state));
    }
    auto file = read_offsets_file(target, group);
    if (!file) return std::unexpected(std::move(file).error());
    auto mine = flags.common;
    mine.names = {group};
    return reset_plan(session, mine, target, std::move(*file));
}

// With several groups each line begins with its own.
std::string csv(const Plans& plans) {
    std::string out;
    for (const auto& [group, rows] : plans) {
        for (const auto& row : rows) {
            out += fmt::format("{}{},{},{}\n", plans.size() == 1 ? "" : group + ",",
                               row.partition.topic, row.partition.partition, row.next);
        }
    }
    return out + "\n";
}

std::string table(const Plans& plans) {
    ScriptTable out(
        {{"GROUP", 15, true}, {"TOPIC", 15, true}, {"PARTITION", 10}, {"NEW-OFFSET", 0}});
    for (const auto& [group, rows] : plans) {
        for (const auto& row : rows) {
            out.add({group, row.partition.topic, std::to_string(row.partition.partition),
                     std::to_string(row.next)});
        }
    }
    return "\n" + out.text();
}

Result<void> commit(Session& session, const Plans& plans) {
    for (const auto& [group, rows] : plans) {
        std::vector<client::CommittedOffset> offsets;
        for (const auto& row : rows) offsets.push_back({row.partition, row.next, "", {}});
        auto outcomes = session.admin().commit(group, std::move(offsets));
        if (!outcomes) return std::unexpected(std::move(outcomes).error());
        for (auto& outcome : *outcomes) {
            if (outcome.error) return std::unexpected(std::move(*outcome.error));
        }
    }
    return {};
}

// Of "T" all partitions, of "T:0,2" those.
Result<std::vector<TopicPartition>> named(Session& session, const Options& options) {
    std::vector<std::string> topics;
    for (const auto& one : options.topics) topics.push_back(one.topic);
    auto view = session.admin().metadata(topics);
    if (!view) return std::unexpected(std::move(view).error());
    std::vector<TopicPartition> out;
    for (const auto& [name, topic] : (*view)->topics) {
        for (const auto& one : topic.partitions) {
            const TopicPartition id{name, one.index};
            if (is_chosen(options, id)) out.push_back(id);
        }
    }
    std::ranges::sort(out);
    return out;
}

// Of a time after all records of a partition.
Result<void> warn_of_none(Session& session, const std::vector<OffsetChange>& rows,
                          std::int64_t time_ms) {
    std::vector<client::OffsetQuery> queries;
    for (const auto& row : rows) queries.push_back({row.partition, time_ms});
    auto answers = session.admin().offsets(std::move(queries), false);
    if (!answers) return std::unexpected(std::move(answers).error());
    for (const auto& answer : *answers) {
        if (answer.error || answer.offset >= 0) continue;
        session.console().print(
            fmt::format("\nWarn: Partition {} from topic {} is empty. Falling back to latest known "
                        "offset.\n",
                        answer.partition.partition, answer.partition.topic));
    }
    return {};
}

}  // namespace

Result<void> script_reset(Session& session, const ScriptFlags& flags) {
    if (!flags.executes && !flags.is_dry) {
        fmt::print(stderr,
                   "WARN: nothing is changed without --execute; --dry-run says that this is "
                   "meant\n");
    }
    io::PosixClock clock;
    auto target = parse_target(flags.target, clock.wall_ms());
    if (!target) return fail(Errc::invalid_request, std::move(target).error());
    auto groups = script_groups(session, flags);
    if (!groups) return std::unexpected(std::move(groups).error());
    Plans plans;
    for (const auto& group : *groups) {
        auto rows = plan_of(session, flags, group, *target);
        if (!rows) return std::unexpected(std::move(rows).error());
        if (target->kind == Target::Kind::time) {
            if (auto done = warn_of_none(session, *rows, target->value); !done) return done;
        }
        plans.emplace_back(group, std::move(*rows));
    }
    if (flags.executes) {
        if (auto done = commit(session, plans); !done) return done;
    }
    session.console().print(flags.exports ? csv(plans) : table(plans));
    return {};
}

Result<void> script_delete_offsets(Session& session, const ScriptFlags& flags) {
    auto partitions = named(session, flags.common);
    if (!partitions) return std::unexpected(std::move(partitions).error());
    auto& console = session.console();
    ScriptTable table({{"TOPIC", 15, true}, {"PARTITION", 10}, {"STATUS"}});
    bool has_failed = partitions->empty();
    for (const auto& group : flags.common.names) {
        auto outcomes = session.admin().delete_offsets(group, *partitions);
        if (!outcomes) return std::unexpected(std::move(outcomes).error());
        for (const auto& id : *partitions) {
            const auto found = std::ranges::find(*outcomes, id.to_string(), &client::Outcome::name);
            const bool is_bad = found != outcomes->end() && found->error;
            has_failed |= is_bad;
            table.add({id.topic, std::to_string(id.partition),
                       is_bad ? "Error: " + found->error->what : "Successful"});
        }
    }
    const auto text = "\n" + table.text();
    if (!has_failed) {
        console.print(fmt::format("Request succeeded for deleting offsets from group {}.\n{}",
                                  flags.common.names.front(), text));
        return {};
    }
    return fail(Errc::invalid_request,
                "Encountered some partition-level error, see the follow-up details.\n" + text);
}

}  // namespace kcore::groups
