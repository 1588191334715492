// Moves the committed offsets of a group.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/input_file.h"
#include "cli/time_text.h"
#include "groups/groups.h"
#include "groups/target.h"
#include "io/posix.h"

namespace kcore::groups {

namespace {

// One plan of a reset.
class Reset {
public:
    Reset(const Options& options, Session& session, std::optional<Offsets> file)
        : options_(options), session_(session), file_(std::move(file)) {}

    Result<std::vector<OffsetChange>> plan(const Target& target) {
        const auto& group = options_.names.front();
        auto committed = session_.admin().committed(group);
        if (!committed) return std::unexpected(committed.error());
        for (const auto& one : *committed) {
            if (one.offset >= 0) current_[one.partition] = one.offset;
        }
        auto partitions = chosen(target);
        if (!partitions) return std::unexpected(partitions.error());
        if (auto there = are_there(*partitions); !there) return std::unexpected(there.error());
        if (auto whole = has_a_place(target, *partitions); !whole) {
            return std::unexpected(std::move(whole).error());
        }
        auto first = offsets(*partitions, client::kEarliest);
        auto last = offsets(*partitions, client::kLatest);
        if (!first || !last) return std::unexpected((first ? last : first).error());
        auto found = told(target, *partitions);
        if (!found) return std::unexpected(found.error());
        std::vector<OffsetChange> rows;
        for (const auto& partition : *partitions) {
            auto row =
                row_for(partition, target, *found, first->at(partition), last->at(partition));
            if (row) rows.push_back(std::move(*row));
        }
        return rows;
    }

private:
    // A shift goes from what is committed.
    Result<void> has_a_place(const Target& target, const std::vector<TopicPartition>& partitions) {
        if (partitions.empty()) {
            return fail(Errc::group_id_not_found, "nothing is committed: name topics with -t");
        }
        if (target.kind != Target::Kind::shift) return {};
        for (const auto& one : partitions) {
            if (current_.contains(one)) continue;
            return fail(
                Errc::group_id_not_found,
                fmt::format("{}: nothing is committed yet that could be shifted", one.to_string()));
        }
        return {};
    }

    // What a target with offsets of its own says.
    Result<Offsets> told(const Target& target, const std::vector<TopicPartition>& partitions) {
        if (target.kind == Target::Kind::time) return offsets(partitions, target.value);
        if (target.kind == Target::Kind::file) return *file_;
        Offsets out;
        if (target.kind != Target::Kind::group) return out;
        auto other = session_.admin().committed(target.name);
        if (!other) return std::unexpected(std::move(other).error());
        for (const auto& one : *other) out[one.partition] = one.offset;
        return out;
    }

    // With -t those, which need not be committed yet; else those of the file, or all committed.
    Result<std::vector<TopicPartition>> chosen(const Target& target) {
        std::vector<TopicPartition> out;
        if (options_.topics.empty() && target.kind == Target::Kind::file) {
            for (const auto& [partition, offset] : *file_) out.push_back(partition);
            return out;
        }
        if (options_.topics.empty()) {
            for (const auto& [partition, offset] : current_) out.push_back(partition);
            return out;
        }
        std::set<TopicPartition> named;
        for (const auto& [topic, numbers] : options_.topics) {
            const auto there = count_of(topic);
            if (!there) return std::unexpected(there.error());
            for (const auto number : numbers) named.emplace(topic, number);
            for (std::int32_t i = 0; numbers.empty() && i < *there; ++i) named.emplace(topic, i);
        }
        return std::vector<TopicPartition>(named.begin(), named.end());
    }

    // Partitions of a topic, which are numbered from 0.
    Result<std::int32_t> count_of(const std::string& topic) {
        const auto known = counts_.find(topic);
        if (known != counts_.end()) return known->second;
        auto view = session_.admin().metadata({{topic}});
        if (!view) return std::unexpected(std::move(view).error());
        const auto* found = (*view)->find(topic);
        if (found == nullptr || found->error != Errc::none) {
            return fail(Errc::unknown_topic_or_partition,
                        fmt::format("{}: there is no such topic", topic));
        }
        return counts_[topic] = static_cast<std::int32_t>(found->partitions.size());
    }

