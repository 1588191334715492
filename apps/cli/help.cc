#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace kcore::cli {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kColumnMax = 34;
using Json = nlohmann::ordered_json;

std::string spelled(const Option& option) {
    std::string out;
    for (const auto& name : split_commas(option.names)) {
        if (!out.empty()) out += ", ";
        if (out.empty() && name.starts_with("--")) out += "    ";
        out += name;
    }
    if (option.placeholder.empty()) return out;
    return out +
           (option.is_optional_value ? "[=" + option.placeholder + "]" : " " + option.placeholder);
}

std::string explained(const Option& option) {
    auto out = option.help;
    if (!option.default_text.empty()) out += fmt::format(" [{}]", option.default_text);
    return out;
}

// `left` in a column, `right` wrapped beside it.
void append_row(std::string& to, const std::string& left, const std::string& right,
                std::size_t column) {
    to += "  " + left;
    auto at = left.size() + 2;
    if (at + 2 > column) {
        to += "\n";
        at = 0;
    }
    to.append(column - at, ' ');
    at = column;
    for (std::size_t from = 0; from < right.size();) {
        auto end = std::min(right.find(' ', from), right.size());
        if (at > column && at + (end - from) > kWidth) {
            to += "\n";
            to.append(column, ' ');
            at = column;
        }
        to.append(right, from, end - from);
        at += end - from + 1;
        from = end + 1;
        if (from < right.size() && at + 1 < kWidth) to += ' ';
    }
    while (to.ends_with(' ')) to.pop_back();
    to += "\n";
}

std::vector<std::string> groups_of(const Command& command) {
    std::vector<std::string> out;
    for (const auto& option : command.options) {
        if (std::ranges::find(out, option.group) == out.end()) out.push_back(option.group);
    }
    return out;
}

void append_options(std::string& to, const Command& command, bool all) {
    std::size_t column = 0;
    for (const auto& option : command.options) {
        if (all || !option.is_minor) column = std::max(column, spelled(option).size() + 4);
    }
    column = std::min(column, kColumnMax);
    for (const auto& group : groups_of(command)) {
        std::string rows;
        for (const auto& option : command.options) {
            if (option.group != group || (option.is_minor && !all)) continue;
            append_row(rows, spelled(option), explained(option), column);
        }
        if (rows.empty()) continue;
        to += fmt::format("\n{}:\n{}", group.empty() ? "Options" : group, rows);
    }
}

Json to_json(const Option& option) {
    Json out{{"names", split_commas(option.names)}};
    if (!option.aliases.empty()) out["aliases"] = split_commas(option.aliases);
    if (!option.placeholder.empty()) out["value"] = option.placeholder;
    if (!option.default_text.empty()) out["default"] = option.default_text;
    if (!option.choices.empty()) out["choices"] = option.choices;
    out["help"] = option.help;
    return out;
}

Json to_json(const Command& command) {
    Json out{{"name", command.name}, {"summary", command.summary}};
    out["positionals"] = Json::array();
    for (const auto& positional : command.positionals) {
        out["positionals"].push_back({{"name", positional.name},
                                      {"least", positional.least},
                                      {"most", positional.most},
                                      {"help", positional.help}});
    }
    out["options"] = Json::array();
    for (const auto& option : command.options) out["options"].push_back(to_json(option));
    if (command.fields) out["rows"] = command.fields().noun;
    out["commands"] = Json::array();
    for (const auto& sub : command.commands) out["commands"].push_back(to_json(sub));
    return out;
}

}  // namespace

std::string usage_line(const Command& command, const std::string& path) {
    auto out = path;
    if (!command.commands.empty()) return out + " COMMAND [OPTIONS]";
    out += " [OPTIONS]";
    for (const auto& positional : command.positionals) {
        const auto* dots = positional.most == 1 ? "" : "...";
        out += positional.least == 0 ? fmt::format(" [{}{}]", positional.name, dots)
                                     : fmt::format(" {}{}", positional.name, dots);
    }
    if (command.rest) out += " [-- CMD...]";
    return out;
}

std::string help_text(const Command& command, const std::string& path, bool all) {
    auto out = fmt::format("{}\n\n{}\n", command.summary, "usage: " + usage_line(command, path));
    if (!command.commands.empty()) {
        out += "\nCommands:\n";
        std::size_t column = 0;
        for (const auto& sub : command.commands) column = std::max(column, sub.name.size() + 4);
        for (const auto& sub : command.commands) append_row(out, sub.name, sub.summary, column);
    }
    if (!command.positionals.empty()) {
        out += "\nArguments:\n";
        for (const auto& one : command.positionals) append_row(out, one.name, one.help, 14);
    }
    append_options(out, command, all);
    if (all && !command.notes.empty()) out += "\n" + command.notes;
    if (!all) {
        const auto hidden = std::ranges::count_if(command.options, &Option::is_minor);
        if (hidden > 0) out += fmt::format("\n{} more in --help-all.\n", hidden);
    }
    if (!command.examples.empty()) {
        out += "\nExamples:\n";
        for (const auto& example : command.examples) out += "  " + example.line + "\n";
    }
    return out;
}

std::string help_json(const Command& root, const std::string& version) {
    Json out{{"_v", 1}, {"version", version}};
    out["command"] = to_json(root);
    return out.dump(2) + "\n";
}

}  // namespace kcore::cli
