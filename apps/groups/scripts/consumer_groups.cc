// kafka-consumer-groups.
#include "groups/scripts/consumer_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "base/pattern.h"
#include "cli/script.h"
#include "groups/scripts/scripts.h"
#include "groups/target.h"

namespace kcore::groups {

namespace {

using cli::flag;
using cli::list;

bool is_for_consumers(const client::GroupListing& group) {
    return group.type == "consumer" || group.protocol_type == "consumer" ||
           group.protocol_type.empty();
}

// "classic" as "Classic".
std::string capital(std::string word) {
    if (!word.empty()) {
        word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    }
    return word;
}

std::string bare(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) continue;
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

// The names that "--state stable,Empty" chooses, as the protocol spells them.
Result<std::vector<std::string>> names_in(const std::string& text, std::string_view what,
                                          std::initializer_list<const char*> known) {
    std::vector<std::string> out;
    for (const auto& word : cli::split_commas(text)) {
        const auto found =
            std::ranges::find_if(known, [&](const char* name) { return bare(name) == bare(word); });
        if (found == known.end()) {
            return fail(Errc::invalid_request, fmt::format("Invalid {} list '{}'", what, text));
        }
        out.emplace_back(*found);
    }
    return out;
}

Result<void> list_groups(Session& session, const ScriptFlags& flags) {
    auto states = names_in(flags.state_filter, "state",
                           {"PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty",
                            "Assigning", "Reconciling"});
    if (!states) return std::unexpected(std::move(states).error());
    auto types = names_in(flags.type_filter, "type", {"classic", "consumer"});
    if (!types) return std::unexpected(std::move(types).error());
    auto groups = session.admin().list_groups(*states, *types);
    if (!groups) return std::unexpected(std::move(groups).error());
    std::erase_if(groups->groups, [](const auto& group) { return !is_for_consumers(group); });
    std::ranges::sort(groups->groups, {}, &client::GroupListing::group);
    std::size_t width = 15;
    for (const auto& group : groups->groups) width = std::max(width, group.group.size());
    std::vector<ScriptTable::Column> columns{{"GROUP", width + 10}};
    if (flags.wants_type) columns.push_back({"TYPE", 20});
    if (flags.wants_state) columns.push_back({"STATE", 20});
    const bool is_plain = columns.size() == 1;
    ScriptTable table(std::move(columns));
    std::string names;
    for (const auto& group : groups->groups) {
        names += group.group + "\n";
        std::vector<std::string> row{group.group};
        if (flags.wants_type) row.push_back(capital(group.type));
        if (flags.wants_state) row.push_back(group.state);
        table.add(std::move(row));
    }
    session.console().print(is_plain ? names : table.text());
    if (groups->failed.empty()) return {};
    return std::unexpected(*groups->failed.front().error);
}

Result<void> delete_groups(Session& session, const ScriptFlags& flags) {
    auto names = script_groups(session, flags);
    if (!names) return std::unexpected(std::move(names).error());
    auto outcomes = session.admin().delete_groups(*names);
    if (!outcomes) return std::unexpected(std::move(outcomes).error());
    std::string deleted;
    std::string failures;
    for (const auto& one : *outcomes) {
        if (one.error) {
            failures += fmt::format("\n* Group '{}' could not be deleted due to: {}: {}", one.name,
                                    errc_name(one.error->code), one.error->what);
        } else {
            deleted += fmt::format("{}'{}'", deleted.empty() ? "" : ", ", one.name);
        }
    }
    auto& console = session.console();
    if (failures.empty()) {
        console.print(
            fmt::format("Deletion of requested consumer groups ({}) was successful.\n", deleted));
        return {};
    }
    if (!deleted.empty()) {
        failures += "\n\nThese consumer groups were deleted successfully: " + deleted;
    }
    return fail(Errc::unknown_server_error, "Deletion of some consumer groups failed:" + failures);
}

int judge_regex(const std::string& text) {
    const auto pattern = Pattern::parse(text);
    cli::write_stdout(pattern ? fmt::format("The regular expression `{}` is valid.\n", text)
                              : fmt::format("The regular expression `{}` is invalid: {}.\n", text,
                                            pattern.error().what));
    return pattern ? cli::kDone : cli::kFailed;
}

std::string action_of(const ScriptFlags& flags) {
    return cli::only_given({{"list", flags.lists},
                            {"describe", flags.describes},
                            {"delete", flags.deletes},
                            {"reset-offsets", flags.resets},
                            {"delete-offsets", flags.deletes_offsets},
                            {"validate-regex", !flags.regex.empty()}});
}

void judge_reset(cli::FlagRules& rules, const ScriptFlags& flags) {
    rules.exclude("execute", flags.executes, "dry-run", flags.is_dry);
    rules.refuse_if(flags.target.empty(),
                    "Option [reset-offsets] takes one of: [to-offset], [shift-by], [to-datetime], "
                    "[by-duration], [to-earliest], [to-latest], [from-file], [to-current]");
    rules.exclude(flags.second_target_flag, true, flags.target_flag,
                  !flags.second_target_flag.empty());
    const bool is_file = flags.target_flag == "from-file";
    rules.exclude("from-file", is_file, "topic", !flags.common.topics.empty());
    rules.exclude("from-file", is_file, "all-topics", flags.all_topics);
    rules.exclude("all-topics", flags.all_topics, "topic", !flags.common.topics.empty());
    rules.refuse_if(!is_file && !flags.all_topics && flags.common.topics.empty(),
                    "Option [reset-offsets] takes one of these options: [all-topics], [topic]");
}

bool are_right(const ScriptFlags& flags) {
    const auto action = action_of(flags);
    cli::FlagRules rules(action);
    rules.refuse_if(action.empty(),
                    "Command must include exactly one action: --list, --describe, --delete, "
                    "--reset-offsets, --delete-offsets, --validate-regex");
    rules.need("bootstrap-server",
               !flags.common.common.bootstrap.empty() || action == "validate-regex");
    const bool has_group = !flags.common.names.empty();
    const bool needs_group =
        action == "describe" || action == "delete" || action == "reset-offsets";
    rules.exclude("all-groups", flags.all_groups, "group", has_group);
    rules.refuse_if(
        needs_group && !has_group && !flags.all_groups,
        fmt::format("Option [{}] takes one of these options: [group], [all-groups]", action));
    rules.need("group", has_group || action != "delete-offsets");
    rules.need("topic", !flags.common.topics.empty() || action != "delete-offsets");
    rules.allow("group", has_group, {"describe", "delete", "reset-offsets", "delete-offsets"});
    rules.allow("all-groups", flags.all_groups, {"describe", "delete", "reset-offsets"});
    rules.allow("topic", !flags.common.topics.empty(), {"reset-offsets", "delete-offsets"});
    rules.allow("all-topics", flags.all_topics, {"reset-offsets"});
    rules.allow("state", flags.wants_state, {"describe", "list"});
    rules.allow("type", flags.wants_type, {"list"});
    rules.allow("members", flags.wants_members, {"describe"});
    rules.allow("offsets", flags.wants_offsets, {"describe"});
    rules.allow("verbose", flags.is_verbose, {"describe"});
    rules.allow("execute", flags.executes, {"reset-offsets"});
    rules.allow("dry-run", flags.is_dry, {"reset-offsets"});
    rules.allow("export", flags.exports, {"reset-offsets"});
    rules.allow(flags.target_flag, !flags.target.empty(), {"reset-offsets"});
    const int sections = (flags.wants_members ? 1 : 0) + (flags.wants_offsets ? 1 : 0) +
                         (flags.wants_state && flags.describes ? 1 : 0);
    rules.refuse_if(sections > 1,
                    "Option [describe] takes at most one of these options: [members], [offsets], "
                    "[state]");
    rules.refuse_if(flags.describes && !flags.state_filter.empty(),
                    "Option [describe] does not take a value for [state]");
    if (flags.resets) judge_reset(rules, flags);
    return !rules.are_broken();
}

int run(Session& session, const ScriptFlags& flags) {
    const auto done = flags.lists       ? list_groups(session, flags)
                      : flags.describes ? script_describe(session, flags)
                      : flags.deletes   ? delete_groups(session, flags)
                      : flags.resets    ? script_reset(session, flags)
                                        : script_delete_offsets(session, flags);
    if (done) return cli::kDone;
    session.console().print(fmt::format("\nError: {}\n", done.error().what));
    return cli::kFailed;
}

// One of the flags that say where offsets go.
cli::Option target(ScriptFlags& f, const std::string& name, std::string placeholder,
                   std::string help,
                   std::function<cli::Parsed<std::string>(const std::string&)> text) {
    auto set = [&f, name, text = std::move(text)](const std::string& value) -> cli::Parsed<void> {
        auto to = text(value);
        if (!to) return cli::refuse(std::move(to).error());
        (f.target.empty() ? f.target_flag : f.second_target_flag) = name;
        f.target = std::move(*to);
        return {};
    };
    return {.names = "--" + name,
            .placeholder = std::move(placeholder),
            .help = std::move(help),
            .set = std::move(set)};
}

// A word of a target is its text.
std::function<cli::Parsed<std::string>(const std::string&)> as_word(std::string word) {
    return
        [word = std::move(word)](const std::string&) -> cli::Parsed<std::string> { return word; };
}

// --state and --type: alone they ask for the column, with a value for those rows only.
cli::Option filter(std::string name, std::string help, bool& wanted, std::string& value) {
    return {.names = std::move(name),
            .placeholder = "NAMES",
            .help = std::move(help),
            .set = [&wanted, &value](const std::string& text) -> cli::Parsed<void> {
                wanted = true;
                value = text;
                return {};
            },
            .is_optional_value = true};
}

std::vector<cli::Option> options_of(ScriptFlags& f) {
    auto out = cli::connection_options(f.common.common);
    using Text = cli::Parsed<std::string>;
    const auto same = [](const std::string& text) -> Text { return text; };
    const auto by = [](const std::string& text) -> Text { return shift_target(text); };
    const auto time = [](const std::string& text) -> Text { return datetime_target(text); };
    const auto file = [](const std::string& path) -> Text { return "file:" + path; };
    auto milliseconds = [&f](const std::string& text) -> cli::Parsed<void> {
        return cli::to_number(f.common.common.timeout_ms, 1, INT32_MAX)(text);
    };
    std::vector<cli::Option> own{
        flag("--list", "names of groups", f.lists),
        flag("--describe", "offsets, members or state of groups", f.describes),
        flag("--delete", "delete groups that nobody is connected to", f.deletes),
        flag("--reset-offsets", "move committed offsets", f.resets),
        flag("--delete-offsets", "forget committed offsets", f.deletes_offsets),
        cli::text("--validate-regex", "PATTERN", "whether it is one of RE2", f.regex),
        list("--group", "GROUP", "its name", f.common.names),
        flag("--all-groups", "all that there are", f.all_groups),
        topics_option("--topic", "only these", f.common.topics),
        flag("--all-topics", "all that the group has committed", f.all_topics),
        flag("--members", "who is connected", f.wants_members),
        flag("--offsets", "what is committed, which is the default", f.wants_offsets),
        filter("--state", "state of groups; with --list only those in such", f.wants_state,
               f.state_filter),
        filter("--type", "type of groups, or only those of such", f.wants_type, f.type_filter),
        flag("--verbose", "more columns", f.is_verbose),
        flag("--dry-run", "only show what would be", f.is_dry),
        flag("--execute", "do it", f.executes),
        flag("--export", "as CSV, for --from-file", f.exports),
        target(f, "to-offset", "N", "to this offset", same),
        target(f, "shift-by", "N", "so many on, or back", by),
        target(f, "to-datetime", "TIME", "to YYYY-MM-DDTHH:mm:SS.sss", time),
        target(f, "by-duration", "P1DT2H", "so long before now", duration_target),
        target(f, "to-earliest", "", "to the beginning", as_word("earliest")),
        target(f, "to-latest", "", "to the end", as_word("latest")),
        target(f, "to-current", "", "to where it is", as_word("current")),
        target(f, "from-file", "FILE", "to what the CSV says", file)
            .completing(cli::Complete::files),
        {.names = "--timeout",
         .placeholder = "MS",
         .help = "limit for answers",
         .set = std::move(milliseconds)}};
    out.insert(out.end(), own.begin(), own.end());
    return out;
}

}  // namespace

std::string ScriptTable::text() const {
    auto widths = std::vector<std::size_t>();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto width = columns_[i].width;
        for (const auto& row : rows_) {
            if (columns_[i].grows) width = std::max(width, row[i].size());
        }
        widths.push_back(width);
    }
    std::string out;
    const auto append = [&](std::size_t i, const std::string& cell) {
        out += fmt::format("{}{:<{}}", i == 0 ? "" : " ", cell, widths[i]);
    };
    for (std::size_t i = 0; i < columns_.size(); ++i) append(i, columns_[i].header);
    out += '\n';
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) append(i, row[i]);
        out += '\n';
    }
    return out;
}