    Result<void> are_there(const std::vector<TopicPartition>& partitions) {
        for (const auto& one : partitions) {
            const auto count = count_of(one.topic);
            if (!count) return std::unexpected(count.error());
            if (one.partition < *count) continue;
            return fail(Errc::unknown_topic_or_partition,
                        fmt::format("{}: there is no such partition: {} has {}, from 0 to {}",
                                    one.to_string(), one.topic, *count, *count - 1));
        }
        return {};
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

    std::optional<OffsetChange> row_for(const TopicPartition& partition, const Target& target,
                                        const Offsets& found, std::int64_t first,
                                        std::int64_t last) {
        using To = Target::Kind;
        OffsetChange row;
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
                row.next = row.current.value_or(last);
                break;
            case To::shift:
                row.next = *row.current + target.value;
                break;
            case To::time:
                row.next = other->second < 0 ? last : other->second;
                row.note = other->second < 0
                               ? "no record that late"
                               : "first record at or after " + cli::local_time(target.value);
                break;
            case To::group:
            case To::file:
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
    const std::optional<Offsets> file_;
    Offsets current_;
    std::map<std::string, std::int32_t> counts_;  // Partitions of the topics asked for.
};

cli::Parsed<std::optional<Offsets>> read_file(const Target& target, const std::string& group) {
    if (target.kind != Target::Kind::file) return std::nullopt;
    auto file = cli::InputFile::open(target.name);
    if (!file) return cli::refuse(std::move(file).error());
    auto text = file->read_all();
    if (!text) return cli::refuse(std::move(text).error());
    auto offsets = parse_offsets(*text, group);
    if (!offsets) return cli::refuse(fmt::format("{}: {}", target.name, offsets.error()));
    return std::move(*offsets);
}

// As --to file:F and Kafka's script read it back.
int print_plan(cli::Console& console, const std::vector<OffsetChange>& rows) {
    for (const auto& row : rows) {
        console.print(
            fmt::format("{},{},{}\n", row.partition.topic, row.partition.partition, row.next));
    }
    return cli::kDone;
}

}  // namespace

Result<std::vector<OffsetChange>> reset_plan(Session& session, const Options& options,
                                             const Target& target, std::optional<Offsets> file) {
    return Reset(options, session, std::move(file)).plan(target);
}

namespace {

std::string connected(const client::GroupDescription& group) {
    return fmt::format("{} members are connected, the first is {} at {}", group.members.size(),
                       group.members[0].client_id, group.members[0].host);
}

// It is not the group's fault when a topic or partition is not there.
cli::Failure failure_of(const std::string& group, const Error& error) {
    if (error.code != Errc::unknown_topic_or_partition) return {group, error};
    return {error.what.substr(0, error.what.find(':')), error,
            "ktopics list shows what is there, -t T or -t T:0,1 resets only that"};
}

}  // namespace

int reset(Session& session, const Options& options) {
    auto& console = session.console();
    const auto& group = options.names.front();
    if (options.to.empty()) return console.usage("--to is missing");
    io::PosixClock clock;
    auto target = parse_target(options.to, clock.wall_ms());
    if (!target) return console.usage("--to: " + target.error());
    auto file = read_file(*target, group);
    if (!file) return console.usage("--to: " + file.error());
    auto described = session.admin().describe_groups({group});
    if (!described) return console.fail({group, described.error()});
    const auto& now = described->front();
    if (!now.members.empty() && !options.exports) {
        return console.fail({group, Error(Errc::non_empty_group, connected(now)),
                             "stop them first, or kgroups kick " + group});
    }
    auto rows = reset_plan(session, options, *target, std::move(*file));
    if (!rows) return console.fail(failure_of(group, rows.error()));
    if (options.exports) return print_plan(console, *rows);
    if (rows->empty()) {  // Of another group or a file, which say nothing of what was chosen.
        return console.fail({group, Error(Errc::group_id_not_found,
                                          options.to + " has no offset of these partitions")});
    }
    const auto state = now.state.empty() || now.state == "Dead" ? "new" : now.state;
    return commit(session, group, *rows, fmt::format("apply to group {} ({})?", group, state));
}

}  // namespace kcore::groups