Result<std::vector<std::string>> script_groups(Session& session, const ScriptFlags& flags) {
    if (!flags.all_groups) return flags.common.names;
    auto groups = session.admin().list_groups({}, {});
    if (!groups) return std::unexpected(std::move(groups).error());
    if (!groups->failed.empty()) return std::unexpected(*groups->failed.front().error);
    std::vector<std::string> out;
    for (const auto& group : groups->groups) {
        if (is_for_consumers(group)) out.push_back(group.group);
    }
    std::ranges::sort(out);
    return out;
}

cli::Command kafka_consumer_groups() {
    const auto flags = std::make_shared<ScriptFlags>();
    flags->common.common.timeout_ms = 30'000;
    cli::Command out{.name = "kafka-consumer-groups",
                     .summary = "Consumer groups: list, describe, reset, delete."};
    out.options = options_of(*flags);
    out.examples = {
        {"kafka-consumer-groups.sh --bootstrap-server localhost:9092 --describe --group a", ""}};
    out.run = [flags] {
        if (!are_right(*flags)) return static_cast<int>(cli::kFailed);
        if (!flags->regex.empty()) return judge_regex(flags->regex);
        return cli::run_in_session(flags->common.common,
                                   [&](Session& session) { return run(session, *flags); });
    };
    return out;
}

}  // namespace kcore::groups
